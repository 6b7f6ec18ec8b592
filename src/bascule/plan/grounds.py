"""What a verdict goes by besides the rules: the zones, the tables as they are now, and the machine's addresses and ways.

Made once for many packets. Pure.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface
from typing import Final, Self

from bascule.config.facts import Facts
from bascule.config.firewall import Address, Network, Protocol
from bascule.config.model import EngineName, InterfaceAddress
from bascule.plan.firewall import FirewallPlan, Purpose, RulePlan
from bascule.plan.model import Endpoint, Plan, RelayPlan
from bascule.plan.spread import Spread

LOOPBACK: Final = "lo"
NOWHERE: Final = "?"
"""In place of the interface of a client that no route leads to: none that a zone names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """The first packet of a new session, as it comes in or leaves: before anything is rewritten."""

    interface: str
    """The one that it comes in by; empty is what this machine sends itself."""
    source: Address
    source_port: int = 0
    destination: Address
    protocol: str
    """One of `config.firewall.Protocol`, or another name that no rule knows."""
    port: int = 0
    """Where it goes to; of ICMP, its type; 0 where the protocol has none."""
    leaving: str | None = None
    """The interface that it leaves by; None asks the routes."""
    syn: bool = True
    """Of TCP: it asks for a session. Any other packet without a session is a stray one."""

    @property
    def own(self) -> bool:
        """Tell whether this machine sends it."""
        return self.interface in {"", LOOPBACK}

    @property
    def stray(self) -> bool:
        """Tell whether it is of TCP and begins no session."""
        return self.protocol == Protocol.TCP and not self.syn


@dataclass(frozen=True, slots=True)
class Addresses:
    """Networks of both IP versions to look an address up in."""

    version4: Spread
    version6: Spread

    @classmethod
    def of(cls, networks: Collection[Network]) -> Self:
        """Return what some networks hold."""
        return cls(Spread.of(4, networks), Spread.of(6, networks))

    def __contains__(self, address: Address) -> bool:
        return address in self.version4 or address in self.version6


NOBODY = Addresses.of(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Everything that is looked up while rules are walked."""

    plan: Plan
    firewall: FirewallPlan
    local: frozenset[Address]
    """The machine's addresses, virtual ones it holds among them."""
    broadcast: frozenset[Address] = frozenset()
    """Of the networks that it is attached to."""
    towards: Callable[[Address], str]
    """The interface that leads to an address; empty where none does."""
    facing: Callable[[Address], Sequence[Address]]
    """The address of this machine that somebody there connects to, if it has one of that IP version."""
    tables: Mapping[str, Addresses] = field(default_factory=dict)
    homes: Mapping[str, Addresses] = field(default_factory=dict)
    zones: Mapping[str, Sequence[tuple[str, Addresses]]] = field(default_factory=dict)
    """What zones have of each interface that one names; empty is every other."""
    families: Mapping[RulePlan, frozenset[Address]] = field(default_factory=dict)
    """By the rule that lets them be."""

    def zone(self, interface: str, address: Address) -> str:
        """Return the zone that an address at an interface is in; empty where it is in none."""
        there = self.zones.get(interface) or self.zones.get("", ())
        return next((name for name, addresses in there if address in addresses), "")

    def leaving(self, packet: Packet) -> str:
        """Return the interface that a packet leaves by, as long as nothing rewrites it."""
        return self.towards(packet.destination) if packet.leaving is None else packet.leaving

    def stays(self, packet: Packet) -> bool:
        """Return whether a packet goes to this machine, or to everybody on a network of it."""
        to = packet.destination
        return to in self.local or to.is_multicast or to in self.broadcast

    def taking(self, packet: Packet) -> RelayPlan | None:
        """Return the relay or redirect that listens where a packet goes, for a client who comes from there.

        A proxy knows no zones: it takes whom the rules let in.
        """
        return next((relay for relay in self.plan.relays if self._takes(relay, packet)), None)

    def _takes(self, relay: RelayPlan, packet: Packet) -> bool:
        if not any(meets(packet, listen) for listen in relay.listens):
            return False
        zone = relay.zone if relay.engine is EngineName.KERNEL else ""
        if packet.own:  # it has come in nowhere
            return not relay.interface and not zone
        return relay.interface in {"", packet.interface} and zone in {"", self.zone(packet.interface, packet.source)}

    def resumes(self, packet: Packet) -> bool:
        """Return whether a packet of no session, which does not ask for one, is judged as if it did.

        So it is where relays in the kernel pick sessions up in mid-stream, where administrators come in, whose packets no
        session is kept of, and between hosts of one family, which nothing may come between.
        """
        if self.related(packet.source, packet.destination):
            return True
        relay = self.taking(packet)
        if relay is not None and relay.engine is EngineName.KERNEL:
            return True
        forwarded = (each.place for relay in self.plan.relays for each in relay.forwarded)
        return any(meets(packet, place) for place in (*forwarded, *self.plan.admin.untracked))

    def foreign(self, packet: Packet) -> bool:
        """Return whether a packet's source cannot come from where it came in."""
        own = packet.source in self.local
        attached = any(packet.source in networks for networks in self.homes.values())
        return own or (attached and packet.source not in self.homes.get(packet.interface, NOBODY))

    def near(self, one: Address, other: Address) -> bool:
        """Return whether two addresses are of one attached network, so that what one sends the other need not pass us."""
        return any(
            one.version == network.version == other.version and one in network and other in network
            for networks in self.firewall.homes.values()
            for network in networks
        )

    def related(self, one: Address, other: Address) -> bool:
        """Return whether two addresses are hosts of one family."""
        return any({one, other} <= family for family in self.firewall.families)


def grounds(plan: Plan, facts: Facts, *, members: Mapping[str, Iterable[Network]] | None = None) -> Grounds | None:
    """Return what verdicts over a plan go by, or None where it has no firewall.

    `members` are the addresses that rules' limits have put into tables, by the table's name.
    """
    firewall = plan.firewall
    if firewall is None:
        return None
    more = members or {}
    held = [each for _, each in facts.addresses()]
    return Grounds(
        plan=plan,
        firewall=firewall,
        local=frozenset(each.ip for each in held),
        broadcast=frozenset(_broadcast(held)),
        towards=lambda address: "" if (found := facts.towards(address)) is None else found.name,
        facing=lambda client: _facing(client, plan, facts),
        tables={table.name: Addresses.of([*table.networks, *more.get(table.name, ())]) for table in firewall.tables},
        homes={interface: Addresses.of(networks) for interface, networks in firewall.homes.items()},
        zones=_zones(firewall),
        families=dict(
            zip((each for each in firewall.before if each.purpose is Purpose.EXCHANGE), firewall.families, strict=True)
        ),
    )


def _zones(firewall: FirewallPlan) -> Mapping[str, Sequence[tuple[str, Addresses]]]:
    found: dict[str, list[tuple[str, Addresses]]] = {}
    for zone in firewall.zones:
        for region in zone.regions:
            found.setdefault(region.interface, []).append((zone.name, Addresses.of(region.networks)))
    return found


def _facing(client: Address, plan: Plan, facts: Facts) -> Sequence[Address]:
    """Return the node's own address at the interface that leads to a client, else any, as far as there is one."""
    own = [address for address in plan.own if address.version == client.version]
    towards = facts.towards(client)
    near = [held.ip for held in (() if towards is None else towards.addresses) if held.ip in own]
    return (near or own)[:1]


def _broadcast(held: Iterable[InterfaceAddress]) -> Iterator[Address]:
    """Yield the addresses that reach everybody on the networks that addresses are of; IPv6 has none."""
    yield IPv4Address("255.255.255.255")
    for each in held:
        if isinstance(each, IPv4Interface) and each.network.num_addresses > 2:  # noqa: PLR2004 - else two ends of a line
            yield each.network.broadcast_address


def meets(packet: Packet, place: Endpoint) -> bool:
    """Return whether a packet goes to a place."""
    return packet.destination == place.address and packet.protocol == place.transport.value and packet.port in place.ports
