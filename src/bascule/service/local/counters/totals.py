"""Sums that only grow, and what is told of them: since a first look, and by the second over the last minute. Pure."""

from collections import deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from operator import add, sub
from typing import Final, NamedTuple

from bascule.plan.model import Endpoint

MINUTE: Final = 60.0
"""Seconds over which rates are told."""


class Key(NamedTuple):
    """A host as one relay or redirect sees it."""

    relay: str
    host: Endpoint


class Totals(NamedTuple):
    """What a host has had to do for a relay."""

    opened: int = 0
    """Sessions."""
    failed: int = 0
    """Those that the host refused, or never answered."""
    from_client: int = 0
    from_host: int = 0
    """Bytes each way."""

    def plus(self, other: "Totals") -> "Totals":
        """Return both together."""
        return Totals(*map(add, self, other))

    def less(self, other: "Totals") -> "Totals":
        """Return what is more here than there; nothing is less than none."""
        return Totals(*map(max, map(sub, self, other), NOTHING))

    def at_least(self, other: "Totals") -> "Totals":
        """Return the larger of each."""
        return Totals(*map(max, self, other))


NOTHING: Final = Totals()


class Rates(NamedTuple):
    """What comes to a host in a second, over the last minute."""

    opened: float = 0.0
    from_client: float = 0.0
    from_host: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was counted at one moment."""

    at: float
    """Seconds of a monotonic clock."""
    hosts: AbstractSet[Key] = field(default_factory=frozenset)
    """Every host that could carry anything."""
    totals: Mapping[Key, Totals] = field(default_factory=dict)
    """What those have carried that have carried anything: of thousands of hosts most are idle."""
    sessions: Mapping[Key, int] = field(default_factory=dict)
    """Living ones."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Clients that no host took, by relay."""


class History:
    """The looks of the last minute, and the first one, which counts as nothing.

    Counters never go back: a session that is told as ended a moment after it left the table is missing in between.
    """

    def __init__(self) -> None:
        self._first: Look | None = None
        self._kept: deque[Look] = deque()
        self._peak: Look | None = None

    @property
    def last(self) -> Look | None:
        """Return the last look, with its counters since the first."""
        return self._kept[-1] if self._kept else None

    def add(self, look: Look) -> Look:
        """Keep a look, and return it with its counters since the first one."""
        seen = self.seen(look)
        self._kept.append(seen)
        while len(self._kept) > 1 and self._kept[1].at <= seen.at - MINUTE:
            self._kept.popleft()
        return seen

    def seen(self, look: Look) -> Look:
        """Return a look with its counters since the first one, and do not keep it."""
        first = self._first = self._first or look
        before = self._peak or Look(at=look.at)
        totals = {
            key: look.totals.get(key, NOTHING)
            .less(first.totals.get(key, NOTHING))
            .at_least(before.totals.get(key, NOTHING))
            for key in dict.fromkeys((*look.totals, *filter(look.hosts.__contains__, before.totals)))
        }
        refused = {
            relay: max(0, number - first.refused.get(relay, 0), before.refused.get(relay, 0))
            for relay, number in look.refused.items()
        }
        self._peak = replace(look, totals=totals, refused=refused)
        return self._peak

    def rates(self, now: Look) -> Mapping[Key, Rates]:
        """Return what came in a second since the oldest look of the last minute, to hosts to which anything came."""
        oldest = self._kept[0] if self._kept else now
        seconds = now.at - oldest.at
        if seconds <= 0:
            return {}
        grown = {key: totals.less(oldest.totals.get(key, NOTHING)) for key, totals in now.totals.items()}
        return {
            key: Rates(more.opened / seconds, more.from_client / seconds, more.from_host / seconds)
            for key, more in grown.items()
            if more != NOTHING
        }
