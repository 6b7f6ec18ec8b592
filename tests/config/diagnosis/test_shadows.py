"""A rule is said never to decide only where that is so."""

import random
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Final, NamedTuple

from bascule.config.diagnosis.shadows import shadowed
from bascule.config.firewall import ANY, Action, Direction, End, PortForward, Ports, Protocol, Rule

SETS: Final = 150
OURS: Final = frozenset({ip_address("192.0.2.0")})
ZONES: Final = ("a", "b")
ADDRESSES: Final = tuple(ip_address(f"192.0.2.{number}") for number in range(3))
PORTS: Final = (1, 2, 3)


class Packet(NamedTuple):
    """A packet; each of the two tables holds the one address that ends with its name."""

    direction: Direction
    zone: str
    far: str
    source: int
    to: int
    protocol: Protocol
    sender: int
    port: int


def packets() -> Iterator[Packet]:
    """Yield every packet of a small world, in which what goes in goes to our address."""
    for packet in product(
        Direction, ZONES, ZONES, range(3), range(3), (Protocol.TCP, Protocol.UDP, Protocol.ICMP), (1, 2), PORTS
    ):
        found = Packet(*packet)
        if (found.direction is Direction.IN) == (ADDRESSES[found.to] in OURS):
            yield found


def _at(end: End, zone: str, address: int, port: int, protocol: Protocol) -> bool:
    right = not end.zone or end.zone == zone
    right = right and (not end.table or end.table == str(address))
    right = right and (end.network is None or ADDRESSES[address] in end.network)
    return right and (end.ports is None or (protocol.has_ports and port in end.ports))


def matches(rule: Rule, packet: Packet) -> bool:
    """Whether a rule matches a packet, told the long way."""
    direction, zone, far, source, to, protocol, sender, port = packet
    ways = (rule.direction,) if rule.forward is None else (Direction.IN, Direction.THROUGH)
    side = far if rule.direction is Direction.OUT else zone
    if direction not in ways or rule.zone not in ("", side) or rule.protocol not in (None, protocol):
        return False
    return _at(rule.source, zone, source, sender, protocol) and _at(rule.to, far, to, port, protocol)


def _end(chance: random.Random, *, zone: bool) -> End:
    ends = [ANY, ANY, End(network=ip_network("192.0.2.0/31")), End(network=ip_network("192.0.2.1/32")), End(table="1")]
    return chance.choice([*ends, *(End(zone=name) for name in ZONES if zone)])


def _rule(chance: random.Random) -> Rule:
    direction = chance.choice(list(Direction))
    first = chance.choice(PORTS)
    protocol = chance.choice((None, Protocol.TCP, Protocol.UDP, Protocol.ICMP))
    ports = chance.choice((None, Ports(first, first), Ports(first, 3)))
    sender = chance.choice((None, None, None, Ports(1, 1)))
    if protocol is Protocol.ICMP:
        ports = sender = None
    rule = Rule(
        action=Action.PASS,
        direction=direction,
        zone=chance.choice(("", "", *ZONES)),
        protocol=protocol,
        source=replace(_end(chance, zone=direction is not Direction.OUT), ports=sender),
        to=replace(_end(chance, zone=direction is not Direction.IN), ports=ports),
    )
    if direction is Direction.OUT or protocol not in (Protocol.TCP, Protocol.UDP) or chance.random() < 0.5:
        return rule
    to = End(network=ip_network(chance.choice(("192.0.2.0/32", "192.0.2.2/32"))), ports=Ports(first, first))
    return replace(rule, to=to, forward=PortForward(address=ip_address("198.51.100.1")))


def test_what_never_decides_is_what_one_earlier_rule_takes_whole() -> None:
    """In random rule sets over a small world, tried out with every packet there is."""
    chance, world, told = random.Random(12), list(packets()), 0
    for _ in range(SETS):
        rules = [_rule(chance) for _ in range(12)]
        taken = [frozenset(number for number, packet in enumerate(world) if matches(rule, packet)) for rule in rules]
        found = {rules.index(rule): rules.index(earlier) for rule, earlier in shadowed(rules, OURS)}
        for later, earlier in found.items():
            assert taken[later] <= taken[earlier], (rules[later], rules[earlier])
        told += len(found)
    assert told > SETS / 2
