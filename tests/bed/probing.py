"""One probe, asked once."""

from datetime import UTC, datetime
from functools import partial
from random import Random

from bascule.config.model import Address, Check, Timing
from bascule.health.ask import ask
from bascule.health.caller import lenient_tls
from bascule.health.logins import Logins
from bascule.health.outcome import Outcome
from bascule.plan.model import Endpoint, Probe, ProbeTarget
from bascule.system.clock import SystemClock


async def ask_once(
    endpoint: Endpoint, check: Check, *, within: float = 2.0, source: Address | None = None, smtp: int = 25
) -> Outcome:
    """Probe an endpoint once, within `within` seconds, from `source` where one is given; its SMTP is at `smtp`."""
    target = ProbeTarget(endpoint=endpoint, check=check, timing=Timing(timeout=within))
    probe = Probe(target=target, source=source)
    random, tls, clock = Random(7), lenient_tls(), SystemClock()
    now, logins = partial(datetime.now, UTC), Logins(clock)
    return await ask(probe, random=random, tls_context=tls, clock=clock, now=now, logins=logins, smtp_port=smtp)
