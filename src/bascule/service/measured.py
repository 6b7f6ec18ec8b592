"""What relays and hosts carried in the last days, as it travels and as `--json` prints it.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from typing import Final

import msgspec

from bascule.service.moment import Moment
from bascule.service.result import Result

LONGEST_HISTORY: Final = 7 * 86400
"""Seconds that one may look back."""

MOST_BUCKETS: Final = 10_080
"""Of one host: every minute of a week."""

MOST_ROWS: Final = 20_160
"""Of one answer, which fits a frame whatever the names; where there would be more, each stands for a longer time."""


class HistoryRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a relay, or a host of it, carried from `at` on, for as many seconds as the answer says."""

    at: Moment
    type: str
    """`relay` or `host`."""
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
    """That lived, counted once a minute: the most of any."""


class MeasuredHistory(Result, frozen=True, kw_only=True, tag="history"):
    """What each relay carried in some time, bucket by bucket, and after it each of its hosts; none where nothing ran."""

    since: Moment
    until: Moment
    step: int
    """Seconds of a bucket."""
    rows: tuple[HistoryRow, ...] = ()
