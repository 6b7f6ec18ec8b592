"""Which hosts take part, relay by relay: those that are up and, in an affinity group, up for every service of the group."""

from collections.abc import Mapping, Sequence

from bascule.config.model import Address
from bascule.plan.model import HostState, Plan, PoolHost, ProbeTarget, RelayPlan
from bascule.plan.slots import live

Standing = Sequence[frozenset[int]]
"""For each relay of a plan, in its order, the indices of the hosts of its pool that take part."""


def standing(plan: Plan, states: Mapping[ProbeTarget, HostState]) -> Standing:
    """Return who takes part.

    A host that fails one check of an affinity group leaves all services of the group, so that a client moves on all of
    them together. Where no host is up on every service, each service goes by its own checks.
    """
    up = [live(relay.pool.hosts, states) for relay in plan.relays]
    bound = {name: _common(plan, up, name) for name in groups(plan)}
    return [_bound(relay, own, bound) for relay, own in zip(plan.relays, up, strict=True)]


def judged(plan: Plan, states: Mapping[ProbeTarget, HostState]) -> Sequence[Sequence[HostState]]:
    """Return the state of every host for every relay: what its checks say, but that of its group where it has left that.

    It has left it down where a check of the group has failed; where it was drained for a service of the group, or is
    not known there yet, it takes no clients and keeps those it has.
    """
    fallen = {
        (relay.affinity, host.endpoint.address)
        for relay in plan.relays
        for host in relay.pool.hosts
        if relay.affinity and host.state(states) is HostState.DOWN
    }
    return [
        [
            _judged(host, states, stands=index in up, fallen=(relay.affinity, host.endpoint.address) in fallen)
            for index, host in enumerate(relay.pool.hosts)
        ]
        for relay, up in zip(plan.relays, standing(plan, states), strict=True)
    ]


def _judged(host: PoolHost, states: Mapping[ProbeTarget, HostState], *, stands: bool, fallen: bool) -> HostState:
    own = host.state(states)
    if own is HostState.UP and not stands:
        return HostState.DOWN if fallen else HostState.UNKNOWN
    return own


def groups(plan: Plan) -> Sequence[str]:
    """Return the names of the affinity groups."""
    return sorted({relay.affinity for relay in plan.relays if relay.affinity})


def torn(plan: Plan, states: Mapping[ProbeTarget, HostState]) -> Sequence[str]:
    """Return the groups of which some host is up for some service, but none for all: their clients may be split."""
    up = [live(relay.pool.hosts, states) for relay in plan.relays]
    return [name for name in groups(plan) if not _common(plan, up, name) and _any_up(plan, up, name)]


def _common(plan: Plan, up: Standing, group: str) -> frozenset[Address]:
    """Return the addresses of the hosts that are up for every service of a group, by IP version."""
    members = [(relay, own) for relay, own in zip(plan.relays, up, strict=True) if relay.affinity == group]
    common: set[Address] = set()
    for version in {relay.version for relay, _ in members}:
        alive = [
            {relay.pool.hosts[index].endpoint.address for index in own}
            for relay, own in members
            if relay.version == version
        ]
        common |= set.intersection(*alive)
    return frozenset(common)


def _any_up(plan: Plan, up: Standing, group: str) -> bool:
    return any(own for relay, own in zip(plan.relays, up, strict=True) if relay.affinity == group)


def _bound(relay: RelayPlan, own: frozenset[int], bound: Mapping[str, frozenset[Address]]) -> frozenset[int]:
    """Return the hosts of a relay that are up for its whole group; its own where there is none of these."""
    common = bound.get(relay.affinity, frozenset())
    together = frozenset(index for index in own if relay.pool.hosts[index].endpoint.address in common)
    return together or own
