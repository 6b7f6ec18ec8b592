"""What the balancer believes of its hosts: what the checks say, unless the fault seems to be our own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bascule.health.fault import all_failed_at_once
from bascule.health.states import HostStates
from bascule.plan.model import HostState, Plan, ProbeTarget
from bascule.plan.orders import Duty
from bascule.service.local.watches.table import NEARLY_FULL

_WHY: Final = ", and the kernel's table of sessions is nearly full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """The states that slots are dealt by."""

    states: Mapping[ProbeTarget, HostState] = field(default_factory=dict)
    suspicion: str = ""
    """Why some results are not believed just now; empty where all are."""


def idle(plan: Plan) -> frozenset[ProbeTarget]:
    """Return the targets whose checks do not count: of hosts that are disabled wherever they are checked."""
    duties: dict[ProbeTarget, set[Duty]] = {}
    for relay in plan.relays:
        for host in relay.pool.hosts:
            if host.target is not None:
                duties.setdefault(host.target, set()).add(host.duty)
    return frozenset(target for target, said in duties.items() if said == {Duty.DISABLED})


def returning(before: Plan, after: Plan, states: Mapping[ProbeTarget, HostState]) -> frozenset[ProbeTarget]:
    """Return the targets of hosts that an order lets take clients again; both plans have the same hosts."""
    return frozenset(
        host.target
        for old, new in zip(before.relays, after.relays, strict=True)
        for was, host in zip(old.pool.hosts, new.pool.hosts, strict=True)
        if host.target is not None and was.state(states) is not HostState.UP and host.state(states) is HostState.UP
    )


def believe(before: Belief, hosts: HostStates, plan: Plan, full: float = 0.0) -> Belief:
    """Return what to believe now; `full` is the share of the kernel's table of sessions that is taken, 0 to 1.

    When every host of several tables fails at once the fault is most likely here: then the hosts of those tables keep
    the states they had, and it is said. While the table is nearly full, all hosts of one table are enough. A single host
    that fails is believed all the same: our checks take no place in the table.
    """
    tables: dict[str, set[ProbeTarget]] = {}
    for relay in plan.relays:
        serving = [host for host in relay.pool.hosts if host.duty is not Duty.DISABLED]
        checked = {host.target for host in serving if host.target is not None}
        tables.setdefault(relay.pool.table, set()).update(checked)
    strained = full >= NEARLY_FULL
    suspect = all_failed_at_once(tables, hosts, strained=strained)
    if not suspect:
        return Belief(states=hosts.states())
    frozen = {target for table in suspect for target in tables[table]}
    names = ", ".join(f"<{name}>" for name in suspect)
    return Belief(
        states={
            target: before.states.get(target, state) if target in frozen else state
            for target, state in hosts.states().items()
        },
        suspicion=f"every host of {names} fails at once{_WHY if strained else ''}: the fault is most likely ours, so their "
        "states are kept",
    )
