"""What the machine's interfaces shall have: the addresses and routes of the text, where they are ours to give. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bascule.config.facts import Facts, InterfaceFacts, RouteFacts
from bascule.config.model import Configuration, Interface, InterfaceAddress, Network, Route
from bascule.plan.model import LinkPlan, NetworkPlan, PlannedAddress, PlannedRoute
from bascule.plan.uplinks import EVERYTHING

_LONGEST_ALIAS: Final = 255


def network_plan(configuration: Configuration, facts: Facts, sysctls: Mapping[str, str]) -> NetworkPlan:
    """Return what interfaces that are here shall have.

    An interface that the machine lacks gets nothing until it comes; addresses that somebody else keeps are left to him.
    """
    if facts.no_addressing:
        return NetworkPlan(sysctls=sysctls)
    here = _here(configuration, facts)
    return NetworkPlan(
        sysctls=sysctls,
        links={one.name: LinkPlan(mtu=one.mtu, alias=_alias(one.description)) for one in here},
        addresses=tuple(address for interface in here for address in _addresses(interface)),
        routes=tuple(route for interface in here for route in _routes(interface)),
        left=frozenset(PlannedAddress(one.name, line.address) for one in here for line in one.addresses if line.unmanaged),
        changeable=True,
    )


def promised(configuration: Configuration, facts: Facts) -> Facts:
    """Return the machine as it will be once it has what the text gives it: what the rest of a plan goes by.

    What a former configuration gave is still there as long as it is, and is gone from the facts soon after.
    """
    if facts.no_addressing:
        return facts
    named = {interface.name: interface for interface in _here(configuration, facts)}
    new = {known.name: tuple(_new(known, named.get(known.name))) for known in facts.interfaces}
    interfaces = tuple(replace(known, addresses=(*known.addresses, *new[known.name])) for known in facts.interfaces)
    ways = [
        *(_connected(name, address) for name, addresses in new.items() for address in addresses),
        *(_way(route) for interface in named.values() for route in _routes(interface)),
    ]
    return replace(facts, interfaces=interfaces, routes=(*facts.routes, *(way for way in ways if way not in facts.routes)))


def _alias(description: str) -> str | None:
    """Return what of a description the kernel keeps: 255 bytes (IFALIASZ of linux/if.h), on one line."""
    line = "".join(char if char.isprintable() else " " for char in description)
    return line.encode()[:_LONGEST_ALIAS].decode(errors="ignore") or None


def _here(configuration: Configuration, facts: Facts) -> Sequence[Interface]:
    return [interface for interface in configuration.interfaces if facts.interface(interface.name) is not None]


def _addresses(interface: Interface) -> Iterator[PlannedAddress]:
    for line in interface.addresses:
        if not line.unmanaged:
            yield PlannedAddress(interface.name, line.address, line.virtual)


def _routes(interface: Interface) -> Iterator[PlannedRoute]:
    for route in interface.routes:
        if route.gateway is not None:
            yield PlannedRoute(interface.name, _destination(route), route.gateway)


def _destination(route: Route) -> Network:
    """Return where a route with a gateway leads to."""
    assert route.gateway is not None, "a route without a gateway changes nothing"
    return route.destination or EVERYTHING[route.gateway.version]


def _new(known: InterfaceFacts, interface: Interface | None) -> Iterator[InterfaceAddress]:
    """Yield what an interface will hold that it does not hold yet."""
    held = {address.ip for address in known.addresses}
    planned = () if interface is None else _addresses(interface)
    yield from (each.address for each in planned if each.address.ip not in held)


def _connected(interface: str, address: InterfaceAddress) -> RouteFacts:
    """Return the route that an address brings with it."""
    return RouteFacts(destination=address.network, interface=interface)


def _way(route: PlannedRoute) -> RouteFacts:
    return RouteFacts(destination=route.destination, interface=route.interface, metric=1, gateway=route.gateway)
