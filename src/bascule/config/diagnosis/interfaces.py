"""What is doubtful about interfaces and routes."""

from collections.abc import Iterator

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.facts import Facts
from bascule.config.model import Address, Interface, Network, Route


def interfaces(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield interfaces that the machine does not have, and routes that lead nowhere."""
    for interface in ownership.configuration.interfaces:
        if ownership.facts.interface(interface.name) is None:
            present = ", ".join(fact.name for fact in ownership.facts.interfaces if not fact.loopback)
            hint = f"there are {present}" if present else ""
            yield Diagnostic.warning(interface.span, f"interface {interface.name} does not exist here", hint)
        elif interface.dhcp and not any(line.leased for line in interface.addresses):
            what = f"interface {interface.name} has no address by DHCP now"
            yield Diagnostic.warning(interface.span, what, "what listens there does so once it has one")
        for route in interface.routes:
            yield from _route(interface, route)
            if route.gateway is not None:
                yield from in_the_way(route.destination, route.gateway, route.span, ownership.facts)
        yield from _not_here(interface, ownership.facts)
        yield from _duplicated(interface, ownership.facts)


def _route(interface: Interface, route: Route) -> Iterator[Diagnostic]:
    name = "default" if route.destination is None else str(route.destination)
    if route.gateway is None:
        yield Diagnostic.warning(route.span, f"route {name} names no gateway", "it changes nothing")
        return
    connected = [line.address.network for line in interface.addresses]
    waiting = interface.dhcp and not any(line.leased for line in interface.addresses)
    if waiting or not connected or route.gateway.is_link_local:
        return
    if not any(route.gateway in network for network in connected):
        what = f"the gateway {route.gateway} of route {name} is in no network of interface {interface.name}"
        yield Diagnostic.warning(route.span, what)


def in_the_way(destination: Network | None, gateway: Address, span: Span, facts: Facts) -> Iterator[Diagnostic]:
    """Yield that another route, of less than our metric, leads to the same already: that one is in effect."""
    for known in facts.routes:
        leads = known.destination == destination or (destination is None and not known.destination.prefixlen)
        if not leads or known.metric or known.gateway is None:
            continue
        if known.gateway.version == gateway.version and known.gateway != gateway:
            name = "default" if destination is None else str(destination)
            what = f"this machine has a route {name} by {known.gateway}, which stays in effect"
            yield Diagnostic.warning(span, what, f"take that one away for {gateway} to take its place")


def _not_here(interface: Interface, facts: Facts) -> Iterator[Diagnostic]:
    """Yield addresses that are lacking and that we may not give."""
    if not facts.no_addressing or facts.interface(interface.name) is None:
        return
    for line in interface.addresses:
        if not line.unmanaged and facts.holder(line.address.ip) is None:
            what = f"{line.address.ip} is not on this machine, and {facts.no_addressing}"
            yield Diagnostic.warning(line.span, what, "run Bascule as root, or add it yourself")


def _duplicated(interface: Interface, facts: Facts) -> Iterator[Diagnostic]:
    """Yield addresses that another machine has too: the kernel has asked (RFC 4862, 5.4), and does not use them."""
    known = facts.interface(interface.name)
    for line in interface.addresses:
        if known is not None and line.address.ip in known.duplicated:
            what = f"another machine has {line.address.ip} too, so {interface.name} does not use it"
            yield Diagnostic.warning(line.span, what, "take it from the other machine")
