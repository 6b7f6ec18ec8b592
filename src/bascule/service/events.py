"""What happened, as values that travel: one stream of events feeds the log, `monitor`, `show log` and every `--watch`.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone; RFC 3339 in JSON."""


class EventKind(StrEnum):
    """What an event is about."""

    HOST = "host"
    """A host's state, for one relay, is another than before."""
    TABLE = "table"
    """Another of a relay's tables takes its clients now."""
    RELAY = "relay"
    """A relay serves clients again, or none any more."""
    AFFINITY = "affinity"
    """No host is up on every service of a group, so that its clients may be split; or one is again."""
    SESSIONS = "sessions"
    """Sessions were ended by Bascule."""
    CONFIGURATION = "configuration"
    """A configuration was loaded, or refused."""
    WORKER = "worker"
    """A process of ours died, or was replaced."""
    RULES = "rules"
    """Somebody else changed our rules, and they are mended; or what others' rules do to our relays."""
    SUSPICION = "suspicion"
    """Checks are not believed, or believed again."""
    MACHINE = "machine"
    """The machine changed, or would not do what it was asked."""
    PARENT = "parent"
    """The parent itself began, or ends."""


class Grade(StrEnum):
    """Whether an event needs an eye."""

    INFO = "info"
    WARNING = "warning"


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
    number: int | None = None
    """How many, where something was counted."""
