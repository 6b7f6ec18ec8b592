"""The four views of the relays: flat rows with relayctl's columns first, as `--json` prints them one a line."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import count
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec

from bascule.service.results import GatewayRow, HostOrder, HostRow, RelayRow, Relays, RouterRow, TableRow


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """relayctl's columns."""

    id: int
    type: str
    name: str
    availability: float | None
    """Percent of checks that found it up; None where nothing is checked."""
    status: str


class RelayView(_Row, frozen=True, kw_only=True):
    """A row of `show relays`."""

    listens: tuple[str, ...]
    tables: tuple[str, ...]
    engine: str
    session_timeout: int
    sessions: int


class TableView(_Row, frozen=True, kw_only=True):
    """A row of `show tables`."""

    relay: str
    mode: str
    check: str
    hosts: int
    hosts_up: int


class HostView(_Row, frozen=True, kw_only=True):
    """A row of `show hosts`."""

    relay: str
    table: str
    address: str
    weight: int
    checks_up: int
    checks_all: int
    since: datetime | None
    sessions: int
    reason: str
    warnings: tuple[str, ...]
    order: HostOrder | None
    """What an administrator has ordered of it."""


class RouterView(_Row, frozen=True, kw_only=True):
    """A row of `show routers`: a router."""

    router: str
    routes: tuple[str, ...]
    check: str


class GatewayView(_Row, frozen=True, kw_only=True):
    """A row of `show routers`: one of its gateways."""

    router: str
    address: str
    interface: str
    routes: tuple[str, ...]
    """Those that lead by it now."""
    checks_up: int
    checks_all: int
    since: datetime | None
    reason: str


View: TypeAlias = RelayView | TableView | HostView | RouterView | GatewayView


def summary(relays: Relays) -> Iterator[View]:
    """Yield every relay with its tables and hosts under it, as `relayctl show summary` does, then every router."""
    balanced = list(_balanced(relays))
    yield from balanced
    numbers = count(len(balanced) + 1)
    for router in relays.routers:
        yield _router(router, next(numbers))
        for gateway in router.gateways:
            yield _gateway(router, gateway, next(numbers))


def _balanced(relays: Relays) -> Iterator[View]:
    for relay in relays.relays:
        yield _relay(relay)
        for table in relay.tables:
            yield _table(relay, table)
            for host in table.hosts:
                yield _host(relay, table, host)


def _only(*kinds: type[View]) -> Callable[[Relays], Iterator[View]]:
    return lambda relays: (row for row in summary(relays) if isinstance(row, kinds))


VIEWS: Final[Mapping[str, Callable[[Relays], Iterator[View]]]] = MappingProxyType(
    {
        "summary": summary,
        "relays": _only(RelayView),
        "tables": _only(TableView),
        "hosts": _only(HostView),
        "routers": _only(RouterView, GatewayView),
    }
)


def _relay(relay: RelayRow) -> RelayView:
    return RelayView(
        id=relay.id,
        type=relay.type,
        name=relay.name,
        availability=None,
        status=relay.status,
        listens=relay.listens,
        tables=tuple(table.name for table in relay.tables),
        engine=relay.engine,
        session_timeout=relay.session_timeout,
        sessions=relay.sessions,
    )


def _router(router: RouterRow, number: int) -> RouterView:
    return RouterView(
        id=number,
        type="router",
        name=router.name,
        availability=None,
        status=router.status,
        router=router.name,
        routes=router.routes,
        check=router.check,
    )


def _gateway(router: RouterRow, gateway: GatewayRow, number: int) -> GatewayView:
    return GatewayView(
        id=number,
        type="gateway",
        name=gateway.name,
        availability=gateway.availability,
        status=gateway.status,
        router=router.name,
        address=gateway.address,
        interface=gateway.interface,
        routes=gateway.leads,
        checks_up=gateway.checks_up,
        checks_all=gateway.checks_all,
        since=gateway.since,
        reason=gateway.reason,
    )


def _table(relay: RelayRow, table: TableRow) -> TableView:
    return TableView(
        id=table.id,
        type="table",
        name=table.name,
        availability=None,
        status="active" if table.hosts_up else "empty",
        relay=relay.name,
        mode=table.mode,
        check=table.check,
        hosts=len(table.hosts),
        hosts_up=table.hosts_up,
    )


def _host(relay: RelayRow, table: TableRow, host: HostRow) -> HostView:
    return HostView(
        id=host.id,
        type="host",
        name=host.name,
        availability=host.availability,
        status=host.status,
        relay=relay.name,
        table=table.name,
        address=host.address,
        weight=host.weight,
        checks_up=host.checks_up,
        checks_all=host.checks_all,
        since=host.since,
        sessions=host.sessions,
        reason=host.reason,
        warnings=host.warnings,
        order=host.order,
    )
