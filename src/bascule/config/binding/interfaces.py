"""Binds `interface` blocks."""

from bascule.config.binding.unique import unique
from bascule.config.diagnostics import Diagnostic
from bascule.config.lexer import Report
from bascule.config.matching import Match
from bascule.config.model import Assigned, Interface, Route
from bascule.config.outline import Node
from bascule.config.schema.interface import (
    ADDRESS,
    DEFAULT_GATEWAY,
    DESCRIPTION,
    DESTINATION,
    GATEWAY,
    INTERFACE,
    MTU,
)


def interfaces(top: Node, report: Report) -> tuple[Interface, ...]:
    """Return the interfaces; reports names, addresses and default routes that stand twice."""
    found = tuple(_interface(node, report) for node in top.each("interface"))
    unique(((one.name, f"interface {one.name}", one.span) for one in found), report)
    assigned = [address for one in found for address in one.addresses]
    unique(((one.address.ip, f"address {one.address.ip}", one.span) for one in assigned), report)
    routes = [route for one in found for route in one.routes if route.gateway is not None]
    unique(((_target(route), f"route {_target(route)}", route.span) for route in routes), report)
    return found


def _target(route: Route) -> str:
    """Return what a route with a gateway leads to, told apart by family."""
    if route.destination is not None:
        return str(route.destination)
    return f"default for IPv{route.gateway.version}" if route.gateway is not None else "default"


def _interface(node: Node, report: Report) -> Interface:
    mtu, description = node.first("mtu"), node.first("description")
    lines = [line.match.choice for line in node.each("address") if line.match.choice is not None]
    leases = [line for line in lines if line.clause.word == "dhcp"]
    unique((("dhcp", f"address dhcp of interface {node.match[INTERFACE]}", line.span) for line in leases), report)
    return Interface(
        name=node.match[INTERFACE],
        addresses=tuple(_assigned(line) for line in lines if ADDRESS.name in line.spans),
        dhcp=bool(leases),
        routes=tuple(_route(line, report) for line in node.each("route")),
        mtu=None if mtu is None else mtu.match[MTU],
        description="" if description is None else description.match[DESCRIPTION],
        span=node.match.span,
    )


def _assigned(line: Match) -> Assigned:
    return Assigned(
        address=line[ADDRESS],
        virtual="virtual" in line.options,
        unmanaged="unmanaged" in line.options,
        span=line.spans[ADDRESS.name],
    )


def _route(node: Node, report: Report) -> Route:
    choice = node.match.choice
    if choice is None or choice.clause.word == "default":
        gateway = None if choice is None else choice.get(DEFAULT_GATEWAY)
        return Route(gateway=gateway, span=node.match.span)
    destination, gateway = choice[DESTINATION], choice[GATEWAY]
    if destination.version != gateway.version:
        what = f"the gateway {gateway} of route {destination} is of the other family"
        report(Diagnostic.error(choice.spans[GATEWAY.name], what))
    return Route(destination=destination, gateway=gateway, span=node.match.span)
