"""Interfaces and routes for people: what the machine has, and whose it is by the running configuration."""

from collections.abc import Iterator, Sequence

from bascule.config.model import Configuration, Interface, InterfaceAddress
from bascule.plan.model import Plan
from bascule.service.network import AddressRow, InterfaceRow, Interfaces, RouteRow, Routes, TrafficRow
from bascule.system.surroundings import HeldAddress, InterfaceState, RouteState, Traffic

_LOOPBACK = "lo"


def interface_rows(
    states: Sequence[InterfaceState], configuration: Configuration, given: frozenset[tuple[str, InterfaceAddress]]
) -> Interfaces:
    """Return every interface; `given` are the addresses that Bascule gave, by interface."""
    named = {interface.name: interface for interface in configuration.interfaces}
    here = {state.name for state in states}
    rows = [_row(state, named.get(state.name), configuration, given) for state in states]
    missing = [_missing(interface, configuration) for interface in configuration.interfaces if interface.name not in here]
    return Interfaces(interfaces=tuple(sorted((*rows, *missing), key=lambda row: (row.name == _LOOPBACK, row.name))))


def _row(
    state: InterfaceState,
    named: Interface | None,
    configuration: Configuration,
    given: frozenset[tuple[str, InterfaceAddress]],
) -> InterfaceRow:
    held = {each.address.ip for each in state.addresses}
    lines = () if named is None else named.addresses
    virtual = {line.address.ip for line in lines if line.virtual}
    lacking = [
        AddressRow(address=str(line.address), virtual=line.virtual, state="missing")
        for line in lines
        if not line.unmanaged and line.address.ip not in held
    ]
    return InterfaceRow(
        name=state.name,
        state="down" if not state.up else "up" if state.carrier else "no carrier",
        description=state.alias,
        mtu=state.mtu,
        hardware="" if state.name == _LOOPBACK else state.hardware,
        zones=tuple(_zones(state.name, configuration)),
        addresses=(
            *(
                AddressRow(
                    address=str(each.address),
                    virtual=each.address.ip in virtual,
                    ours=(state.name, each.address) in given,
                    state=_state(each),
                )
                for each in state.addresses
            ),
            *lacking,
        ),
        received=_traffic(state.received),
        sent=_traffic(state.sent),
    )


def _missing(interface: Interface, configuration: Configuration) -> InterfaceRow:
    return InterfaceRow(
        name=interface.name,
        state="missing",
        description=interface.description,
        zones=tuple(_zones(interface.name, configuration)),
        addresses=tuple(
            AddressRow(address=str(line.address), virtual=line.virtual, state="missing") for line in interface.addresses
        ),
    )


def _zones(name: str, configuration: Configuration) -> Iterator[str]:
    if configuration.firewall is not None:
        yield from (zone.name for zone in configuration.firewall.zones if name in zone.interfaces)


def _state(held: HeldAddress) -> str:
    return "duplicate" if held.duplicated else "tentative" if held.tentative else ""


def _traffic(traffic: Traffic) -> TrafficRow:
    return TrafficRow(bytes=traffic.bytes, packets=traffic.packets, errors=traffic.errors, dropped=traffic.dropped)


def route_rows(states: Sequence[RouteState], plan: Plan) -> Routes:
    """Return every route, with the router of the plan that leads by it."""
    ordered = sorted(states, key=lambda each: (each.destination.version, each.destination, each.metric, each.interface))
    return Routes(
        routes=tuple(
            RouteRow(
                destination=str(state.destination) if state.destination.prefixlen else "default",
                kind=state.kind,
                gateway="" if state.gateway is None else str(state.gateway),
                interface=state.interface,
                version=state.destination.version,
                metric=state.metric,
                by=state.protocol,
                router=_router(state, plan),
            )
            for state in ordered
        )
    )


def _router(state: RouteState, plan: Plan) -> str:
    """Return the name of the router whose route it is; empty of every other."""
    for router in plan.routers:
        gateways = {gateway.address for gateway in router.gateways}
        if state.protocol == "bascule" and state.destination in router.destinations and state.gateway in gateways:
            return router.name
    return ""
