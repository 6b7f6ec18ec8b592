"""Dealing a pool's slots to its live hosts, in each mode."""

from collections.abc import Mapping, Sequence
from typing import Final

from bascule.config.model import Mode
from bascule.plan.model import NO_HOST, HostState, Pool, PoolHost, ProbeTarget
from bascule.plan.selection import SLOTS, Candidate, rank

EMPTY: Final = (NO_HOST,) * SLOTS


class Rankings:
    """Keeps each table's order of hosts while its key, hosts and weights stay: to compute one takes milliseconds."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[Candidate, ...]], Sequence[Sequence[int]]] = {}

    def orders(self, key: int, hosts: Sequence[PoolHost]) -> Sequence[Sequence[int]]:
        """Return, for each slot, the indices of the hosts that may take it, the first choice first."""
        candidates = tuple(Candidate(host.endpoint.address, host.weight) for host in hosts)
        known = self._known.get((key, candidates))
        if known is None:
            place = {candidate: index for index, candidate in enumerate(candidates)}
            known = [tuple(place[candidate] for candidate in order) for order in rank(candidates, key=key)]
            self._known[key, candidates] = known
        return known

    def forget_all_but(self, pools: Sequence[Pool]) -> None:
        """Drop the orders that no pool uses any more."""
        used = {(pool.key, tuple(Candidate(host.endpoint.address, host.weight) for host in pool.hosts)) for pool in pools}
        self._known = {table: orders for table, orders in self._known.items() if table in used}


def live(hosts: Sequence[PoolHost], states: Mapping[ProbeTarget, HostState]) -> frozenset[int]:
    """Return the indices of the hosts that are up; one that nothing checks always is."""
    return frozenset(
        index
        for index, host in enumerate(hosts)
        if host.target is None or states.get(host.target, HostState.UNKNOWN) is HostState.UP
    )


def deal(mode: Mode, key: int, hosts: Sequence[PoolHost], up: frozenset[int], rankings: Rankings) -> tuple[int, ...]:
    """Return which host takes each of the `SLOTS` slots now: an index into `hosts`, or `NO_HOST`."""
    if not any(hosts[index].weight for index in up):
        return EMPTY
    if mode is Mode.SOURCE_HASH:
        orders = rankings.orders(key, hosts)
        return tuple(next((index for index in order if index in up), NO_HOST) for order in orders)
    return _in_turn(hosts, sorted(up))


def _in_turn(hosts: Sequence[PoolHost], up: Sequence[int]) -> tuple[int, ...]:
    """Deal the slots so that any run of them holds each host by its weight: heavy hosts come evenly, not in bursts.

    Each turn every host earns its weight, and the richest takes the slot and pays the sum of all weights.
    """
    total = sum(hosts[index].weight for index in up)
    earned = dict.fromkeys(up, 0)
    slots = []
    for _ in range(SLOTS):
        for index in up:
            earned[index] += hosts[index].weight
        richest = max(up, key=lambda index: (earned[index], -index))
        earned[richest] -= total
        slots.append(richest)
    return tuple(slots)
