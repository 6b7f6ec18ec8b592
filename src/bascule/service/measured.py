"""What relays and hosts carried in the last year, as it travels and as `--json` prints it.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from enum import StrEnum
from typing import Final

import msgspec

from bascule.service.moment import Moment
from bascule.service.result import Result

LONGEST_HISTORY: Final = 365 * 86400
"""Seconds that one may look back."""

FINEST: Final = 10
"""Seconds of the shortest part; kept for a day."""

MINUTE: Final = 60

MOST_BUCKETS: Final = 10_080
"""Of one host."""

MOST_ROWS: Final = 20_160
"""Of one answer, which fits a frame whatever the names; where there would be more, each stands for a longer time."""

MOST_MARKS: Final = 500
"""Of one answer, the last ones."""


class Detail(StrEnum):
    """How far what was carried is told apart."""

    ALL = "all"
    """All relays together; of what is named, the relays."""
    RELAYS = "relays"
    """Relay by relay; where nothing is named, all of them together come first."""
    HOSTS = "hosts"
    """Host by host, each after its relay."""


class HistoryRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a relay, or a host of it, carried from `at` on, for as many seconds as the answer says."""

    at: Moment
    type: str
    """`relay` or `host`; `all` of all relays together."""
    relay: str
    name: str
    address: str = ""
    """The host's own, with its port; empty of a relay."""
    opened: int
    """Sessions that began."""
    from_client: int
    from_host: int
    """Bytes each way."""
    sessions: int
    """That lived, counted every ten seconds: the most of any."""
    checks: int = 0
    ups: int = 0
    """Checks of its hosts, and those of them that found one up."""
    took: float = 0.0
    """Seconds that those checks took together."""


class HistoryMark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that happened meanwhile: a host went down or came up, a configuration came into effect, Bascule began."""

    at: Moment
    event: str
    """As events call it: `host`, `configuration`, `parent`."""
    state: str
    words: str
    relay: str = ""
    host: str = ""
    address: str = ""


class MeasuredHistory(Result, frozen=True, kw_only=True, tag="history"):
    """What each relay carried in some time, bucket by bucket, and after it each of its hosts; none where nothing ran."""

    since: Moment
    until: Moment
    step: int
    """Seconds of a bucket."""
    rows: tuple[HistoryRow, ...] = ()
    marks: tuple[HistoryMark, ...] = ()
    """What happened to those that were asked for, and to all, the oldest first."""
