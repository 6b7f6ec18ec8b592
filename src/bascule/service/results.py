"""What operations answer: rows and reports, as they travel and as `--json` prints them.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from enum import StrEnum

import msgspec

from bascule.config.diagnostics import Diagnostic, Severity
from bascule.service.counters import CounterRow
from bascule.service.events import Event
from bascule.service.moment import Moment
from bascule.service.result import Result
from bascule.service.sessions import SessionRow
from bascule.service.sticky import StickyRow


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a result."""


# --- status ----------------------------------------------------------------------------------------------------------


class Level(StrEnum):
    """How it goes, in one word."""

    OK = "ok"
    DEGRADED = "degraded"
    """Clients are served, but a host, a check or a part of the machine needs an eye."""
    DOWN = "down"
    """No relay can serve a client."""


class HostOrder(_Row, frozen=True, kw_only=True):
    """What an administrator has ordered of a host; it stands until the host is enabled, or its time is over."""

    host: str
    """What people call it."""
    address: str
    relay: str | None
    """The one relay it is about; None is every relay."""
    duty: str
    """`drained`, `disabled`, `forced up`, `forced down`."""
    by: str
    since: Moment
    until: Moment | None = None
    """When it ends by itself; of a drain, when the sessions that are left end."""
    reason: str = ""


class PendingRow(_Row, frozen=True, kw_only=True):
    """A deployment that is not committed."""

    author: str
    message: str
    until: Moment
    """When it is taken back."""
    stage: str
    """`applying`, `testing` until it is committed, or `reverting`."""


class EngineUse(_Row, frozen=True, kw_only=True):
    """An engine in use, how many relays it carries, and why it was chosen."""

    engine: str
    relays: int
    reason: str


class Finding(_Row, frozen=True, kw_only=True):
    """Something the operator should know about the running system."""

    severity: Severity
    message: str
    hint: str = ""
    """What to do about it; empty where the message says it all."""


class Recent(_Row, frozen=True, kw_only=True):
    """Something that changed."""

    at: Moment
    words: str


class AdminPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where administrators find the admin server."""

    address: str
    """Empty is every address of its IP version."""
    version: int
    port: int
    until_commit: bool = False
    """It is closed when what is tested is committed."""
    fingerprint: str
    """Its certificate's, SHA-256, as browsers show it."""
    ends: Moment
    """When its certificate does."""


class StatusReport(Result, frozen=True, kw_only=True, tag="status"):
    """How the whole goes."""

    level: Level
    sentence: str
    """One sentence for a person: `8 relays serve clients, 2 of 3 hosts are up`."""
    version: str
    pid: int
    configuration: str
    """Where the running configuration came from: a file's name, or a revision."""
    since: Moment
    """When this configuration came into effect."""
    relays: int
    relays_active: int
    hosts: int
    hosts_up: int
    engines: tuple[EngineUse, ...] = ()
    findings: tuple[Finding, ...] = ()
    maintenance: tuple[str, ...] = ()
    orders: tuple[HostOrder, ...] = ()
    """What administrators have ordered of hosts, the oldest first."""
    admin: tuple[AdminPlace, ...] = ()
    """Where the admin server answers."""
    pending: PendingRow | None = None
    recent: tuple[Recent, ...] = ()
    """What changed within a day, since Bascule started: the last of it, the oldest first."""


class DoctorReport(Result, frozen=True, kw_only=True, tag="doctor"):
    """What is wrong with the running system, what is worst first."""

    findings: tuple[Finding, ...] = ()


# --- relays, with their tables and hosts -----------------------------------------------------------------------------


class HostStatus(StrEnum):
    """relayctl's words for a host."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    DRAINED = "drained"
    """By an administrator's word it takes no new clients."""
    FULL = "full"
    """It is up, and has all the sessions that it may have."""
    MAINTENANCE = "maintenance"
    """It is in Exchange's maintenance: it takes no new clients, and keeps those it has."""
    DISABLED = "disabled"
    """By an administrator's word it has no clients, and its checks do not count."""


class RelayStatus(StrEnum):
    """Whether a relay can serve a client."""

    ACTIVE = "active"
    DOWN = "down"


class HostRow(_Row, frozen=True, kw_only=True):
    """A host as one relay's table sees it."""

    id: int
    name: str
    address: str
    """With the port that the relay connects to: `10.2.0.11:443`, `[2001:db8::1]:443`."""
    weight: int
    status: HostStatus
    reason: str = ""
    """Why the host is not up, in the words of its protocol; empty where it is up."""
    warnings: tuple[str, ...] = ()
    since: Moment | None = None
    """When the status last changed; None where it never did."""
    checks_up: int = 0
    checks_all: int = 0
    sessions: int = 0
    """Sessions it carries now, for this relay."""
    order: HostOrder | None = None
    """The administrator's order that counts for it."""

    @property
    def availability(self) -> float | None:
        """Return the share of checks that found it up, in percent; None where it was never checked."""
        return 100 * self.checks_up / self.checks_all if self.checks_all else None


class TableRow(_Row, frozen=True, kw_only=True):
    """A table as one relay sees it."""

    id: int
    name: str
    """Name and port, as relayctl has it: `exchange:443`."""
    mode: str
    check: str
    """What is checked, in the language's words: `check tcp`; empty where nothing is."""
    hosts: tuple[HostRow, ...] = ()

    @property
    def hosts_up(self) -> int:
        """Return how many hosts take clients."""
        return sum(host.status is HostStatus.UP for host in self.hosts)


class RelayRow(_Row, frozen=True, kw_only=True):
    """A relay, and the table it forwards to."""

    id: int
    name: str
    type: str = "relay"
    """`relay` or `redirect`."""
    listens: tuple[str, ...]
    engine: str
    status: RelayStatus
    tables: tuple[TableRow, ...]
    """In the order they are tried."""
    session_timeout: int
    """Seconds a session may be idle."""
    sessions: int = 0


class GatewayRow(_Row, frozen=True, kw_only=True):
    """A gateway as one router sees it."""

    name: str
    address: str
    interface: str
    status: HostStatus
    leads: tuple[str, ...] = ()
    """The networks that are routed by it now."""
    reason: str = ""
    """Why it is not up; empty where it is."""
    since: Moment | None = None
    """When the status last changed; None where it never did."""
    checks_up: int = 0
    checks_all: int = 0

    @property
    def availability(self) -> float | None:
        """Return the share of checks that found it up, in percent; None where it was never checked."""
        return 100 * self.checks_up / self.checks_all if self.checks_all else None


class RouterRow(_Row, frozen=True, kw_only=True):
    """A router, and its gateways in the order they are preferred."""

    name: str
    status: RelayStatus
    routes: tuple[str, ...]
    """The networks that it routes."""
    check: str
    gateways: tuple[GatewayRow, ...] = ()


class Relays(Result, frozen=True, kw_only=True, tag="relays"):
    """Every relay of the running plan, with its tables and hosts, as the kernel and the checks have them now."""

    relays: tuple[RelayRow, ...] = ()
    routers: tuple[RouterRow, ...] = ()
    total: int = 0
    """How many relays there are, listed or not."""
    sessions: int = 0
    """What all of them carry."""


# --- explain ---------------------------------------------------------------------------------------------------------


class AskedRule(_Row, frozen=True, kw_only=True):
    """A rule of the firewall that was asked about a client."""

    rule: str
    """As the text has it, or might."""
    line: int
    """Where the text has it or, of a generated one, what causes it; 0 where that is nowhere."""
    cause: str
    """Why a generated one is there; empty of the text's own."""
    matched: bool


class Explanation(_Row, frozen=True, kw_only=True):
    """Which host takes a client, and why."""

    client: str
    port: int
    relay: str | None
    table: str | None
    host: str | None
    """What people call the host; None where none takes the client, or several might."""
    reason: str
    to: str | None = None
    """The listening address; None where no relay listens."""
    address: str | None = None
    """The host's own address and port."""
    slot: int | None = None
    """0 to 1023; None where the client's address does not decide."""
    rule: str | None = None
    """Comment of the kernel's rule; None where no rule of ours is met."""
    path: str | None = None
    """`kernel` or `proxy`: who carries the bytes."""
    interface: str | None = None
    """The one that the client comes in by, or that this machine itself sends by; None, as below, without a firewall."""
    direction: str | None = None
    """`in`, `through` or `out`."""
    verdict: str | None = None
    """`pass`, `block` or `reject`."""
    decided: AskedRule | None = None
    """None, too, where no rule was asked."""
    rules: tuple[AskedRule, ...] = ()
    """The rules that were asked, in order and the last of them, as far as the request wants them."""
    rules_left_out: int = 0
    """How many were asked before them."""
    forward: str | None = None
    """Where a port forward sends it: address and port."""
    masquerade: bool | None = None
    """Whether it leaves with an address of ours."""


class Explained(Result, frozen=True, kw_only=True, tag="explained"):
    """One explanation for each client, in the order asked."""

    explanations: tuple[Explanation, ...]


# --- sessions --------------------------------------------------------------------------------------------------------


class Sessions(Result, frozen=True, kw_only=True, tag="sessions"):
    """Sessions that live now, of the kernel and of the proxy: the foremost of those that were asked for."""

    sessions: tuple[SessionRow, ...] = ()
    total: int = 0
    """How many fit, listed or not."""


class ClientReport(Result, frozen=True, kw_only=True, tag="client"):
    """Everything about one client, for whoever has its user on the phone."""

    address: str
    services: tuple[Explanation, ...] = ()
    """Who would take it now, at each place that it can connect to."""
    sessions: tuple[SessionRow, ...] = ()
    total: int = 0
    """How many sessions live, listed or not."""
    ended: tuple[SessionRow, ...] = ()
    """Those that ended within the last hour, the latest first."""
    ended_total: int = 0
    from_client: int = 0
    from_host: int = 0
    """Bytes each way, of all that live and that have ended."""
    limits: tuple[str, ...] = ()
    """How near it is to limits of services, and where it met them within the last hour."""
    notes: tuple[str, ...] = ()
    """What the answer may lack, and why."""


class Whose(Result, frozen=True, kw_only=True, tag="whose"):
    """The sessions that a host saw come from an address and port, the latest first."""

    sessions: tuple[SessionRow, ...] = ()
    notes: tuple[str, ...] = ()


# --- counters ---------------------------------------------------------------------------------------------------------


class Counters(Result, frozen=True, kw_only=True, tag="counters"):
    """What each relay and redirect has carried, and under it each of its hosts."""

    since: Moment
    """When they began to count."""
    rows: tuple[CounterRow, ...] = ()
    notes: tuple[str, ...] = ()
    """What the numbers may lack, and why."""


class Metrics(Result, frozen=True, kw_only=True, tag="metrics"):
    """How it goes, who serves and what was carried, for programs that watch; counters are at most some seconds old."""

    status: StatusReport
    relays: Relays
    """Without their sessions, which the counters have."""
    counters: Counters


# --- clients whose host is remembered ---------------------------------------------------------------------------------


class Sticky(Result, frozen=True, kw_only=True, tag="sticky"):
    """Clients that stay with a host (`sticky-address`), as the kernel has them now."""

    clients: tuple[StickyRow, ...] = ()
    total: int = 0
    """How many fit, listed or not."""


# --- what happened ---------------------------------------------------------------------------------------------------


class Events(Result, frozen=True, kw_only=True, tag="events"):
    """Events in the order they happened."""

    events: tuple[Event, ...] = ()
    lost: int = 0
    """How many happened before these that the reader was too slow for."""


# --- what changes something ------------------------------------------------------------------------------------------


class HostOrdered(Result, frozen=True, kw_only=True, tag="host-ordered"):
    """What came of an order about a host."""

    sentence: str
    ended: int = 0
    """Sessions that were ended."""
    warnings: tuple[str, ...] = ()


class Cleared(Result, frozen=True, kw_only=True, tag="cleared"):
    """What `clear` took away, a step a line, and what it had to leave."""

    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class Killed(Result, frozen=True, kw_only=True, tag="killed"):
    """How many sessions were ended."""

    sessions: int


class Forgotten(Result, frozen=True, kw_only=True, tag="forgotten"):
    """How many clients, by service, are remembered no more."""

    clients: int


class Stopped(Result, frozen=True, kw_only=True, tag="stopped"):
    """The parent is about to end; the sentence says what goes on without it."""

    sentence: str


class Reloaded(Result, frozen=True, kw_only=True, tag="reloaded"):
    """A configuration was read again and is in effect."""

    configuration: str
    """Where it came from."""
    sentence: str
    warnings: tuple[Diagnostic, ...] = ()
    """What is doubtful with it."""


class Deployed(Result, frozen=True, kw_only=True, tag="deployed"):
    """What came of a deployment, a commit or a cancel."""

    sentence: str
    revision: int | None = None
    """The revision that is in effect; None where what is in effect is not committed, or none ever was."""
    until: Moment | None = None
    """When it is taken back unless it is committed."""
    warnings: tuple[Diagnostic, ...] = ()
    changes: tuple[str, ...] = ()
    """What it changes for clients, hosts and sessions, a sentence each."""


class RevisionRow(_Row, frozen=True, kw_only=True):
    """A revision without its text."""

    number: int
    at: Moment
    author: str
    message: str
    digest: str


class Revisions(Result, frozen=True, kw_only=True, tag="revisions"):
    """What was committed, the newest first."""

    rows: tuple[RevisionRow, ...]


class RevisionText(Result, frozen=True, kw_only=True, tag="revision"):
    """A revision, whole."""

    row: RevisionRow
    text: str


class Loaded(Result, frozen=True, kw_only=True, tag="loaded.copy"):
    """A working copy is kept."""

    sentence: str
    diagnostics: tuple[Diagnostic, ...] = ()
    """Everything that is wrong or doubtful with it; it is kept all the same."""
    digest: str = ""
    """Of the copy as it is kept."""


class CopyText(Result, frozen=True, kw_only=True, tag="copy"):
    """A working copy, or what one begins with."""

    text: str
    base: int
    """The revision that it was written from; 0 where none was committed then."""
    newest: int
    """The newest revision now."""
    at: Moment | None = None
    """When it was last changed; None where it is none yet."""
    digest: str = ""
    """Tells this state of it from others; empty where it is none yet."""


class Compared(Result, frozen=True, kw_only=True, tag="compared"):
    """What one text changes over another, in effect."""

    changes: tuple[str, ...] = ()
    """A sentence each; every host is supposed to be up."""
    untold: str = ""
    """Why that cannot be told; empty where it can."""


class Discarded(Result, frozen=True, kw_only=True, tag="discarded"):
    """There is no working copy any more."""

    sentence: str


class Drift(Result, frozen=True, kw_only=True, tag="drift"):
    """How the machine differs from what it should be."""

    differences: tuple[str, ...]
    """A sentence each; none where it is as it should be."""


class Polled(Result, frozen=True, kw_only=True, tag="polled"):
    """Everything was checked now."""

    checks: int
    """How many targets are checked."""
    up: int
    """How many of them were found up now."""
    late: int = 0
    """How many had no result in time."""
