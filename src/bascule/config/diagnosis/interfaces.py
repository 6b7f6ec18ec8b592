"""What is doubtful about interfaces and routes."""

from collections.abc import Iterator

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.model import Interface, Route


def interfaces(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield interfaces that the machine does not have, and routes that lead nowhere."""
    for interface in ownership.configuration.interfaces:
        if ownership.facts.interface(interface.name) is None:
            present = ", ".join(fact.name for fact in ownership.facts.interfaces if not fact.loopback)
            hint = f"there are {present}" if present else ""
            yield Diagnostic.warning(interface.span, f"interface {interface.name} does not exist here", hint)
        for route in interface.routes:
            yield from _route(interface, route)


def _route(interface: Interface, route: Route) -> Iterator[Diagnostic]:
    name = "default" if route.destination is None else str(route.destination)
    if route.gateway is None:
        yield Diagnostic.warning(route.span, f"route {name} names no gateway", "it changes nothing")
        return
    connected = [line.address.network for line in interface.addresses]
    if connected and not route.gateway.is_link_local and not any(route.gateway in network for network in connected):
        what = f"the gateway {route.gateway} of route {name} is in no network of interface {interface.name}"
        yield Diagnostic.warning(route.span, what)
