"""The tree of what runs: relays and redirects, their tables, and under these the hosts, each with its figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bascule.service.counters import CounterRow
from bascule.service.results import Counters, HostRow, HostStatus, RelayRow, Relays, RelayStatus, RouterRow, TableRow
from bascule.web.figures import address_of

MOST_INLINE: Final = 400
"""Hosts that one page shows under their services; where there are more, each service has a page of its own."""

FEW: Final = 4
"""Services whose hosts are all shown at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLine:
    """A host under a service."""

    row: HostRow
    carried: CounterRow | None

    @property
    def ordered(self) -> bool:
        """Tell whether an administrator has ordered something of it that can be taken back."""
        return self.row.order is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableBranch:
    """A table under a service."""

    row: TableRow
    lines: tuple[HostLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceBranch:
    """A relay or redirect."""

    row: RelayRow
    carried: CounterRow | None
    """None where nobody was asked: a page follows the live figures then."""
    tables: tuple[TableBranch, ...]
    open: bool
    """Its hosts are seen without a click."""

    @property
    def hosts(self) -> int:
        """Return how many hosts it has."""
        return sum(len(table.row.hosts) for table in self.tables)

    @property
    def up(self) -> int:
        """Return how many of them take clients."""
        return sum(table.row.hosts_up for table in self.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All services that were asked for."""

    services: tuple[ServiceBranch, ...]
    routers: tuple[RouterRow, ...]
    total: int
    """How many services and routers there are, asked for or not."""
    inline: bool
    """Hosts stand under their services; else each service has a page."""


def large(relays: Relays) -> bool:
    """Tell whether there is so much that what everything has carried is too much to ask for."""
    return sum(len(table.hosts) for row in relays.relays for table in row.tables) > MOST_INLINE


def tree(relays: Relays, counters: Counters | None, wanted: str = "") -> Tree:
    """Return the services that have some words in their names, places, tables, hosts or states."""
    carried = None if counters is None else _by_place(counters)
    words = wanted.casefold().strip()
    found = [row for row in relays.relays if _fits(_of_service(row), words)]
    routers = tuple(row for row in relays.routers if _fits(_of_router(row), words))
    inline = sum(len(table.hosts) for row in found for table in row.tables) <= MOST_INLINE
    few = len(found) <= FEW
    services = tuple(_service(row, carried, opened=few or not _well(row), inline=inline) for row in found)
    total = len(relays.relays) + len(relays.routers)
    return Tree(services=services, routers=routers, total=total, inline=inline)


def service(relays: Relays, counters: Counters | None, name: str) -> ServiceBranch | None:
    """Return one service with all its hosts; None where none of that name runs."""
    carried = None if counters is None else _by_place(counters)
    found = next((row for row in relays.relays if row.name == name), None)
    return None if found is None else _service(found, carried, opened=True, inline=True)


def homes(relays: Relays, host: HostRow) -> Sequence[str]:
    """Return the services that have the same host, whatever its port."""
    own = address_of(host.address)
    return [
        relay.name
        for relay in relays.relays
        if any(address_of(each.address) == own for table in relay.tables for each in table.hosts)
    ]


def host_of(relays: Relays, relay: str, host: str) -> HostRow | None:
    """Return a host of a service by its name or its address."""
    return next((each for each in _hosts(relays, relay) if host in {each.name, each.address}), None)


def _hosts(relays: Relays, relay: str) -> Iterator[HostRow]:
    for row in relays.relays:
        if row.name == relay:
            for table in row.tables:
                yield from table.hosts


_Carried = Mapping[tuple[str, str], CounterRow]


def _by_place(counters: Counters) -> _Carried:
    return {(row.relay, row.address): row for row in counters.rows}


def _service(row: RelayRow, carried: _Carried | None, *, opened: bool, inline: bool) -> ServiceBranch:
    nothing = CounterRow(type=row.type, relay=row.name, name=row.name)
    own = None if carried is None else carried.get((row.name, ""), nothing)
    tables = tuple(
        TableBranch(row=table, lines=tuple(_line(row, host, carried) for host in table.hosts) if inline else ())
        for table in row.tables
    )
    return ServiceBranch(row=row, carried=own, tables=tables, open=opened)


def _line(relay: RelayRow, host: HostRow, carried: _Carried | None) -> HostLine:
    nothing = CounterRow(type="host", relay=relay.name, name=host.name, address=host.address)
    return HostLine(row=host, carried=None if carried is None else carried.get((relay.name, host.address), nothing))


def _well(row: RelayRow) -> bool:
    up = (host.status is HostStatus.UP for table in row.tables for host in table.hosts)
    return row.status is RelayStatus.ACTIVE and all(up)


def _fits(texts: Iterator[str], wanted: str) -> bool:
    return not wanted or any(wanted in text.casefold() for text in texts)


def _of_service(row: RelayRow) -> Iterator[str]:
    """Yield what a service may be found by."""
    yield from (row.name, row.type, *row.listens)
    for table in row.tables:
        yield table.name
        yield from (text for host in table.hosts for text in (host.name, host.address, host.status))


def _of_router(row: RouterRow) -> Iterator[str]:
    """Yield what a router may be found by."""
    yield from ("router", row.name, *row.routes)
    yield from (text for each in row.gateways for text in (each.name, each.address, each.interface, each.status))
