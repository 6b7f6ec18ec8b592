"""The firewall of a configuration: zones, address tables, rules and what leaves with our address. Frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

from bascule.config.diagnostics import Span

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


def _span() -> Span:
    return field(default=Span(), compare=False, repr=False)


def _spans() -> Mapping[str | Network, Span]:
    return field(default_factory=dict, compare=False, repr=False)


class Action(StrEnum):
    """What a rule does with a packet that it matches."""

    PASS = "pass"  # noqa: S105 - no password
    BLOCK = "block"
    """It is dropped, and nobody is told."""
    REJECT = "reject"
    """It is dropped, and its sender is told: TCP by a reset, the rest by an ICMP message."""


class Direction(StrEnum):
    """Which way a packet goes."""

    IN = "in"
    """To this machine: to an address of its own, or to where a relay or redirect listens."""
    THROUGH = "through"
    """From one network to another."""
    OUT = "out"
    """From this machine."""


class Protocol(StrEnum):
    """What a rule knows of protocols."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    ICMP6 = "icmp6"
    IGMP = "igmp"
    ESP = "esp"
    AH = "ah"
    GRE = "gre"

    @property
    def has_ports(self) -> bool:
        """Tell whether its packets have ports."""
        return self in (Protocol.TCP, Protocol.UDP)

    @property
    def version(self) -> int | None:
        """Return the one IP version that it belongs to, or None."""
        return {Protocol.ICMP: 4, Protocol.IGMP: 4, Protocol.ICMP6: 6}.get(self)


def shown(network: Network) -> str:
    """Return a network as people write it: one address without its length."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)


@dataclass(frozen=True, slots=True)
class Ports:
    """A port, or a range of ports."""

    first: int
    last: int

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int) and self.first <= port <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}:{self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of a rule: at most one of the three is given; none of them is `any`."""

    network: Network | None = None
    """An address is a network of one."""
    zone: str = ""
    table: str = ""
    """Without its angle brackets."""
    ports: Ports | None = None
    """None is every port, and protocols without ports."""

    @property
    def anywhere(self) -> bool:
        """Tell whether every address is meant."""
        return self.network is None and not self.zone and not self.table

    @property
    def one(self) -> Address | None:
        """Return the address where it is one."""
        network = self.network
        return network.network_address if network is not None and network.num_addresses == 1 else None


ANY = End()


@dataclass(frozen=True, slots=True, kw_only=True)
class PortForward:
    """`forward to ADDRESS [port P]`: where the packets of a rule go instead."""

    address: Address
    port: int | None = None
    """None keeps the port that the client asked for."""


OVERLOADED_FOR: Final = timedelta(hours=1)
"""How long a source over a limit stays in its table where the text does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLimit:
    """`limit [sessions N] [rate N] [overload <TABLE> [for T]]`: what one source address may do by a rule that passes."""

    sessions: int | None = None
    """At the same time."""
    rate: int | None = None
    """New ones in a second."""
    overload: str = ""
    """The table that a source over a limit goes into; empty is none."""
    overload_for: timedelta = OVERLOADED_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`pass|block|reject in|out|through …`: the first that matches a new session's first packet decides."""

    action: Action
    direction: Direction
    log: bool = False
    zone: str = ""
    """`on ZONE`: of `in` and `through`, where the packet comes from; of `out`, where it goes."""
    protocol: Protocol | None = None
    """None is any; a rule with ports and without a protocol means TCP and UDP."""
    source: End = ANY
    to: End = ANY
    """A `port` of the rule itself stands in here, as one of its `to` does."""
    forward: PortForward | None = None
    """Only of `pass in` and `pass through`, with `to` an address of one, a port and TCP or UDP."""
    limit: SourceLimit | None = None
    """Only of `pass`."""
    label: str = ""
    """What logs and counters call it."""
    text: str = field(default="", compare=False)
    """As the operator wrote it, without what stands around it."""
    span: Span = _span()

    @property
    def title(self) -> str:
        """Return what to call it: its label, else its text."""
        return self.label or self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Nat:
    """`nat on ZONE from ZONE`: what goes from one zone to another leaves with our address."""

    to_zone: str
    from_zone: str
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A `zone NAME` block. Both must match where both are given; several of a kind are alternatives; the first wins."""

    name: str
    interfaces: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    span: Span = _span()
    spans: Mapping[str | Network, Span] = _spans()
    """Where each interface and network stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressTable:
    """A `table <NAME>` block of the firewall: addresses that rules name."""

    name: str
    networks: tuple[Network, ...] = ()
    """As the text writes them."""
    files: tuple[str, ...] = ()
    """Absolute paths; a network or an address a line, `#` begins a comment."""
    timeout: timedelta | None = None
    """How long an address stays that a command puts in; None is for ever."""
    span: Span = _span()
    spans: Mapping[str | Network, Span] = _spans()
    """Where each network and file stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """The `firewall` block. With it `in` and `through` block what no rule passes, and `out` passes."""

    zones: tuple[Zone, ...] = ()
    tables: tuple[AddressTable, ...] = ()
    rules: tuple[Rule, ...] = ()
    """In the order of the text."""
    nats: tuple[Nat, ...] = ()
    span: Span = _span()
