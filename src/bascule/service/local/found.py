"""Which hosts were given clients when this parent came: by the kernel, and by the workers of an earlier one. Pure."""

from bascule.config.model import EngineName
from bascule.engines.nftables.read import dealt_marks
from bascule.engines.nftables.ruleset import Ruleset
from bascule.engines.proxy.desired import Observed, place_of
from bascule.plan.model import HostState, Plan, ProbeTarget


def serving(plan: Plan, rules: Ruleset | None) -> frozenset[ProbeTarget]:
    """Return the targets whose hosts the kernel gives clients to now."""
    dealt = dealt_marks(rules)
    return frozenset(
        host.target for relay in plan.relays for host in relay.pool.hosts if host.mark in dealt and host.target is not None
    )


def proxied(plan: Plan, workers: Observed) -> frozenset[ProbeTarget]:
    """Return the targets whose hosts the workers of an earlier parent give clients to."""
    states = workers.states()
    return frozenset(
        host.target
        for relay in plan.of(EngineName.PROXY)
        for host in relay.pool.hosts
        if host.target is not None and states.get((relay.name, place_of(host.endpoint))) is HostState.UP
    )
