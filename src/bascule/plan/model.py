"""The plan: what shall be, compiled from a configuration, the machine's facts and the states of the hosts.

Pure values. Engines make the machine equal to them; `explain` walks them; nothing here knows how either is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Final

from bascule.config.diagnostics import Span
from bascule.config.model import (
    NO_LIMITS,
    Address,
    Check,
    EngineName,
    InterfaceAddress,
    KeyFiles,
    Kind,
    Limits,
    Mode,
    Network,
    OnDown,
    OnEmpty,
    OnRemove,
    RpcCheck,
    Timing,
    Transport,
)
from bascule.plan.firewall import FirewallPlan
from bascule.plan.orders import Duty

NO_HOST: Final = -1
"""Stands in a slot that no live host may take."""

FIRST_MARK: Final = 0x1BA50001
LAST_MARK: Final = 0x1BA5FFFF
OUR_MARKS: Final = 0xFFFF0000
"""Conntrack marks of Bascule, and the bits that they share.

A mark names a pool and a host, so that one service's dead host ends its sessions only.
"""

_LONGEST_SERVICE: Final = 100
"""Characters; the kernel keeps 127 of a comment."""


class HostState(StrEnum):
    """What the checks say of a host, for one service."""

    UNKNOWN = "unknown"
    """Not probed yet: takes no clients."""
    UP = "up"
    DOWN = "down"
    MAINTENANCE = "maintenance"
    """Its administrator has taken it out by Exchange's own means: it takes no new clients, and keeps those it has."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and a port, or a range of ports."""

    address: Address
    port: int
    """0 stands for the port that the client asked for, whichever that is."""
    last: int = 0
    """The last port of a range; 0 where it is one port."""
    transport: Transport = Transport.TCP

    def __hash__(self) -> int:  # of thousands, many times a second: an address hashes its text, an enumeration its name
        return hash((int(self.address), self.port))

    @property
    def ports(self) -> range:
        """Return every port of it."""
        return range(self.port, (self.last or self.port) + 1)

    def __str__(self) -> str:
        over = "" if self.transport is Transport.TCP else f"/{self.transport}"
        if not self.port:
            return f"{self.address}{over}"
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)  # noqa: PLR2004 - IP version
        return f"{host}:{self.port}{f'-{self.last}' if self.last else ''}{over}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTarget:
    """What is probed, how and when: the key under which a host's state is kept."""

    endpoint: Endpoint
    check: Check
    timing: Timing
    ttl: int | None = None
    """Of the packets that are sent; None is the system's."""
    _hash: int = field(init=False, repr=False, compare=False)
    """Reckoned once: states are looked up by it with every result of every host."""

    @property
    def ports(self) -> tuple[int, ...]:
        """Return the ports that are called, as far as they are known beforehand."""
        if not isinstance(self.check, RpcCheck):
            return (self.endpoint.port,)
        served = (place.first for place in self.check.ports if place.first == place.last)
        return tuple(dict.fromkeys((self.check.mapper, *served)))

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.endpoint, self.check, self.timing, self.ttl)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A probe to run: a target, and our own address that its packets leave from."""

    target: ProbeTarget
    source: Address | None = None
    """None lets the kernel choose (loopback, and hosts that no route leads to)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolHost:
    """A host as one pool sees it."""

    endpoint: Endpoint
    label: str
    table: str = ""
    """The table it stands in."""
    tier: int = 0
    """Which `forward to` line names it: hosts of a later line take clients only where no earlier one has a live host."""
    weight: int = 1
    mark: int = 0
    """Conntrack mark of its sessions; 0 where the proxy carries them."""
    target: ProbeTarget | None = None
    """None where nothing is checked: the host counts as up."""
    duty: Duty = Duty.SERVES
    """What an administrator has ordered."""
    max_sessions: int | None = None
    """Sessions that the services of its table give it at most, all of them together."""
    full: bool = False
    """It has them, or had a moment ago."""
    span: Span = field(default=Span(), compare=False, repr=False)

    def state(self, states: Mapping[ProbeTarget, HostState]) -> HostState:
        """Return the state that counts, from what the checks say: UP takes clients, DOWN may lose those it has.

        A host that is drained or full keeps its clients until it goes down, as a disabled one has none to lose.
        """
        return HostState.UNKNOWN if self.is_full(states) else self._by_word(states)

    def is_full(self, states: Mapping[ProbeTarget, HostState]) -> bool:
        """Return whether the host would take clients if it had fewer."""
        return self.full and self._by_word(states) is HostState.UP

    def _by_word(self, states: Mapping[ProbeTarget, HostState]) -> HostState:
        """Return what the checks and an administrator say."""
        checked = HostState.UP if self.target is None else states.get(self.target, HostState.UNKNOWN)
        match self.duty:
            case Duty.FORCED_UP:
                return HostState.UP
            case Duty.FORCED_DOWN:
                return HostState.DOWN
            case Duty.DRAINED:
                return HostState.DOWN if checked is HostState.DOWN else HostState.UNKNOWN
            case Duty.DISABLED:
                return HostState.UNKNOWN
        return HostState.UNKNOWN if checked is HostState.MAINTENANCE else checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The tables of a relay as it sees them: hosts with their port and check, and who takes which slot now."""

    table: str
    """The first one's name."""
    mode: Mode
    key: int
    hosts: tuple[PoolHost, ...]
    slots: tuple[int, ...]
    """`SLOTS` indices into `hosts`, or `NO_HOST`."""
    taking: tuple[int, ...] = ()
    """The hosts that take clients now: those that a client whose host is remembered may stay with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a relay's own connections to one host come from, for clients of one listening address."""

    listen: Address
    host: Address
    first: Address
    last: Address
    """Equal to `first` but for `source A-B`."""
    own: bool = False
    """The node's own address is among them, which probes use too: their ports are left alone, and sessions end at a
    failover."""

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Return every address from the first to the last: 256 at most, as the language has it."""
        return tuple(self.first + step for step in range(int(self.last) - int(self.first) + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardedPlace:
    """A place whose clients a port forward of the firewall sends to a relay in the kernel."""

    place: Endpoint
    """Where they connect to: one port, or a range that the relay's own place has too."""
    listen: Endpoint
    """Where the relay listens for them, and whose source its connections to the hosts have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPlan:
    """A relay or redirect with everything decided, for clients of one IP version and hosts of one port.

    A relay that listens on addresses of both versions, on TCP and UDP, or on two ports that it keeps, is several of these,
    of one name.
    """

    name: str
    kind: Kind = Kind.RELAY
    engine: EngineName
    listens: tuple[Endpoint, ...]
    pool: Pool
    sources: tuple[Source, ...] = ()
    session_timeout: int
    connect_timeout: float
    on_empty: OnEmpty
    on_down: OnDown
    on_remove: OnRemove = OnRemove.DRAIN
    affinity: str = ""
    """The group of relays on all of which a client meets one host; empty is none."""
    slow_start: float = 0.0
    """Seconds over which a host that comes back gets its share."""
    sticky: int | None = None
    """Seconds for which a client's host is remembered after the last packet of its sessions; None remembers nothing."""
    interface: str = ""
    """Only clients that come in through this interface are taken; empty takes all."""
    zone: str = ""
    """Only clients of this zone are taken; empty takes all."""
    forwarded: tuple[ForwardedPlace, ...] = ()
    """Where port forwards bring it more clients: in the order of the firewall's rules."""
    limits: Limits = NO_LIMITS
    span: Span = field(default=Span(), compare=False, repr=False)

    @property
    def version(self) -> int:
        """Return the IP version of this relay's clients and hosts: 4 or 6."""
        return self.listens[0].address.version

    @property
    def transport(self) -> Transport:
        """Return what its clients speak."""
        return self.listens[0].transport

    @property
    def title(self) -> str:
        """Return kind and name, as rules and explanations say it: `relay HTTPS`."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class MarkOwner:
    """Whose sessions a conntrack mark names: a host of a service."""

    service: str
    """Relay and table, as short plain text: it is kept in the kernel, beside the mark."""
    endpoint: Endpoint

    @classmethod
    def of(cls, relay: str, table: str, endpoint: Endpoint) -> "MarkOwner":
        """Return the owner for a host of a table as one relay sees it."""
        service = f"{relay} <{table}>" if endpoint.transport is Transport.TCP else f"{relay} <{table}> {endpoint.transport}"
        if len(service) > _LONGEST_SERVICE or not service.isascii() or not service.isprintable() or '"' in service:
            service = sha256(service.encode()).hexdigest()
        return cls(service, Endpoint(endpoint.address, endpoint.port))


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlan:
    """What an interface itself shall be; it shall be up in any case."""

    mtu: int | None = None
    """None leaves it as it is."""
    alias: str | None = None
    """What people call it; None leaves it as it is."""


@dataclass(frozen=True, slots=True)
class PlannedAddress:
    """An address that an interface shall have."""

    interface: str
    address: InterfaceAddress
    virtual: bool = field(default=False, compare=False)
    """It moves with the cluster."""

    def __str__(self) -> str:
        return f"{self.address} on {self.interface}"


@dataclass(frozen=True, slots=True)
class PlannedRoute:
    """A route that leads somewhere by a gateway."""

    interface: str
    destination: Network
    gateway: Address

    @property
    def name(self) -> str:
        """Return where it leads to, in the language's words."""
        return str(self.destination) if self.destination.prefixlen else "default"

    def __str__(self) -> str:
        return f"route {self.name} by {self.gateway} on {self.interface}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A way out, as a router sees it."""

    address: Address
    label: str
    interface: str
    """The one whose own network it is in."""
    target: ProbeTarget | None = None
    """None where nothing is checked: it counts as up."""

    def state(self, states: Mapping[ProbeTarget, HostState]) -> HostState:
        """Return what its checks say; one that says it shall get nothing is down."""
        state = HostState.UP if self.target is None else states.get(self.target, HostState.UNKNOWN)
        return HostState.DOWN if state is HostState.MAINTENANCE else state

    def __str__(self) -> str:
        return self.label if self.label == str(self.address) else f"{self.label} ({self.address})"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterPlan:
    """A router: its routes lead by the first of its gateways that is up."""

    name: str
    destinations: tuple[Network, ...]
    gateways: tuple[Gateway, ...]
    """The first choice first."""
    span: Span = field(default=Span(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlan:
    """What the machine's interfaces and its network stack must have."""

    sysctls: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, LinkPlan] = field(default_factory=dict)
    """By the interface's name."""
    addresses: tuple[PlannedAddress, ...] = ()
    routes: tuple[PlannedRoute, ...] = ()
    left: frozenset[PlannedAddress] = frozenset()
    """Addresses that somebody else gives and takes: never ours to take, even where we gave them once."""
    changeable: bool = False
    """We may give interfaces what they shall have, and take what we gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminListener:
    """A place where the admin server answers."""

    endpoint: Endpoint
    """The unspecified address stands for every address of its IP version."""
    certificate: KeyFiles | None = None
    """None is our own."""
    passing: bool = False
    """It is of what was committed, and closes when what is tested now is committed in its place."""
    reached: tuple[Endpoint, ...] = ()
    """Where that is on addresses of the node's own, but for places of relays."""
    span: Span = field(default=Span(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminPlan:
    """The admin server."""

    listeners: tuple[AdminListener, ...] = ()
    """One for an IP version and place; where there is none, nothing answers."""
    names: tuple[str, ...] = field(default=(), compare=False)
    """The machine's name, where the text gives it one, and its addresses: whom our own certificate is made out to."""

    @property
    def untracked(self) -> tuple[Endpoint, ...]:
        """Return where administrators reach this node: it must work with a full table of sessions, too."""
        return tuple(dict.fromkeys(place for listener in self.listeners for place in listener.reached))

    def alone(self) -> "AdminPlan":
        """Return the plan once it is committed."""
        return replace(self, listeners=tuple(each for each in self.listeners if not each.passing))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that shall be."""

    network: NetworkPlan = field(default_factory=NetworkPlan)
    relays: tuple[RelayPlan, ...] = ()
    routers: tuple[RouterPlan, ...] = ()
    probes: tuple[Probe, ...] = ()
    marks: Mapping[MarkOwner, int] = field(default_factory=dict)
    """Every mark ever given out and not yet forgotten: live sessions may carry those of hosts long gone."""
    own: tuple[Address, ...] = ()
    """The node's own addresses that probes leave from."""
    admin: AdminPlan = field(default_factory=AdminPlan)
    routed_before: frozenset[int] = frozenset()
    """IP versions that the machine forwarded before we came, whose other traffic is not ours to drop."""
    workers: int = 1
    firewall: FirewallPlan | None = None
    """None where the text has no `firewall`: packets that no relay touched are not judged."""

    @property
    def targets(self) -> tuple[ProbeTarget, ...]:
        """Return everything that is probed."""
        return tuple(probe.target for probe in self.probes)

    @property
    def in_kernel(self) -> bool:
        """Tell whether it needs rules in the kernel: for relays, for sessions of those that have gone, or the firewall."""
        return bool(self.marks) or self.firewall is not None

    def of(self, engine: EngineName) -> tuple[RelayPlan, ...]:
        """Return the relays that one engine carries."""
        return tuple(relay for relay in self.relays if relay.engine is engine)
