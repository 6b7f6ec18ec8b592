"""What a configuration means: frozen values, bound from the text and free of its layout.

Every value carries the span of the text it came from; spans take no part in equality, so that a comment added to the text
changes nothing that is compared.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Final, NamedTuple, TypeAlias

from bascule.config.diagnostics import Span
from bascule.config.directory import Directory
from bascule.config.exchange import ExchangeBlock
from bascule.config.firewall import Firewall
from bascule.config.outward import Outward
from bascule.config.vdirs import ExchangeCheck, VdirPolicy
from bascule.dcerpc.mapping import PORT as MAPPER_PORT

Address: TypeAlias = IPv4Address | IPv6Address
InterfaceAddress: TypeAlias = IPv4Interface | IPv6Interface
Network: TypeAlias = IPv4Network | IPv6Network

MAXIMUM_WEIGHT: Final = 256
"""A host's weight is 0 to this; 0 takes no new clients."""

MOST_COUNTED: Final = 2048
"""Sessions of one kind that the kernel counts one by one: it walks them all at a new one (net/netfilter/nf_conncount.c)."""


def _span() -> Span:
    return field(default=Span(), compare=False, repr=False)


# --- interface -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """An address that an `interface` block names."""

    address: InterfaceAddress
    virtual: bool = False
    """It moves with the cluster, so no node may call it its own."""
    unmanaged: bool = False
    """Somebody else, such as keepalived, gives and takes it."""
    leased: bool = False
    """No line of the text: an address that `address dhcp` stands for; see `config.leases`."""
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A `route` line of an interface; `gateway` is None where the text names none."""

    destination: Network | None = None
    """None is `default`."""
    gateway: Address | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """An `interface NAME` block."""

    name: str
    addresses: tuple[Assigned, ...] = ()
    dhcp: bool = False
    """A DHCP client gives it addresses; they are ours as those that the text names are."""
    routes: tuple[Route, ...] = ()
    description: str = ""
    mtu: int | None = None
    span: Span = _span()


# --- load-balancer: checks -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpCheck:
    """`check icmp`: an echo is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpCheck:
    """`check tcp`: a connection is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsCheck:
    """`check tls`: a TLS handshake is completed; the certificate is not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCheck:
    """`check http|https "PATH" [host "NAME"] code CODES [expect "TEXT"]`: a GET is answered as said."""

    tls: bool
    path: str
    host: str = ""
    """Sent as Host and, with TLS, as server name; empty sends the host's address as Host."""
    codes: tuple[tuple[int, int], ...] = ((200, 200),)
    """Inclusive ranges of status codes that count as up."""
    expect: str = ""
    """Text that the body must contain; empty asks for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCheck:
    """`check send "DATA"|nothing expect "GLOB" [tls]`: what comes back matches a shell pattern."""

    send: str = ""
    """Empty is `nothing`: wait for the server to speak."""
    expect: str = "*"
    tls: bool = False


class MailProtocol(StrEnum):
    """The protocols whose greeting and farewell the probes know."""

    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailCheck:
    """`check smtp|imap|pop3 [tls|starttls] [login …]`: the server greets, and hears goodbye; a 421 is down."""

    protocol: MailProtocol
    tls: bool = False
    """The port speaks TLS from the first byte (465, 993, 995)."""
    starttls: bool = False
    """It goes on in TLS when it is asked to (25, 110, 143, 587)."""
    user: str = ""
    """Of a test mailbox that logs in; empty is none."""
    password: str = field(default="", repr=False)
    """Its password, or what stands for it (`kept.password`). Never shown: repr, logs and errors leave it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptCheck:
    """`check script "FILE"`: a program of the operator's, run with the host's address and port, ends with 0."""

    program: str
    """Absolute path."""


class RpcPorts(NamedTuple):
    """Ports at which clients reach an RPC service through us, from the first to the last."""

    service: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcCheck:
    """`check rpc ["SERVICE" [port N]] [mapper N]`: the endpoint mapper names the service, which answers a bind there."""

    service: str = ""
    """`emsmdb`, `nspi` or `UUID vMAJOR.MINOR`; empty is both of Exchange 2010's."""
    port: int | None = None
    """Where the one service must be; None leaves that to the relays."""
    mapper: int = MAPPER_PORT
    """The port of the hosts' endpoint mapper."""
    ports: tuple[RpcPorts, ...] = ()
    """Where each service must be, one of these: found from the relays when a plan is made. A service without any may be
    anywhere."""


Check: TypeAlias = (
    IcmpCheck | TcpCheck | TlsCheck | HttpCheck | ExchangeCheck | SendCheck | MailCheck | RpcCheck | ScriptCheck
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a host is probed and when the results change its state; the nearest statement wins."""

    interval: float = 5.0
    """Seconds between two probes of a host."""
    timeout: float = 1.0
    """Seconds a probe may take; 1 for icmp and tcp, 3 for what speaks a protocol, where nothing is said."""
    fall: int = 2
    """Failures in a row until a host is down."""
    rise: int = 2
    """Successes in a row until it is up again."""


# --- load-balancer: tables and relays --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """What a table says of a host, however the host is named."""

    name: str = ""
    server: str = ""
    """The name that the text itself gives it, which `check exchange` compares; empty where that names several addresses."""
    weight: int = 1
    fall: int | None = None
    """From relayd's `retry N` (fall N+1); None leaves the check's own."""
    ttl: int | None = None
    """Of the packets that its checks send; None is the system's."""
    max_sessions: int | None = None
    """Sessions that the services of its table give it at most, all of them together; None is no limit."""
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host(HostOptions):
    """A server of a table."""

    address: Address

    @property
    def label(self) -> str:
        """Return what people call the host: its name, else its address."""
        return self.name or str(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedHost(HostOptions):
    """A server of a table that is written by its name in the DNS: as many hosts as that has addresses."""

    host_name: str
    """With its domain, in lower case, without a dot at its end."""

    @property
    def label(self) -> str:
        """Return what people call it."""
        return self.name or self.host_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A `table <NAME>` block: the hosts that do one job."""

    name: str
    hosts: tuple[Host, ...] = ()
    named: tuple[NamedHost, ...] = ()
    """Become hosts once it is known what their names stand for; see `config.names`."""
    key: int = 0
    """Seeds the choice of hosts, 32 bits. Derived from the name where the text has none."""
    key_written: bool = False
    disabled: bool = False
    """Its hosts take no clients, and are not probed."""
    policy: VdirPolicy = VdirPolicy()
    """Of `check exchange`, where the check itself has none."""
    span: Span = _span()


class Mode(StrEnum):
    """How a relay spreads its clients over the hosts."""

    SOURCE_HASH = "source-hash"
    """A client's address alone decides: same client, same host, on every port."""
    ROUNDROBIN = "roundrobin"
    RANDOM = "random"
    LOADBALANCE = "loadbalance"
    """The client's address and the one it connects to, with the port: a client may get several hosts."""
    LEAST_STATES = "least-states"
    """The host with the fewest sessions for its weight takes the next clients."""


class EngineName(StrEnum):
    """Who carries a relay's bytes."""

    KERNEL = "kernel"
    PROXY = "proxy"


class OnEmpty(StrEnum):
    """What a client meets when no host is up."""

    RESET = "reset"
    DROP = "drop"


class OnRemove(StrEnum):
    """What becomes of the sessions of a host that is taken out of the text."""

    DRAIN = "drain"
    RESET = "reset"


class OnDown(StrEnum):
    """What becomes of a host's sessions when it goes down while another host is up."""

    RESET = "reset"
    KEEP = "keep"
    """Established sessions stay; what is not established ends all the same."""


class Transport(StrEnum):
    """What a service is carried by."""

    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """A `listen on [ADDRESS] [tcp|udp] port P[:P]` line; `address` None means every address that is ours."""

    address: Address | None
    port: int
    last_port: int | None = None
    """The last port of a range, which `port` begins; None where it is one port."""
    transport: Transport = Transport.TCP
    interface: str = ""
    """Only clients that come in through this interface are taken; empty takes all."""
    zone: str = ""
    """Only clients of this zone of the firewall are taken; empty takes all."""
    span: Span = _span()

    @property
    def ports(self) -> range:
        """Return every port it listens on."""
        return range(self.port, (self.last_port or self.port) + 1)

    @property
    def place(self) -> str:
        """Return where it listens, in the language's words: `10.2.0.50 port 443`, `udp port 6005:6010`."""
        ports = f"port {self.port}" if self.last_port is None else f"port {self.port}:{self.last_port}"
        transport = "" if self.transport is Transport.TCP else self.transport
        return " ".join(part for part in (str(self.address or ""), transport, ports) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """The `forward to <TABLE> …` line of a relay."""

    table: str
    port: int | None = None
    """None keeps the port that the client asked for."""
    check: Check | None = None
    """None takes every host as up."""
    timing: Timing = field(default_factory=Timing)
    """Resolved: what the line, the table, the load-balancer block or the defaults say, in this order."""
    mode: Mode = Mode.ROUNDROBIN
    slow_start: float = 0.0
    """Seconds over which a host that comes back takes its full share again; 0 gives it at once."""
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRange:
    """`source A[-B]`: the addresses a relay's own connections come from."""

    first: Address
    last: Address
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one service lets in; None is no limit."""

    source_sessions: int | None = None
    """Sessions of one client address at the same time."""
    source_rate: int | None = None
    """New sessions of one client address in a second."""
    half_open: int | None = None
    """Sessions that clients have begun and not completed, of all addresses together."""

    def __bool__(self) -> bool:
        return self != NO_LIMITS


NO_LIMITS: Final = Limits()


class Kind(StrEnum):
    """How a service hands its clients to hosts."""

    RELAY = "relay"
    """At layer 4: the source is rewritten so that answers come back to us."""
    REDIRECT = "redirect"
    """At layer 3: hosts see the client's address, and must answer through us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A `relay "NAME"` or `redirect "NAME"` block: a service, and the hosts it is balanced over."""

    name: str
    kind: Kind = Kind.RELAY
    listens: tuple[Listen, ...]
    forward: Forward
    fallbacks: tuple[Forward, ...] = ()
    """Further `forward to` lines, tried in order where those before have no live host; the last is the sorry server."""
    disabled: bool = False
    """It is kept in the text and does nothing."""
    affinity: str = ""
    """The group of services that one client finds on one host; empty is none."""
    session_timeout: int
    """Seconds a session may be idle. Where the text has none: by check, else by port (design, section 6)."""
    connect_timeout: float = 2.0
    """Seconds the proxy waits for a host to accept before it tries the next one."""
    engine: EngineName | None = None
    """None lets the machine decide: the kernel where nftables may be used, else the proxy."""
    on_empty: OnEmpty = OnEmpty.RESET
    on_down: OnDown = OnDown.RESET
    on_remove: OnRemove = OnRemove.DRAIN
    source: SourceRange | None = None
    sticky: int | None = None
    """Seconds for which a client's host is remembered after the last packet of any session; None remembers nothing."""
    limits: Limits = NO_LIMITS
    accept_source_rewrite: bool = False
    """The operator knows that servers see our address (SMTP: open relay, limits per source)."""
    span: Span = _span()

    @property
    def title(self) -> str:
        """Return what messages call it: `relay "HTTPS"`, `redirect "SMTP"`."""
        return f'{self.kind} "{self.name}"'

    @property
    def forwards(self) -> tuple[Forward, ...]:
        """Return every `forward to` line, in the order they are tried."""
        return (self.forward, *self.fallbacks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """A `router "NAME"` block: routes that lead by the first gateway of a table that is up."""

    name: str
    destinations: tuple[Network | None, ...]
    """None is `default`, of each IP version that has a gateway."""
    forward: Forward
    disabled: bool = False
    span: Span = _span()


class LogKind(StrEnum):
    """Who takes the lines of a log."""

    FILE = "file"
    SYSLOG = "syslog"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLog:
    """`access-log file "PATH"|syslog|journal`: where a line for each session that ends goes."""

    kind: LogKind
    path: str = ""
    """Of a file; it begins with a slash."""
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    """The `load-balancer` block."""

    tables: tuple[Table, ...] = ()
    relays: tuple[Relay, ...] = ()
    """Relays and redirects, in the order of the text."""
    routers: tuple[Router, ...] = ()
    workers: int | None = None
    """Processes of the user-space proxy; None is one for each processor, four at most."""
    access_log: AccessLog | None = None
    """None writes none."""

    def table(self, name: str) -> Table:
        """Return the table of that name; a KeyError is a bug, since binding has checked every reference."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)


# --- system ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A `user "NAME"` block."""

    name: str
    role: str = ""
    plain_password: str = field(default="", repr=False)
    """Never shown: repr, logs and errors leave it out."""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """A certificate with its chain, and its key: two files in PEM."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpServer:
    """The `http-server` block: where the admin pages listen, and what they show as their certificate."""

    port: int = 443
    address: Address | None = None
    """None is every address of the machine."""
    certificate: KeyFiles | None = None
    """None is one that we make ourselves."""
    implied: bool = False
    """The text has no such block, and is deployed: see `bascule.config.implied`."""
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The `system` block."""

    users: tuple[User, ...] = ()
    directory: Directory | None = None
    """Whose users may log in without an account; None where the text has no `ldap`."""
    dns: tuple[Address, ...] = ()
    dns_span: Span | None = field(default=None, compare=False)
    """Where the `dns` block stands; None where the text has none."""
    http_server: HttpServer | None = None
    host_name: str = ""
    metrics: tuple[Network, ...] = ()
    """Who may read figures without logging in."""
    metrics_span: Span | None = field(default=None, compare=False)
    """Where the `metrics` block stands; None where the text has none."""
    outward: Outward = field(default_factory=Outward)
    """Who is told what happens here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A whole configuration, bound and free of errors of its own; the machine has not been asked yet."""

    interfaces: tuple[Interface, ...] = ()
    load_balancer: LoadBalancer = field(default_factory=LoadBalancer)
    exchange: ExchangeBlock | None = None
    firewall: Firewall | None = None
    """None where the text has none."""
    system: System = field(default_factory=System)
