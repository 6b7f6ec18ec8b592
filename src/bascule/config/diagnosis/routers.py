"""What is wrong or doubtful about routers."""

from collections.abc import Hashable, Iterator
from typing import Final

from bascule.config.diagnosis.interfaces import in_the_way
from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.model import IcmpCheck, Network, Router, ScriptCheck, Table

_VERSIONS: Final = (4, 6)


def routers(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield routes that two would make, gateways that cannot be any, and checks that tell nothing."""
    balancer = ownership.configuration.load_balancer
    taken = dict(_of_interfaces(ownership))
    for router in balancer.routers:
        table = balancer.table(router.forward.table)
        yield from _gateways(ownership, router, table)
        yield from _check(router)
        if router.disabled:
            continue
        for destination in router.destinations:
            yield from _once(router, destination, table, taken)
            for host in table.hosts[:1]:
                yield from in_the_way(destination, host.address, router.span, ownership.facts)
        if ownership.facts.no_addressing:
            what = f'router "{router.name}" makes no route: {ownership.facts.no_addressing}'
            yield Diagnostic.warning(router.span, what, "run Bascule as root")


def _of_interfaces(ownership: Ownership) -> Iterator[tuple[Hashable, str]]:
    """Yield the routes with a gateway that `interface` blocks have."""
    for interface in ownership.configuration.interfaces:
        for route in interface.routes:
            if route.gateway is not None:
                where = f"interface {interface.name} in line {route.span.line}"
                yield _key(route.destination, route.gateway.version), where


def _key(destination: Network | None, version: int) -> Hashable:
    return version if destination is None or not destination.prefixlen else destination


def _once(router: Router, destination: Network | None, table: Table, taken: dict[Hashable, str]) -> Iterator[Diagnostic]:
    name = "default" if destination is None else str(destination)
    versions = {host.address.version for host in table.hosts}
    wanted = versions if destination is None else {destination.version}
    if table.hosts and not wanted & versions:
        what = f'route {name} of router "{router.name}" has no gateway: table <{table.name}> has none of that IP version'
        yield Diagnostic.error(router.span, what)
    for version in sorted(wanted & versions):
        before = taken.setdefault(_key(destination, version), f'router "{router.name}" in line {router.span.line}')
        if before != f'router "{router.name}" in line {router.span.line}':
            what = f'route {name} of router "{router.name}" is that of {before} already'
            yield Diagnostic.error(router.span, what, "one of them can have it")


def _gateways(ownership: Ownership, router: Router, table: Table) -> Iterator[Diagnostic]:
    for named in table.named:
        what = f"gateway {named.host_name} is written by name, which could not be asked for without a route"
        yield Diagnostic.error(named.span, what, "write the gateway's address")
    for host in table.hosts:
        if not host.address.is_link_local and ownership.attached(host.address) is None:
            what = f'gateway {host.label} of router "{router.name}" is in no network of this machine: it gets no route'
            yield Diagnostic.warning(host.span, what)
        if host.address.is_link_local:
            what = f'gateway {host.label} of router "{router.name}" is link-local, which does not tell the interface'
            yield Diagnostic.error(host.span, what, "write its global address, or a `route` in the interface's block")


def _check(router: Router) -> Iterator[Diagnostic]:
    check, span = router.forward.check, router.forward.span
    if check is None:
        what = f'router "{router.name}" checks no gateway: the first has the routes, whatever becomes of it'
        yield Diagnostic.warning(span, what, "write `check icmp`")
    elif router.forward.port is None and not isinstance(check, IcmpCheck | ScriptCheck):
        yield Diagnostic.error(span, f'the check of router "{router.name}" needs a port', "write `port` before it")
