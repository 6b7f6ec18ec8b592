"""What happened, as values that travel: one stream of events feeds the log, `monitor`, `show log` and every `--watch`.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from enum import StrEnum

import msgspec

from bascule.service.moment import Moment
from bascule.service.sessions import SessionRow


class EventKind(StrEnum):
    """What an event is about."""

    HOST = "host"
    """A host's state, for one relay, is another than before."""
    NAME = "name"
    """What a host's name stands for is another than before; or nobody tells any more, or again."""
    TABLE = "table"
    """Another of a relay's tables takes its clients now."""
    RELAY = "relay"
    """A relay serves clients again, or none any more."""
    AFFINITY = "affinity"
    """No host is up on every service of a group, so that its clients may be split; or one is again."""
    ROUTER = "router"
    """A gateway of a router is up or down, or its routes lead by another."""
    SESSIONS = "sessions"
    """Sessions were ended by Bascule."""
    SESSION = "session"
    """A client's session has ended; only for whoever asks for such events."""
    ACCESS_LOG = "access-log"
    """The access log cannot be written, or is written again."""
    PORTS = "ports"
    """A source address has few ports left on the way to a host, or enough again."""
    CONNTRACK = "conntrack"
    """The kernel's table of sessions is nearly full, or no longer; or it gave packets no state."""
    CONFIGURATION = "configuration"
    """A configuration was loaded, or refused."""
    WORKER = "worker"
    """A process of ours died, or was replaced."""
    FIREWALL = "firewall"
    """A rule of the firewall logged a packet; or an administrator changed an address table."""
    RULES = "rules"
    """Somebody else changed our rules, and they are mended; or what others' rules do to our relays."""
    SUSPICION = "suspicion"
    """Checks are not believed, or believed again."""
    MACHINE = "machine"
    """The machine changed, or would not do what it was asked."""
    CERTIFICATE = "certificate"
    """The admin server's certificate expires soon, or no longer does."""
    TELLING = "telling"
    """A syslog server, an alert or SNMP does not work, or works again; or an alert went out."""
    DIRECTORY = "directory"
    """A server of the directory whose users may log in cannot be asked, or answers again."""
    CLOCK = "clock"
    """The machine's clock goes wrong, or right again."""
    AUDIT = "audit"
    """A line of the audit log; only for whoever asks for such events."""
    PARENT = "parent"
    """The parent itself began, or ends."""


class Grade(StrEnum):
    """Whether an event needs an eye."""

    INFO = "info"
    WARNING = "warning"


class PacketRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A packet that a rule of the firewall logged."""

    protocol: str
    """`tcp`, `udp`, `icmp`, `icmp6`, …; the number of one without a name."""
    source: str
    source_port: int | None = None
    to: str
    """Where it goes to, as it came: before any rewriting in `in` and `through`."""
    port: int | None = None
    entered: str = ""
    """The interface that it came in by."""
    leaves: str = ""
    """The interface that it leaves by."""


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that happened; subject fields that do not apply are absent from JSON."""

    event: EventKind
    time: Moment
    grade: Grade
    words: str
    """The whole, for people: the line in the log."""
    relay: str = ""
    table: str = ""
    host: str = ""
    address: str = ""
    """The host's own, with its port."""
    state: str = ""
    """What it is now: `up`, `down`, `active`, `loaded`, `refused`, `mended`."""
    reason: str = ""
    user: str = ""
    """Who did it, of an event of the kind `audit`."""
    session: SessionRow | None = None
    """Of an event of the kind `session`: whose it was, how it ended, and what it carried."""
    number: int | None = None
    """How many, where something was counted."""
    rule: str = ""
    """What logs and counters call the rule that logged a packet: its label, else its text."""
    packet: PacketRow | None = None
    """Of an event of the kind `firewall`, where it is about one."""
