"""Dealing a pool's slots to its live hosts, in each mode."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from bascule.config.model import Mode
from bascule.plan.model import NO_HOST, HostState, Pool, PoolHost, ProbeTarget
from bascule.plan.selection import SLOTS, Candidate, rank, ranked

EMPTY: Final = (NO_HOST,) * SLOTS

HASHED: Final = frozenset({Mode.SOURCE_HASH, Mode.LOADBALANCE})
"""The modes in which the client decides, so that slots keep their hosts when others fail."""


_NOTHING: Final[Mapping[tuple[int, tuple[Candidate, ...]], Sequence[Sequence[int]]]] = MappingProxyType({})


class Rankings:
    """Keeps each table's order of hosts while its key, hosts and weights stay: to compute one takes milliseconds.

    Each takes 200 kB for 16 hosts: what nobody uses any more is to be forgotten. Any thread may ask.
    """

    def __init__(self, known: Mapping[tuple[int, tuple[Candidate, ...]], Sequence[Sequence[int]]] = _NOTHING) -> None:
        self._known = dict(known)

    def apart(self) -> "Rankings":
        """Return one that knows the same, and whose own end with it: for plans that may never run."""
        return Rankings(self._known)

    def orders(self, key: int, hosts: Sequence[PoolHost], tier: int = 0) -> Sequence[Sequence[int]]:
        """Return, for each slot, the indices of a tier's hosts that may take it, the first choice first."""
        members = [index for index, host in enumerate(hosts) if host.tier == tier]
        candidates = _candidates(hosts, tier)
        known = self._known.get((key, candidates))
        if known is None:
            place = {candidate: number for number, candidate in enumerate(candidates)}
            known = [tuple(place[candidate] for candidate in order) for order in rank(candidates, key=key)]
            self._known[key, candidates] = known
        if len(members) == len(hosts):
            return known
        return [tuple(members[number] for number in order) for order in known]

    def order(self, slot: int, key: int, hosts: Sequence[PoolHost], tier: int = 0) -> Sequence[int]:
        """Return the same for one slot; what is not known yet is found for this one alone, and not kept."""
        members = [index for index, host in enumerate(hosts) if host.tier == tier]
        candidates = _candidates(hosts, tier)
        known = self._known.get((key, candidates))
        if known is not None:
            return tuple(members[number] for number in known[slot])
        place = dict(zip(candidates, members, strict=True))
        return tuple(place[candidate] for candidate in ranked(candidates, slot, key=key))

    def forget_all_but(self, pools: Sequence[Pool]) -> None:
        """Drop the orders that no pool uses any more."""
        used = {(pool.key, _candidates(pool.hosts, tier)) for pool in pools for tier in {host.tier for host in pool.hosts}}
        self._known = {table: orders for table, orders in self._known.copy().items() if table in used}


def live(hosts: Sequence[PoolHost], states: Mapping[ProbeTarget, HostState]) -> frozenset[int]:
    """Return the indices of the hosts that are up."""
    return frozenset(index for index, host in enumerate(hosts) if host.state(states) is HostState.UP)


def serving(hosts: Sequence[PoolHost], up: frozenset[int]) -> frozenset[int]:
    """Return the hosts that take new clients: those of the first tier that has one up with a weight."""
    able = {index for index in up if hosts[index].weight}
    first = min((hosts[index].tier for index in able), default=0)
    return frozenset(index for index in able if hosts[index].tier == first)


def deal(mode: Mode, key: int, hosts: Sequence[PoolHost], up: frozenset[int], rankings: Rankings) -> tuple[int, ...]:
    """Return which host takes each of the `SLOTS` slots now: an index into `hosts`, or `NO_HOST`.

    What `least-states` gives before sessions were counted is what `roundrobin` gives; see `plan.least`.
    """
    able = serving(hosts, up)
    if not able:
        return EMPTY
    if mode in HASHED:
        orders = rankings.orders(key, hosts, hosts[min(able)].tier)
        return tuple(next((index for index in order if index in able), NO_HOST) for order in orders)
    return in_turn({index: hosts[index].weight for index in able})


def in_turn(weights: Mapping[int, int]) -> tuple[int, ...]:
    """Deal the slots so that any run of them holds each host by its weight: heavy hosts come evenly, not in bursts.

    Each turn every host earns its weight, and the richest takes the slot and pays the sum of all weights.
    """
    total = sum(weights.values())
    earned = dict.fromkeys(sorted(weights), 0)
    slots = []
    for _ in range(SLOTS):
        for index in earned:
            earned[index] += weights[index]
        richest = max(earned, key=lambda index: (earned[index], -index))
        earned[richest] -= total
        slots.append(richest)
    return tuple(slots)


def _candidates(hosts: Sequence[PoolHost], tier: int) -> tuple[Candidate, ...]:
    return tuple(Candidate(host.endpoint.address, host.weight) for host in hosts if host.tier == tier)
