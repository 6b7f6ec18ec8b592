"""Whose sessions end when a host goes down: those that another host of the pool could serve instead."""

from collections.abc import Mapping

from bascule.config.model import OnDown
from bascule.plan.model import HostState, Plan, ProbeTarget
from bascule.plan.standing import judged


def doomed(plan: Plan, states: Mapping[ProbeTarget, HostState]) -> Mapping[int, OnDown]:
    """Return the marks of hosts that are down while another host of their pool is up, with what becomes of sessions.

    Where no host is up sessions stay: the checks may be wrong, and nothing better can be offered.
    """
    marks: dict[int, OnDown] = {}
    for relay, verdicts in zip(plan.relays, judged(plan, states), strict=True):
        taking = zip(relay.pool.hosts, verdicts, strict=True)
        if any(state is HostState.UP and host.weight for host, state in taking):
            pairs = zip(relay.pool.hosts, verdicts, strict=True)
            marks |= {host.mark: relay.on_down for host, state in pairs if state is HostState.DOWN and host.mark}
    return marks
