"""Whether a rule of the firewall matches a packet, by what the rule says and why it is there. Pure."""

from collections.abc import Collection
from typing import Final

from bascule.config.firewall import Address, Direction, End, Protocol
from bascule.plan.firewall import NEEDED_TYPES, Purpose, RulePlan
from bascule.plan.grounds import NOBODY, Grounds, Packet

_WITH_PORTS: Final[Collection[str]] = (Protocol.TCP, Protocol.UDP)


def asked(plan: RulePlan, direction: Direction) -> bool:
    """Return whether a rule is asked about packets that go this way; a port forward is on both ways in."""
    if plan.rule.forward is not None:
        return direction is not Direction.OUT
    return plan.rule.direction is direction


def matches(plan: RulePlan, packet: Packet, direction: Direction, known: Grounds) -> bool:
    """Return whether a rule that is asked matches: everything that it says is so."""
    rule = plan.rule
    return (
        plan.interface in {"", packet.interface}
        and _speaks(plan, packet)
        and _is_end(rule.source, packet.source, packet.source_port, known)
        and _is_end(rule.to, packet.destination, packet.port, known)
        and _in_zones(plan, packet, direction, known)
        and _serves(plan, packet, known)
    )


def _speaks(plan: RulePlan, packet: Packet) -> bool:
    rule = plan.rule
    if rule.protocol is None:
        with_ports = rule.source.ports is not None or rule.to.ports is not None
        return not with_ports or packet.protocol in _WITH_PORTS
    version = rule.protocol.version
    return packet.protocol == rule.protocol and version in {None, packet.source.version}


def _is_end(end: End, address: Address, port: int, known: Grounds) -> bool:
    if end.ports is not None and port not in end.ports:
        return False
    if end.network is not None:
        return end.network.version == address.version and address in end.network
    return not end.table or address in known.tables.get(end.table, NOBODY)


def _in_zones(plan: RulePlan, packet: Packet, direction: Direction, known: Grounds) -> bool:
    """Return whether a packet comes from, and goes to, the zones that a rule names."""
    rule = plan.rule
    coming, going = [rule.source.zone], [rule.to.zone]
    (going if direction is Direction.OUT else coming).append(rule.zone)
    wanted = [name for name in coming if name]
    if wanted and {known.zone(packet.interface, packet.source)} != set(wanted):
        return False
    wanted = [name for name in going if name]
    return not wanted or {known.zone(known.leaving(packet), packet.destination)} == set(wanted)


def _serves(plan: RulePlan, packet: Packet, known: Grounds) -> bool:
    """Return whether a generated rule is meant for a packet by what it does not say."""
    match plan.purpose:
        case Purpose.SPOOFING:
            return known.foreign(packet)
        case Purpose.EXCHANGE:
            return {packet.source, packet.destination} <= known.families[plan]
        case Purpose.NEIGHBOURS:
            return _needed(plan.rule.protocol, packet)
        case _:
            return True


def _needed(protocol: Protocol | None, packet: Packet) -> bool:
    """Return whether a packet that networks need is of a type that they do: only ICMP has types."""
    return protocol is None or protocol not in NEEDED_TYPES or packet.port in NEEDED_TYPES[protocol]
