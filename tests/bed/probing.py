"""One probe, asked once."""

from random import Random

from bascule.config.model import Address, Check, Timing
from bascule.health.ask import ask
from bascule.health.caller import lenient_tls
from bascule.health.outcome import Outcome
from bascule.plan.model import Endpoint, Probe, ProbeTarget
from bascule.system.clock import SystemClock


async def ask_once(endpoint: Endpoint, check: Check, *, within: float = 2.0, source: Address | None = None) -> Outcome:
    """Probe an endpoint once, with a timeout of `within` seconds, from `source` where one is given."""
    target = ProbeTarget(endpoint=endpoint, check=check, timing=Timing(timeout=within))
    probe = Probe(target=target, source=source)
    return await ask(probe, random=Random(7), tls_context=lenient_tls(), clock=SystemClock())
