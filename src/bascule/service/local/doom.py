"""Whose sessions end when a host goes down: those that another host of the pool could serve instead."""

from collections.abc import Mapping

from bascule.config.model import OnDown
from bascule.plan.model import HostState, Plan, PoolHost, ProbeTarget


def doomed(plan: Plan, states: Mapping[ProbeTarget, HostState]) -> Mapping[int, OnDown]:
    """Return the marks of hosts that are down while another host of their pool is up, with what becomes of sessions.

    Where no host is up sessions stay: the checks may be wrong, and nothing better can be offered.
    """
    marks: dict[int, OnDown] = {}
    for relay in plan.relays:
        if any(_state(host, states) is HostState.UP for host in relay.pool.hosts):
            down = [host for host in relay.pool.hosts if _state(host, states) is HostState.DOWN]
            marks |= {host.mark: relay.on_down for host in down if host.mark}
    return marks


def _state(host: PoolHost, states: Mapping[ProbeTarget, HostState]) -> HostState:
    return HostState.UP if host.target is None else states.get(host.target, HostState.UNKNOWN)
