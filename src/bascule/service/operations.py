"""Every use case of the product as data: what is asked, what is answered, who may, and what the audit log says.

Front ends and the control socket are derived from the table below: nothing else lists the operations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from bascule.service.accounts import (
    AccountChanged,
    AccountRows,
    AddAccount,
    ChangePassword,
    ChangeRole,
    RemoveAccount,
    ShowAccounts,
)
from bascule.service.deployment import (
    Cancel,
    Commit,
    Compare,
    Deploy,
    DiscardCopy,
    LoadCopy,
    ShowCopy,
    ShowRevision,
    ShowRevisions,
)
from bascule.service.measured import LONGEST_HISTORY, MOST_BUCKETS, MeasuredHistory
from bascule.service.moment import Moment
from bascule.service.permissions import Permission
from bascule.service.request import LongRequest, Name, Port, Request
from bascule.service.result import Result
from bascule.service.results import (
    AuditLog,
    Cleared,
    ClientReport,
    Compared,
    CopyText,
    Counters,
    Deployed,
    Discarded,
    DoctorReport,
    Drift,
    Events,
    Explained,
    FirewallRules,
    Forgotten,
    HostOrdered,
    Killed,
    Loaded,
    Polled,
    Relays,
    Reloaded,
    Revisions,
    RevisionText,
    Sessions,
    StatusReport,
    Sticky,
    Stopped,
    Whose,
)
from bascule.service.sessions import MAXIMUM_LISTED, SessionOrder
from bascule.service.sticky import MAXIMUM_STICKY

MAXIMUM_CLIENTS: Final = 4096
"""Clients of one `Explain`: its answer stays well within a frame."""

MAXIMUM_NAMES: Final = 1024
"""Hosts that one `Explain` may take as down."""

MAXIMUM_EVENTS: Final = 10_000
"""Past events that one may ask for: as many as are kept, and no more than a frame holds."""

LONGEST_ORDER: Final = 365 * 86400
"""Seconds that an order about a host may last."""


class Status(Request[StatusReport], frozen=True, kw_only=True, tag="status"):
    """Asks how it goes."""


class AskDoctor(Request[DoctorReport], frozen=True, kw_only=True, tag="doctor"):
    """Asks what is wrong with the running system, and what to do about it."""


class ShowRelays(Request[Relays], frozen=True, kw_only=True, tag="show.relays"):
    """Asks which relays run, with their tables and hosts. `show summary`, `tables` and `hosts` are views of the answer."""


class ShowFirewall(Request[FirewallRules], frozen=True, kw_only=True, tag="show.firewall"):
    """Asks which rules of ours the kernel has, and what caused each."""


class Explain(Request[Explained], frozen=True, kw_only=True, tag="explain"):
    """Asks which host would take these clients, and why."""

    clients: Annotated[tuple[Name, ...], msgspec.Meta(max_length=MAXIMUM_CLIENTS)]
    """Addresses, of either version."""
    port: Port
    to: Name | None = None
    """The address that clients connect to; None takes the only one that listens on the port."""
    protocol: Name = "tcp"
    interface: Name | None = None
    """The interface that packets come in by; None asks no rule about it."""
    down: Annotated[tuple[Name, ...], msgspec.Meta(max_length=MAXIMUM_NAMES)] = ()
    """Hosts, by name or address, to take as down."""


class ShowLog(Request[Events], frozen=True, kw_only=True, tag="show.log"):
    """Asks what happened last."""

    last: Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_EVENTS)] = MAXIMUM_EVENTS
    """How many events at most."""


class ShowAudit(Request[AuditLog], frozen=True, kw_only=True, tag="show.audit"):
    """Asks who changed what, and who was refused."""

    last: Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_EVENTS)] = 100
    """How many lines at most."""


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


class WatchCounters(Request[Counters], frozen=True, kw_only=True, tag="watch.counters"):
    """Asks that again and again, until the one who asks goes away."""


class ShowHistory(Request[MeasuredHistory], frozen=True, kw_only=True, tag="show.history"):
    """Asks what relays and hosts carried in the last hours or days."""

    relay: Name | None = None
    host: Name | None = None
    """A name, an address, or address and port."""
    seconds: Annotated[int, msgspec.Meta(ge=60, le=LONGEST_HISTORY)] = 3600
    """How far back."""
    buckets: Annotated[int, msgspec.Meta(ge=1, le=MOST_BUCKETS)] = 60
    """Into how many parts that is cut, of whole minutes; fewer where there are very many hosts."""


class Kill(Request[Killed], frozen=True, kw_only=True, tag="kill"):
    """Asks to end sessions, so that both ends see a reset at once: those that fit everything that is named."""

    client: Name | None = None
    host: Name | None = None
    relay: Name | None = None
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


AnyRequest: TypeAlias = (
    Status
    | AskDoctor
    | ShowRelays
    | ShowFirewall
    | ShowLog
    | Monitor
    | Explain
    | Poll
    | Reload
    | Clear
    | Stop
    | ShowSessions
    | Kill
    | AskClient
    | Who
    | OrderHost
    | ShowSticky
    | ForgetSticky
    | ShowCounters
    | WatchCounters
    | ShowHistory
    | Deploy
    | Commit
    | Cancel
    | ShowRevisions
    | ShowRevision
    | LoadCopy
    | ShowCopy
    | DiscardCopy
    | Compare
    | ShowAudit
    | ShowDrift
    | ShowAccounts
    | AddAccount
    | ChangeRole
    | ChangePassword
    | RemoveAccount
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A row of the table."""

    request: type[Request[Any]]
    result: type[Result]
    permission: Permission
    summary: str
    """What it does, for help texts: starts in lower case, no full stop."""
    audit: str | None = None
    """What the audit log says was done, with fields of the request in braces; None where nothing changes."""
    streams: bool = False
    """It is answered again and again, until the one who asked goes away."""

    def needs(self, request: Request[Any]) -> Permission:
        """Return what this very request needs: a deployment that is kept at once is a commit."""
        return Permission.COMMIT if getattr(request, "commit", False) else self.permission

    def deed(self, request: Request[Any]) -> str | None:
        """Return what the audit log says of this very request."""
        if self.audit is None:
            return None
        fields = msgspec.structs.asdict(request)
        told = self.audit.format_map({name: "all" if value is None else value for name, value in fields.items()})
        return "".join(letter if letter.isprintable() else "?" for letter in told)

    @property
    def name(self) -> str:
        """Return the name on the wire: `show.relays`."""
        return str(self.request.__struct_config__.tag)

    @property
    def method(self) -> str:
        """Return the name of the service's method: `show_relays`."""
        return self.name.replace(".", "_")


OPERATIONS: Final[Mapping[type[Request[Any]], Operation]] = MappingProxyType(
    {
        operation.request: operation
        for operation in (
            Operation(
                request=Status,
                result=StatusReport,
                permission=Permission.VIEW,
                summary="say in one sentence how it goes",
            ),
            Operation(
                request=AskDoctor,
                result=DoctorReport,
                permission=Permission.VIEW,
                summary="say what is wrong with what runs, and what to do",
            ),
            Operation(
                request=ShowRelays,
                result=Relays,
                permission=Permission.VIEW,
                summary="list relays with their tables and hosts",
            ),
            Operation(
                request=ShowFirewall,
                result=FirewallRules,
                permission=Permission.VIEW,
                summary="list our rules in the kernel, with the line that caused each",
            ),
            Operation(
                request=ShowLog,
                result=Events,
                permission=Permission.VIEW,
                summary="list what happened last",
            ),
            Operation(
                request=ShowAudit,
                result=AuditLog,
                permission=Permission.VIEW,
                summary="list who changed what, and who was refused",
            ),
            Operation(
                request=ShowDrift,
                result=Drift,
                permission=Permission.VIEW,
                summary="say how the machine differs from what it should be",
            ),
            Operation(
                request=Monitor,
                result=Events,
                permission=Permission.VIEW,
                summary="follow what happens",
                streams=True,
            ),
            Operation(
                request=Explain,
                result=Explained,
                permission=Permission.VIEW,
                summary="say which host takes a client, and why",
            ),
            Operation(
                request=OrderHost,
                result=HostOrdered,
                permission=Permission.OPERATE,
                summary="drain, disable, enable, flush or force a host",
                audit="ordered of host {host}, in relay {relay}: {action}",
            ),
            Operation(
                request=Poll,
                result=Polled,
                permission=Permission.OPERATE,
                summary="check every host now",
                audit="had every host checked",
            ),
            Operation(
                request=Reload,
                result=Reloaded,
                permission=Permission.COMMIT,
                summary="read the configuration again and put it into effect",
                audit="had the configuration read again",
            ),
            Operation(
                request=Deploy,
                result=Deployed,
                permission=Permission.DEPLOY,
                summary="put a configuration into effect until it is committed, or its time is over",
                audit="deployed a configuration",
            ),
            Operation(
                request=LoadCopy,
                result=Loaded,
                permission=Permission.DEPLOY,
                summary="keep a text as your working copy",
                audit="changed the working copy",
            ),
            Operation(
                request=ShowCopy,
                result=CopyText,
                permission=Permission.DEPLOY,  # a text may hold a password
                summary="print your working copy",
                audit="read the working copy",
            ),
            Operation(
                request=DiscardCopy,
                result=Discarded,
                permission=Permission.DEPLOY,
                summary="forget your working copy",
                audit="discarded the working copy",
            ),
            Operation(
                request=Compare,
                result=Compared,
                permission=Permission.DEPLOY,
                summary="say what a configuration changes in effect over another",
                audit="compared configurations",
            ),
            Operation(
                request=Commit,
                result=Deployed,
                permission=Permission.COMMIT,
                summary="keep what is deployed as the next revision",
                audit="committed a configuration",
            ),
            Operation(
                request=Cancel,
                result=Deployed,
                permission=Permission.DEPLOY,
                summary="take back what is deployed",
                audit="took a deployment back",
            ),
            Operation(
                request=ShowRevisions,
                result=Revisions,
                permission=Permission.VIEW,
                summary="list what was committed, when and by whom",
            ),
            Operation(
                request=ShowRevision,
                result=RevisionText,
                permission=Permission.DEPLOY,  # a text may hold a password
                summary="print a revision",
                audit="read a revision",
            ),
            Operation(
                request=ShowSessions,
                result=Sessions,
                permission=Permission.VIEW,
                summary="list sessions, with their age and bytes",
            ),
            Operation(
                request=ShowCounters,
                result=Counters,
                permission=Permission.VIEW,
                summary="list what relays and hosts have carried, and what comes in a second",
            ),
            Operation(
                request=ShowHistory,
                result=MeasuredHistory,
                permission=Permission.VIEW,
                summary="list what relays and hosts carried in the last days",
            ),
            Operation(
                request=WatchCounters,
                result=Counters,
                permission=Permission.VIEW,
                summary="follow what relays and hosts carry",
                streams=True,
            ),
            Operation(
                request=Kill,
                result=Killed,
                permission=Permission.OPERATE,
                summary="end sessions at both ends",
                audit="ended sessions of client {client}, host {host}, relay {relay}",
            ),
            Operation(
                request=ShowSticky,
                result=Sticky,
                permission=Permission.VIEW,
                summary="list clients whose host is remembered",
            ),
            Operation(
                request=ForgetSticky,
                result=Forgotten,
                permission=Permission.OPERATE,
                summary="forget the host of a client, or of all",
                audit="forgot the host of client {client} in relay {relay}",
            ),
            Operation(
                request=AskClient,
                result=ClientReport,
                permission=Permission.VIEW,
                summary="say everything about one client",
            ),
            Operation(
                request=Who,
                result=Whose,
                permission=Permission.VIEW,
                summary="say which client stands behind a line of a host's log",
            ),
            Operation(
                request=Clear,
                result=Cleared,
                permission=Permission.COMMIT,
                summary="end every session and take everything of ours from the machine",
                audit="cleared the machine",
            ),
            Operation(
                request=Stop,
                result=Stopped,
                permission=Permission.OPERATE,
                summary="end the parent; relays go on without health checks",
                audit="stopped the parent",
            ),
            Operation(
                request=ShowAccounts,
                result=AccountRows,
                permission=Permission.VIEW,
                summary="list who may do what",
            ),
            Operation(
                request=AddAccount,
                result=AccountChanged,
                permission=Permission.ADMINISTER,
                summary="make an account",
                audit="made account {name}: {role}",
            ),
            Operation(
                request=ChangeRole,
                result=AccountChanged,
                permission=Permission.ADMINISTER,
                summary="change what an account may do",
                audit="changed the role of account {name}: {role}",
            ),
            Operation(
                request=ChangePassword,
                result=AccountChanged,
                permission=Permission.VIEW,  # of one's own account: the service lets administrators alone change others'
                summary="change an account's password",
                audit="changed the password of account {name}",
            ),
            Operation(
                request=RemoveAccount,
                result=AccountChanged,
                permission=Permission.ADMINISTER,
                summary="remove an account",
                audit="removed account {name}",
            ),
        )
    }
)
