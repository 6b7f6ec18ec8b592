"""Where the packets of a client or a relay pass: between clients and where they connect to, between us and the hosts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from bascule.config.model import Address, Kind
from bascule.plan.model import Endpoint, Plan, RelayPlan

ANY_PORT: Final = range(65536)


@dataclass(frozen=True, slots=True)
class End:
    """An address with some of its ports, at either end of a packet."""

    address: Address
    ports: tuple[range, ...] = (ANY_PORT,)


@dataclass(frozen=True, slots=True)
class Side:
    """Packets to and from one of several ends."""

    ends: tuple[End, ...]
    peer: Address | None = None
    """Only those whose other end is this; None is everybody."""


def sides(plan: Plan, client: Address | None, relay: str | None) -> Sequence[Side]:
    """Return where the packets of a client, a relay, or a client in a relay pass.

    Where a client is named, relays' sides towards their hosts carry other clients, too: there its address is not seen.
    """
    parts = [part for part in plan.relays if relay in (None, part.name) and _fits(part, client)]
    found = [] if client is None or relay is not None else [Side((End(client),))]
    if relay is not None:
        found.append(Side(_merged(place for part in parts for place in _places(part)), client))
    for kind in Kind:
        hosts = _merged(host.endpoint for part in parts if part.kind is kind for host in part.pool.hosts)
        seen = client if kind is Kind.REDIRECT else None
        if hosts and (seen is None or relay is not None):
            found.append(Side(hosts, seen))
    return [side for side in found if side.ends]


def _fits(part: RelayPlan, client: Address | None) -> bool:
    return client is None or part.version == client.version


def _places(part: RelayPlan) -> Iterator[Endpoint]:
    yield from part.listens
    yield from (forwarded.place for forwarded in part.forwarded)


def _merged(places: Iterable[Endpoint]) -> tuple[End, ...]:
    """Return each address once, with all of its ports."""
    ordered = sorted(set(places), key=lambda place: (place.address.version, int(place.address), place.port))
    return tuple(End(address, _ports(group)) for address, group in groupby(ordered, key=lambda place: place.address))


def _ports(places: Iterable[Endpoint]) -> tuple[range, ...]:
    ports = dict.fromkeys(place.ports if place.port else ANY_PORT for place in places)
    return (ANY_PORT,) if ANY_PORT in ports else tuple(ports)
