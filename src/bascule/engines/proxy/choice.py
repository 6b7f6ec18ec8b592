"""Which host takes a client, in a worker: the slots first, as the kernel does it, then the next live host.

A client's slot is decided once, when it comes; the hosts behind the slot are tried in an order that follows from it.
"""

import random
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from ipaddress import ip_address
from sys import byteorder
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

from bascule.config.model import Address, Mode
from bascule.engines.proxy.sources import Sources
from bascule.engines.proxy.wire import HostCounts, Place, ProxyHost, ProxyRelay, ProxySource, RelayCounts
from bascule.plan.model import NO_HOST, HostState
from bascule.plan.selection import SLOTS, Candidate, rank, slot_of, slot_of_service
from bascule.plan.slots import HASHED

REMEMBERED_CLIENTS: Final = 4096
"""Clients of a relay whose slot is kept rather than computed again."""

Ranking: TypeAlias = Callable[[int, tuple[Candidate, ...]], Sequence[Sequence[Candidate]]]
"""Returns, for a key and candidates, the order of candidates behind each slot."""


def remembered_ranking(tables: int = 16) -> Ranking:
    """Return a ranking that keeps those of the last few tables: relays on one table share theirs."""
    return lru_cache(maxsize=tables)(lambda key, candidates: rank(candidates, key=key))


def packed_slots(slots: Sequence[int]) -> bytes:
    """Return slots as they travel: signed 16-bit numbers, big endian."""
    return _swapped(array("h", slots)).tobytes()


def unpacked_slots(packed: bytes) -> Sequence[int]:
    """Return the slots that `packed_slots` packed."""
    slots = array("h")
    slots.frombytes(packed)
    return _swapped(slots)


def _swapped(slots: "array[int]") -> "array[int]":
    if byteorder == "little":
        slots.byteswap()
    return slots


class Crowd:
    """The sessions of one host that all relays of a worker on one table give it."""

    __slots__ = ("__weakref__", "sessions")

    def __init__(self) -> None:
        self.sessions = 0


class Crowds:
    """Finds the crowd of each host of each table, as long as a relay of the worker has it."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[tuple[str, str], Crowd] = WeakValueDictionary()

    def of(self, host: ProxyHost) -> Crowd:
        """Return the crowd of a host, the same for every relay on its table."""
        return self._known.setdefault((host.table, host.place.address), Crowd())


class Host:
    """A host of a relay while the worker runs: where it is, whether it takes clients, and its counters."""

    __slots__ = (
        "crowd",
        "failed",
        "from_client",
        "from_host",
        "label",
        "opened",
        "place",
        "room",
        "sessions",
        "state",
        "tier",
        "weight",
    )

    def __init__(self, host: ProxyHost, crowd: Crowd) -> None:
        self.place: Place = host.place
        self.crowd = crowd
        self.follow(host)
        self.sessions = self.opened = self.failed = self.from_client = self.from_host = 0

    def follow(self, host: ProxyHost) -> None:
        """Take what a new plan says of the same host."""
        self.label, self.weight, self.state, self.tier = host.label, host.weight, host.state, host.tier
        self.room = host.room

    @property
    def takes_clients(self) -> bool:
        """Whether it is up, and may have one session more."""
        return self.state is HostState.UP and self.weight > 0 and not (self.room and self.crowd.sessions >= self.room)

    def join(self, crowd: Crowd) -> None:
        """Count among the hosts of another table from now on, with every session that it has."""
        if crowd is not self.crowd:
            self.crowd.sessions -= self.sessions
            crowd.sessions += self.sessions
            self.crowd = crowd

    def come(self) -> None:
        """Count a session."""
        self.sessions += 1
        self.crowd.sessions += 1

    def leave(self) -> None:
        """Count it no more."""
        self.sessions -= 1
        self.crowd.sessions -= 1

    def counts(self) -> HostCounts:
        """Return the counters as they are now."""
        return HostCounts(
            place=self.place,
            label=self.label,
            sessions=self.sessions,
            opened=self.opened,
            failed=self.failed,
            from_client=self.from_client,
            from_host=self.from_host,
        )


class Choice:
    """A relay while the worker runs: its hosts, and who takes which client."""

    def __init__(self, relay: ProxyRelay, *, ranking: Ranking, chance: random.Random, crowds: Crowds) -> None:
        self._ranking = ranking
        self._chance = chance
        self._crowds = crowds
        self.sources = Sources()
        self._hosts: dict[Place, Host] = {}
        self._turn = chance.randrange(SLOTS)
        self.accepted = self.refused = self.limited = 0
        self.follow(relay)

    def follow(self, relay: ProxyRelay) -> None:
        """Take what a new plan says of the same relay; hosts that stay keep their counters."""
        self.relay = relay
        self.sources.follow(sessions=relay.source_sessions, rate=relay.source_rate)
        self._hosts = {host.place: self._followed(host) for host in relay.hosts}
        self._listed = list(self._hosts.values())
        by_index = [self._hosts[host.place] for host in relay.hosts]
        self._slots = [None if index == NO_HOST else by_index[index] for index in unpacked_slots(relay.slots)]
        self._sources = {(source.listen, source.host): _range(source) for source in relay.sources}
        self._slot_of_client = lru_cache(REMEMBERED_CLIENTS)(lambda client: slot_of(ip_address(client), key=relay.key))
        self._slot_at = lru_cache(REMEMBERED_CLIENTS)(
            lambda client, place: slot_of_service(ip_address(client), ip_address(place.address), place.port, key=relay.key)
        )

    def slot(self, client: str, place: Place) -> int:
        """Return the slot of a client that has just come to a listening place."""
        if self.relay.mode is Mode.SOURCE_HASH:
            return self._slot_of_client(client)
        if self.relay.mode is Mode.LOADBALANCE:
            return self._slot_at(client, place)
        if self.relay.mode is Mode.RANDOM:
            return self._chance.randrange(SLOTS)
        self._turn = (self._turn + 1) % SLOTS
        return self._turn

    def host(self, slot: int, tried: Sequence[Host] = ()) -> Host | None:
        """Return the host to try next for a client of that slot; None when none is left."""
        host = self._slots[slot]
        if host is not None and host.takes_clients and host not in tried:
            return host
        order = self._ranked(slot) if self.relay.mode in HASHED else self._further(slot)
        return next((host for host in order if host.takes_clients and host not in tried), None)

    def source(self, listen: str, host: str, slot: int) -> str | None:
        """Return the address that a connection to a host comes from; None leaves it to the kernel.

        A range is shared out by slot, so that a client keeps its address.
        """
        addresses = self._sources.get((listen, host))
        return None if addresses is None else str(addresses[0] + slot % addresses[1])

    def loses_sessions(self, host: Host) -> bool:
        """Tell whether sessions of a host must end: it is down, and another could take its clients; or it was taken out."""
        if host not in self._listed:
            return self.relay.reset_on_remove
        return host.state is HostState.DOWN and any(other.takes_clients for other in self._listed)

    def resets(self, host: Host) -> bool:
        """Tell whether open sessions are among those that must end."""
        return self.relay.reset_on_down or host not in self._listed

    def counts(self) -> RelayCounts:
        """Return the counters as they are now."""
        return RelayCounts(
            name=self.relay.name,
            accepted=self.accepted,
            refused=self.refused,
            limited=self.limited,
            hosts=tuple(host.counts() for host in self._listed),
        )

    def _followed(self, host: ProxyHost) -> Host:
        known = self._hosts.get(host.place)
        if known is None:
            return Host(host, self._crowds.of(host))
        known.follow(host)
        known.join(self._crowds.of(host))
        return known

    def _ranked(self, slot: int) -> Iterator[Host]:
        """Yield the hosts behind a slot in its rendezvous order, tier by tier; computed when a first choice failed."""
        for tier in sorted({host.tier for host in self._listed}):
            by_address = {ip_address(host.place.address): host for host in self._listed if host.tier == tier}
            candidates = tuple(Candidate(address, host.weight) for address, host in by_address.items())
            yield from (by_address[candidate.address] for candidate in self._ranking(self.relay.key, candidates)[slot])

    def _further(self, slot: int) -> Iterator[Host]:
        """Yield the hosts of the slots that follow, which keeps to the weights, then those that stand in no slot."""
        yield from (host for host in (*self._slots[slot:], *self._slots[:slot]) if host is not None)
        yield from sorted(self._listed, key=lambda host: host.tier)


def _range(source: ProxySource) -> tuple[Address, int]:
    first, last = ip_address(source.first), ip_address(source.last)
    return first, max(1, int(last) - int(first) + 1)
