"""Parts of what `status` reports, made of what is known."""

from collections.abc import Sequence

from bascule.config.model import EngineName
from bascule.service.local.running import Running
from bascule.service.results import EngineUse, Finding, Level


def level_of(relays: int, active: int, hosts_down: int, findings: Sequence[Finding]) -> Level:
    """Return how it goes, in one word."""
    if relays and not active:
        return Level.DOWN
    if active < relays or hosts_down or findings:
        return Level.DEGRADED
    return Level.OK


def engine_uses(running: Running) -> Sequence[EngineUse]:
    """Return which engines carry relays, and why."""
    kernel, proxy = running.plan.of(EngineName.KERNEL), running.plan.of(EngineName.PROXY)
    uses = []
    if kernel:
        uses.append(
            EngineUse(engine="kernel", relays=len({relay.name for relay in kernel}), reason="nftables may be used here")
        )
    if proxy:
        refusal = running.facts.no_nftables
        reason = (
            f"nftables may not be used here: {refusal}"
            if refusal
            else "the configuration says so, or an end is on loopback"
        )
        uses.append(EngineUse(engine="proxy", relays=len({relay.name for relay in proxy}), reason=reason))
    return uses
