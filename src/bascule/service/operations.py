"""What may be asked of a running Bascule about its relays, sessions and itself, as data; further requests stand beside it.

Who may ask what, and what the audit log says of it, says `catalogue`.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from bascule.service.audit import AuditLog
from bascule.service.measured import FINEST, LONGEST_HISTORY, MINUTE, MOST_BUCKETS, Detail, MeasuredHistory
from bascule.service.moment import Moment
from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import LongRequest, Name, Port, Request
from bascule.service.results import (
    Cleared,
    ClientReport,
    Counters,
    DoctorReport,
    Drift,
    Events,
    Explained,
    Forgotten,
    HostOrdered,
    Killed,
    Polled,
    Relays,
    Reloaded,
    Sessions,
    StatusReport,
    Sticky,
    Stopped,
    Whose,
)
from bascule.service.sessions import MAXIMUM_LISTED, SessionId, SessionOrder
from bascule.service.sticky import MAXIMUM_STICKY

MAXIMUM_CLIENTS: Final = 4096
"""Clients of one `Explain`: its answer stays well within a frame."""

MAXIMUM_NAMES: Final = 1024
"""Hosts that one `Explain` may take as down."""

MAXIMUM_EVENTS: Final = 10_000
"""Past events that one may ask for: as many as are kept, and no more than a frame holds."""

LAST_LINE: Final = 2**63 - 1
"""Of the audit log, more than ever will be."""

MAXIMUM_RELAYS: Final = 1_000_000
"""Relays of one answer, more than a text can hold."""

LONGEST_ORDER: Final = 365 * 86400
"""Seconds that an order about a host may last."""


class Status(Request[StatusReport], frozen=True, kw_only=True, tag="status"):
    """Asks how it goes."""


class AskDoctor(Request[DoctorReport], frozen=True, kw_only=True, tag="doctor"):
    """Asks what is wrong with the running system, and what to do about it."""


class ShowRelays(Request[Relays], frozen=True, kw_only=True, tag="show.relays"):
    """Asks which relays run, with their tables and hosts. `show summary`, `tables` and `hosts` are views of the answer."""

    most: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_RELAYS)] | None = None
    """So many relays at most, the first of the text; None is all."""
    relay: Name | None = None
    """This one alone."""
    recent: bool = False
    """Whether sessions as they were counted a second ago will do; where there are very many, half a minute ago."""


MOST_RULES_TOLD: Final = 60_000
"""Rules in one answer: all of a firewall for one client."""


class Explain(Request[Explained], frozen=True, kw_only=True, tag="explain"):
    """Asks what the firewall would do with these clients, which host would take them, and why."""

    clients: Annotated[tuple[Name, ...], msgspec.Meta(max_length=MAXIMUM_CLIENTS)]
    """Addresses, of either version."""
    port: Port
    to: Name | None = None
    """The address that clients connect to; None takes the only one that listens on the port, then this machine's."""
    protocol: Name = "tcp"
    """One of a rule's; of ICMP, `port` is the type, and of others without ports it means nothing."""
    interface: Name | None = None
    """The interface that packets come in by; None asks no listener about it, and the firewall about the one that leads to
    the client."""
    down: Annotated[tuple[Name, ...], msgspec.Meta(max_length=MAXIMUM_NAMES)] = ()
    """Hosts, by name or address, to take as down."""
    working_copy: bool = False
    """What one's working copy would do is asked, as if it were deployed now, and not what runs does."""
    rules: bool = False
    """The rules that were asked are wanted, too: `MOST_RULES_TOLD` for all clients together, as many for each."""


class ShowLog(Request[Events], frozen=True, kw_only=True, tag="show.log"):
    """Asks what happened last."""

    last: Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_EVENTS)] = MAXIMUM_EVENTS
    """How many events at most."""


class ShowAudit(Request[AuditLog], frozen=True, kw_only=True, tag="show.audit"):
    """Asks who changed what, and who was refused."""

    last: Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_EVENTS)] = 100
    """How many lines at most."""
    before: Annotated[int, msgspec.Meta(ge=1, le=LAST_LINE)] | None = None
    """Lines with a smaller number than that; None is from the newest on."""
    user: Name = ""
    """What is part of who did it, in whatever case; empty is anybody."""
    words: Name = ""
    """What is part of what was done, or of why it was not; empty is anything."""
    refused: bool = False
    """What was refused alone."""


class ShowDrift(Request[Drift], frozen=True, kw_only=True, tag="show.drift"):
    """Asks how the machine differs from what runs."""


class Monitor(Request[Events], frozen=True, kw_only=True, tag="monitor"):
    """Asks for what happened last, then for every event as it happens, until the one who asks goes away."""

    last: Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_EVENTS)] = 0
    sessions: bool = False
    """Tell of every session that ends, too."""


class Poll(LongRequest[Polled], frozen=True, kw_only=True, tag="poll"):
    """Asks to check everything now, and for an answer when the results are in."""


class Reload(LongRequest[Reloaded], frozen=True, kw_only=True, tag="reload"):
    """Asks to read the configuration again; a text that is refused leaves what runs as it is."""


class ShowSessions(Request[Sessions], frozen=True, kw_only=True, tag="show.sessions"):
    """Asks which sessions live: those that fit everything that is named."""

    client: Name | None = None
    """An address."""
    host: Name | None = None
    """A name, an address, or address and port."""
    relay: Name | None = None
    sort: SessionOrder = SessionOrder.AGE
    limit: Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_LISTED)] = 1000


class ShowCounters(Request[Counters], frozen=True, kw_only=True, tag="show.counters"):
    """Asks what relays and hosts have carried since Bascule started, and what comes in a second."""

    most: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_RELAYS)] | None = None
    """The rows of so many relays at most, the first of the text; None is all."""
    relay: Name | None = None
    """Those of this one alone."""
    recent: bool = False
    """Whether what was counted a second ago will do; where there are very many sessions, half a minute ago."""


class WatchCounters(Request[Counters], frozen=True, kw_only=True, tag="watch.counters"):
    """Asks that again and again, until the one who asks goes away."""


class ShowHistory(Request[MeasuredHistory], frozen=True, kw_only=True, tag="show.history"):
    """Asks what relays and hosts carried in the last hours, days or months."""

    relay: Name | None = None
    host: Name | None = None
    """A name, an address, or address and port."""
    seconds: Annotated[int, msgspec.Meta(ge=60, le=LONGEST_HISTORY)] = 3600
    """How far back."""
    buckets: Annotated[int, msgspec.Meta(ge=1, le=MOST_BUCKETS)] = 60
    """Into how many parts that is cut; fewer where there are very many hosts."""
    finest: Annotated[int, msgspec.Meta(ge=FINEST, le=LONGEST_HISTORY, multiple_of=FINEST)] = MINUTE
    """Seconds of which each part has one, or several; what lies further back is kept less finely."""
    detail: Detail = Detail.HOSTS


class Kill(Request[Killed], frozen=True, kw_only=True, tag="kill"):
    """Asks to end sessions, so that both ends see a reset at once: those that fit everything that is named."""

    client: Name | None = None
    host: Name | None = None
    relay: Name | None = None
    id: SessionId | None = None
    """One session alone, as its row has it; it is refused where that has ended already."""
    all: bool = False
    """Must be said where nothing is named."""


class ShowSticky(Request[Sticky], frozen=True, kw_only=True, tag="show.sticky"):
    """Asks which clients stay with a host, because it is remembered."""

    client: Name | None = None
    """An address."""
    relay: Name | None = None
    limit: Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_STICKY)] = MAXIMUM_STICKY


class ForgetSticky(Request[Forgotten], frozen=True, kw_only=True, tag="forget.sticky"):
    """Asks to have a client, or all, dealt a host anew at the next connection; sessions go on."""

    client: Name | None = None
    """An address."""
    all: bool = False
    """Must be said where no client is named."""
    relay: Name | None = None
    """One relay or redirect, with its affinity group; None is everywhere."""


class AskClient(Request[ClientReport], frozen=True, kw_only=True, tag="client"):
    """Asks everything about one client: its hosts, its sessions, and those that ended lately."""

    address: Name


class Who(Request[Whose], frozen=True, kw_only=True, tag="who"):
    """Asks which client stands behind an address and port in a host's log."""

    source: Name
    port: Port
    at: Moment | None = None
    """When; None means whenever."""


class HostAction(StrEnum):
    """What may be ordered of a host."""

    DRAIN = "drain"
    """It takes no new clients; with `seconds`, the sessions that are left then end."""
    DISABLE = "disable"
    """It has no clients, and its checks do not count; with `seconds`, until then."""
    ENABLE = "enable"
    """What its check says decides again: takes back every other order but `FLUSH`."""
    FLUSH = "flush"
    """Its sessions end now; it goes on to take clients as before."""
    FORCE_UP = "force up"
    FORCE_DOWN = "force down"
    """Whatever its check says; with `seconds`, until then."""


class OrderHost(Request[HostOrdered], frozen=True, kw_only=True, tag="order.host"):
    """Orders something of a host."""

    action: HostAction
    host: Name
    """Its name or its address."""
    relay: Name | None = None
    """The one relay it is about; None is every relay."""
    seconds: Annotated[float, msgspec.Meta(ge=1, le=LONGEST_ORDER)] | None = None
    reason: Name = ""


class Clear(LongRequest[Cleared], frozen=True, kw_only=True, tag="clear"):
    """Asks to end every session and worker, to take our table and settings from the machine, and to end."""


class Stop(Request[Stopped], frozen=True, kw_only=True, tag="stop"):
    """Asks the parent to end; kernel rules and proxy workers stay and go on."""


OPERATIONS: Final = (
    Operation(Status, Permission.VIEW, "say in one sentence how it goes", rest="GET /status"),
    Operation(AskDoctor, Permission.VIEW, "say what is wrong with what runs, and what to do", rest="GET /doctor"),
    Operation(ShowRelays, Permission.VIEW, "list relays with their tables and hosts", rest="GET /relays"),
    Operation(Explain, Permission.VIEW, "say which host takes a client, and why", rest="GET /explain"),
    Operation(ShowLog, Permission.VIEW, "list what happened last", rest="GET /events"),
    Operation(ShowAudit, Permission.VIEW, "list who changed what, and who was refused", rest="GET /audit"),
    Operation(ShowDrift, Permission.VIEW, "say how the machine differs from what it should be", rest="GET /drift"),
    Operation(Monitor, Permission.VIEW, "follow what happens", rest="GET /events/stream", streams=True),
    Operation(Poll, Permission.OPERATE, "check every host now", rest="POST /poll", audit="had every host checked"),
    Operation(
        Reload,
        Permission.COMMIT,
        "read the configuration again and put it into effect",
        rest="POST /reload",
        audit="had the configuration read again",
    ),
    Operation(ShowSessions, Permission.VIEW, "list sessions, with their age and bytes", rest="GET /sessions"),
    Operation(
        ShowCounters,
        Permission.VIEW,
        "list what relays and hosts have carried, and what comes in a second",
        rest="GET /counters",
    ),
    Operation(
        WatchCounters, Permission.VIEW, "follow what relays and hosts carry", rest="GET /counters/stream", streams=True
    ),
    Operation(
        ShowHistory,
        Permission.VIEW,
        "list what relays and hosts carried in the last hours, days or months",
        rest="GET /history",
    ),
    Operation(
        Kill,
        Permission.OPERATE,
        "end sessions at both ends",
        rest="DELETE /sessions",
        audit="ended sessions of client {client}, host {host}, relay {relay}, session {id}",
    ),
    Operation(ShowSticky, Permission.VIEW, "list clients whose host is remembered", rest="GET /sticky"),
    Operation(
        ForgetSticky,
        Permission.OPERATE,
        "forget the host of a client, or of all",
        rest="DELETE /sticky",
        audit="forgot the host of client {client} in relay {relay}",
    ),
    Operation(AskClient, Permission.VIEW, "say everything about one client", rest="GET /clients/{address}"),
    Operation(Who, Permission.VIEW, "say which client stands behind a line of a host's log", rest="GET /who"),
    Operation(
        OrderHost,
        Permission.OPERATE,
        "drain, disable, enable, flush or force a host",
        rest="POST /hosts/{host}/order",
        audit="ordered of host {host}, in relay {relay}: {action}",
    ),
    Operation(
        Clear,
        Permission.COMMIT,
        "end every session and take everything of ours from the machine",
        rest="POST /clear",
        audit="cleared the machine",
    ),
    Operation(
        Stop,
        Permission.OPERATE,
        "end the parent; relays go on without health checks",
        rest="POST /stop",
        audit="stopped the parent",
    ),
)
