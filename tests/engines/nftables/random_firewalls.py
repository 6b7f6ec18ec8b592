"""Random `firewall` blocks whose rules overlap, and the packets at the edges of what each of them says."""

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Final

from bascule.config.firewall import Address, Direction, End, Network, Ports, Rule
from bascule.plan.firewall import RulePlan
from bascule.plan.grounds import Packet
from bascule.plan.model import Plan

NETWORKS: Final = {
    4: (
        "10.70.0.0/16",
        "10.70.1.0/24",
        "10.80.0.0/16",
        "10.80.2.0/24",
        "10.80.1.1",
        "10.80.2.2",
        "10.90.0.0/16",
        "203.0.113.0/28",
    ),
    6: ("fd70::/64", "fd70::1:0/112", "fd80::/64", "fd80::2:0/112", "fd80::1:1", "fd80::2:2", "fd90::/64", "2001:db8::/60"),
}
OWN: Final = {4: ("10.70.0.2", "10.80.0.2", "10.80.0.10"), 6: ("fd70::2", "fd80::2", "fd80::10")}
TARGETS: Final = {
    4: ("10.80.0.10", "10.90.1.1", "10.80.1.1", "10.90.0.2"),
    6: ("fd80::10", "fd90::1:1", "fd80::1:1", "fd90::2"),
}
"""Where port forwards lead: the relays' address, others, and one more of our own."""
_ROUTED: Final = {4: "203.0.113.5", 6: "2001:db8::5"}
_PORTS: Final = ("22", "80", "135", "443", "80:90", "1024:2047", "8443")
_ZONES: Final = ("internal", "external", "odd")
_ZONED: Final = (
    "interface eth0",
    "interface eth1",
    "interface eth2",
    "from 10.80.0.0/16",
    "from fd80::/64",
    "from 10.70.1.0/24",
    "from 2001:db8::/60",
)
INTERFACES: Final = ("eth0", "eth1", "eth2")


@dataclass(frozen=True)
class Block:
    """A `firewall` block: its rules, one a line, and what they stand between."""

    zones: Sequence[str]
    rules: Sequence[str]

    @property
    def text(self) -> str:
        """Return it as a configuration has it."""
        return "firewall {\n" + "".join(f"\t{line}\n" for line in (*self.zones, *self.rules)) + "}\n"

    def only(self, rules: Collection[int]) -> "Block":
        """Return it with some of its rules."""
        return replace(self, rules=[rule for number, rule in enumerate(self.rules) if number in rules])


def random_block(chance: random.Random, version: int) -> Block:
    """Return a block with zones, tables, rules, runs of rules and port forwards."""
    zones = sorted({"internal", *chance.sample(_ZONES, 2)}, key=lambda _: chance.random())
    lines = [f"zone {name} {{ {'; '.join(chance.sample(_ZONED, chance.randrange(1, 3)))}; }}" for name in zones]
    lines += [
        f"table <{name}> {{ {'; '.join(chance.sample(NETWORKS[version], chance.randrange(1, 4)))}; }}" for name in "ab"
    ]
    runs = [_random_rules(chance, version, zones) for _ in range(chance.randrange(6, 14))]
    if chance.random() < 0.6:
        there, here = chance.choice(zones), chance.choice(zones)
        lines.append(f"nat on {there} from {here}")
        runs.insert(chance.randrange(len(runs)), [f"pass through on {here} to {chance.choice((there, 'any'))}"])
    return Block(lines, [rule for run in runs for rule in run])


def _random_rules(chance: random.Random, version: int, zones: Sequence[str]) -> Sequence[str]:
    """Return one rule, or a run of them."""
    if chance.random() < 0.25:
        return [_random_forward(chance, version, zones)]
    direction = chance.choice(("in", "in", "through", "through", "out"))
    words = [chance.choice(("pass", "pass", "block", "reject")), direction, chance.choice(("", "", "log"))]
    zoned = chance.random() < 0.3
    words.append(f"on {chance.choice(zones)}" if zoned else "")
    protocol = chance.choice(("", "proto tcp", "proto udp", "proto icmp" if version == 4 else "proto icmp6"))
    ports = [chance.choice(("", f" port {chance.choice(_PORTS)}")) if "icmp" not in protocol else "" for _ in range(2)]
    source = _random_end(chance, version, zones if not zoned and direction != "out" else ())
    target = _random_end(chance, version, zones if direction == "through" else ())
    if direction == "in" and chance.random() < 0.5:
        target = chance.choice(OWN[version])
    words += [protocol, f"from {source}{ports[0] if chance.random() < 0.3 else ''}"]
    if chance.random() < 0.25:
        return [
            " ".join(filter(None, (*words, f"to {more}{port}"))) for more, port in _run(chance, version, target, ports[1])
        ]
    return [" ".join(filter(None, (*words, f"to {target}{ports[1]}")))]


def _random_end(chance: random.Random, version: int, zones: Sequence[str]) -> str:
    kind = chance.random()
    if zones and kind < 0.3:
        return chance.choice(zones)
    if kind < 0.5:
        return f"<{chance.choice('ab')}>"
    return chance.choice(("any", *NETWORKS[version]))


def _run(chance: random.Random, version: int, target: str, port: str) -> Iterator[tuple[str, str]]:
    """Yield several targets, or ports, or both, some of which overlap."""
    varies = chance.choice(("target", "port", "both")) if port else "target"
    for _ in range(chance.randrange(2, 6)):
        network = chance.choice(NETWORKS[version]) if varies != "port" else target
        yield network, f" port {chance.choice(_PORTS)}" if varies != "target" else port


def _random_forward(chance: random.Random, version: int, zones: Sequence[str]) -> str:
    asked = chance.choice((*OWN[version][:2], _ROUTED[version], *NETWORKS[version][5:6]))
    protocol, port = chance.choice(("tcp", "tcp", "udp")), chance.choice(("443", "8443", "80:90"))
    source = _random_end(chance, version, ())
    zone = f"on {chance.choice(zones)} " if chance.random() < 0.4 else ""
    target, other = chance.choice(TARGETS[version]), chance.choice(("443", "8080"))
    more = f" port {other}" if ":" not in port and chance.random() < 0.7 else ""
    direction = chance.choice(("in", "through"))
    return f"pass {direction} {zone}proto {protocol} from {source} to {asked} port {port} forward to {target}{more}"


# --- packets ---------------------------------------------------------------------------------------------------------


def edge_packets(chance: random.Random, plan: Plan, version: int, *, each: int) -> Iterator[Packet]:
    """Yield packets at the edges of every rule of a plan: first and last address and port, and one beside them."""
    assert plan.firewall is not None
    number = 20_000
    for rule in plan.firewall.all_rules:
        for _ in range(each if rule.purpose is None else each // 3):
            number += 1
            packet = _edge_packet(chance, rule, plan, version, number)
            if packet is not None:
                yield packet


def _edge_packet(chance: random.Random, plan: RulePlan, whole: Plan, version: int, number: int) -> Packet | None:
    rule = plan.rule
    source = _edge(chance, _network(chance, rule.source, whole, version, rule.zone))
    destination = _edge(chance, _network(chance, rule.to, whole, version))
    if rule.direction is Direction.IN and rule.to.network is None:
        destination = ip_address(chance.choice(OWN[version]))
    if rule.direction is Direction.OUT:
        source = ip_address(OWN[version][0])
    if not _usual(source) or not _usual(destination):
        return None
    protocol = _protocol(chance, rule, version)
    port = _edge_port(chance, rule.to.ports)
    if protocol.startswith("icmp"):
        port = 128 if version == 6 else chance.choice((8, 8, 13))
    with_ports = rule.source.ports is not None and not protocol.startswith("icmp")
    return Packet(
        interface="" if rule.direction is Direction.OUT else _interface(chance, whole, source),
        source=source,
        source_port=_edge_port(chance, rule.source.ports) if with_ports else number,
        destination=destination,
        protocol=protocol,
        port=port,
        syn=protocol != "tcp" or chance.random() < 0.85,
    )


def _usual(address: Address) -> bool:
    return not (address.is_multicast or address.is_unspecified or address.is_loopback or address.is_link_local)


def _interface(chance: random.Random, plan: Plan, source: Address) -> str:
    """Return where a packet comes in: mostly where its source is at home."""
    assert plan.firewall is not None
    homes = [
        interface
        for interface, networks in plan.firewall.homes.items()
        if any(network.version == source.version and source in network for network in networks)
    ]
    return chance.choice(homes if homes and chance.random() < 0.85 else INTERFACES)


def _protocol(chance: random.Random, rule: Rule, version: int) -> str:
    if rule.protocol is not None and chance.random() < 0.9:
        wrong = {"icmp": 6, "icmp6": 4}.get(rule.protocol.value)
        if wrong != version and rule.protocol.value in ("tcp", "udp", "icmp", "icmp6"):
            return rule.protocol.value
    return chance.choice(("tcp", "udp", "icmp" if version == 4 else "icmp6"))


def _network(chance: random.Random, end: End, plan: Plan, version: int, zone: str = "") -> Network:
    """Return a network at whose edges a rule's end may end: its own, one of its zone or table, or any."""
    assert plan.firewall is not None
    known: list[Network] = [end.network] if end.network is not None else []
    known += [
        network
        for each_zone in plan.firewall.zones
        if each_zone.name in {zone, end.zone} - {""}
        for each in each_zone.regions
        for network in each.networks
    ]
    known += [network for table in plan.firewall.tables if table.name == end.table for network in table.networks]
    fitting = [network for network in known if network.version == version and network.prefixlen > 8]
    return chance.choice(fitting or [*map(ip_network, NETWORKS[version])])


def _edge(chance: random.Random, network: Network) -> Address:
    step = chance.choice((0, 0, 0, 1, -1))
    address = chance.choice((network.network_address, network.broadcast_address))
    return address + step


def _edge_port(chance: random.Random, ports: Ports | None) -> int:
    if ports is None:
        return chance.choice((22, 80, 443, 8443, 9999))
    return max(1, min(65535, chance.choice((ports.first, ports.last)) + chance.choice((0, 0, 0, 1, -1))))
