"""`max sessions`: hosts that have all the sessions they may have take no more clients until some have ended. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from bascule.config.model import Address
from bascule.plan.model import Plan, PoolHost, RelayPlan

_ROOM: Final = 20
"""A host that was full takes clients again when it has a twentieth of its sessions fewer, so that it does not flap."""


class Member(NamedTuple):
    """A host of a table, whatever the service."""

    table: str
    address: Address

    @classmethod
    def of(cls, host: PoolHost) -> "Member":
        """Return which member of its table a host of a pool is."""
        return cls(host.table, host.endpoint.address)


def limited(plan: Plan) -> bool:
    """Return whether any host of a plan may be full."""
    return any(host.max_sessions is not None for relay in plan.relays for host in relay.pool.hosts)


def full_members(plan: Plan, sessions: Mapping[Member, int], before: frozenset[Member]) -> frozenset[Member]:
    """Return the members that are full, from the sessions that they have and those that were full before."""
    return frozenset(
        member
        for member, limit in _limits(plan).items()
        if sessions.get(member, 0) >= _closing(limit, was_full=member in before)
    )


def _closing(limit: int, *, was_full: bool) -> int:
    """Return the number of sessions at which a host is full."""
    return limit - max(1, limit // _ROOM) + 1 if was_full else limit


def filled(plan: Plan, full: frozenset[Member]) -> Plan:
    """Return the plan with these members full, and no others; its slots are to be dealt anew."""
    return replace(plan, relays=tuple(_filled(relay, full) for relay in plan.relays))


def _filled(relay: RelayPlan, full: frozenset[Member]) -> RelayPlan:
    hosts = tuple(
        replace(host, full=host.max_sessions is not None and Member.of(host) in full) for host in relay.pool.hosts
    )
    return relay if hosts == relay.pool.hosts else replace(relay, pool=replace(relay.pool, hosts=hosts))


def by_member(plan: Plan, by_mark: Mapping[int, int]) -> Counter[Member]:
    """Return the sessions of every member in the kernel, from those of every mark; parts of a relay share their marks."""
    counted: Counter[Member] = Counter()
    for mark, member in {host.mark: Member.of(host) for host in _hosts(plan) if host.mark}.items():
        counted[member] += by_mark.get(mark, 0)
    return counted


def still_full(before: Plan, after: Plan, full: frozenset[Member]) -> frozenset[Member]:
    """Return the members that another plan leaves full: those whose limit it does not change."""
    kept = _limits(before).items() & _limits(after).items()
    return full & {member for member, _ in kept}


def _limits(plan: Plan) -> Mapping[Member, int]:
    return {Member.of(host): host.max_sessions for host in _hosts(plan) if host.max_sessions is not None}


def _hosts(plan: Plan) -> Iterator[PoolHost]:
    return (host for relay in plan.relays for host in relay.pool.hosts)
