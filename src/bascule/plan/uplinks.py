"""Which gateway has the routes of a router: the first that is up, and while none is, the one that had them. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Final

from bascule.config.facts import Facts
from bascule.config.model import Address, Configuration, Host, Network, Router
from bascule.plan.model import (
    Endpoint,
    Gateway,
    HostState,
    NetworkPlan,
    PlannedRoute,
    ProbeTarget,
    RouterPlan,
)

EVERYTHING: Final[Mapping[int, Network]] = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}
"""Where a default route leads to, by IP version."""

States = Mapping[ProbeTarget, HostState]


def router_plans(configuration: Configuration, facts: Facts) -> tuple[RouterPlan, ...]:
    """Return the routers, with the gateways that are attached to this machine; none where routes are not ours to make."""
    if facts.no_addressing:
        return ()
    return tuple(
        _router(configuration, router, facts) for router in configuration.load_balancer.routers if not router.disabled
    )


def with_uplinks(
    network: NetworkPlan, routers: Sequence[RouterPlan], states: States, before: Collection[PlannedRoute]
) -> NetworkPlan:
    """Return the network with the routes of the routers as they are to be now.

    `before` are the routes of ours that there are, or were last: what stays where no gateway is up.
    """
    if not routers:
        return network
    led = {destination for router in routers for destination in router.destinations}
    kept = tuple(route for route in network.routes if route.destination not in led)
    return replace(network, routes=(*kept, *(route for router in routers for route in _routes(router, states, before))))


def leading(router: RouterPlan, network: NetworkPlan) -> Mapping[Network, PlannedRoute]:
    """Return the routes of a router that there are."""
    return {route.destination: route for route in network.routes if route.destination in router.destinations}


def led_by(routers: Sequence[RouterPlan], routes: Collection[PlannedRoute]) -> frozenset[ProbeTarget]:
    """Return what is probed of the gateways that have a route now."""
    return frozenset(
        gateway.target
        for router in routers
        for gateway in router.gateways
        for route in routes
        if gateway.target is not None and route.gateway == gateway.address and route.destination in router.destinations
    )


def _router(configuration: Configuration, router: Router, facts: Facts) -> RouterPlan:
    table = configuration.load_balancer.table(router.forward.table)
    gateways = () if table.disabled else tuple(_gateways(router, table.hosts, facts))
    return RouterPlan(name=router.name, destinations=_destinations(router, gateways), gateways=gateways, span=router.span)


def _destinations(router: Router, gateways: Sequence[Gateway]) -> tuple[Network, ...]:
    versions = sorted({gateway.address.version for gateway in gateways})
    wide = [EVERYTHING[version] for version in versions if None in router.destinations]
    return tuple(dict.fromkeys([*wide, *(each for each in router.destinations if each is not None)]))


def _gateways(router: Router, hosts: Sequence[Host], facts: Facts) -> Iterator[Gateway]:
    for host in hosts:
        interface = _attached(host.address, facts)
        if interface:
            yield Gateway(address=host.address, label=host.label, interface=interface, target=_target(router, host))


def _attached(address: Address, facts: Facts) -> str:
    """Return the interface whose own network holds an address; empty for none."""
    fitting = [(held.network.prefixlen, known.name) for known, held in facts.addresses() if address in held.network]
    return max(fitting, default=(0, ""), key=lambda found: found[0])[1]


def _target(router: Router, host: Host) -> ProbeTarget | None:
    forward = router.forward
    if forward.check is None:
        return None
    timing = forward.timing if host.fall is None else replace(forward.timing, fall=host.fall)
    endpoint = Endpoint(host.address, forward.port or 0)
    return ProbeTarget(endpoint=endpoint, check=forward.check, timing=timing, ttl=host.ttl)


def _routes(router: RouterPlan, states: States, before: Collection[PlannedRoute]) -> Iterator[PlannedRoute]:
    for destination in router.destinations:
        gateways = [each for each in router.gateways if each.address.version == destination.version]
        up = next((each for each in gateways if each.state(states) is HostState.UP), None)
        if up is not None:
            yield PlannedRoute(up.interface, destination, up.address)
        else:
            yield from (route for route in before if route.destination == destination)
