"""When notices of one alert go out: together, not again and again, and in quiet times only where they are urgent. Pure."""

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from bascule.config.outward import Alert
from bascule.service.local.outward.alerts.notices import Notice

GATHER: Final = 5.0
"""Seconds that the first notice waits for others: one cause often has many effects."""

CHANGES: Final = 4
FOLD: Final = 600.0
"""A subject that changes so often within so many seconds is told of when it has been calm for as long."""

LONGEST_FOLD: Final = 3600.0
"""Or after so many, if it is never calm."""

MOST_SUBJECTS: Final = 10_000
MOST_NOTICES: Final = 1_000
"""That are remembered, and that wait; of more the oldest are let go, and counted."""


class Why(StrEnum):
    """Why a letter goes out."""

    NEWS = "news"
    SUMMARY = "summary"
    """What a quiet time has held back."""
    FOLDED = "folded"
    """Things changed again and again, and are told of once."""
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is told at once."""

    why: Why
    notices: tuple[Notice, ...] = ()
    """The oldest first."""
    more: int = 0
    """How many there were beyond those."""
    changes: tuple[int, ...] = ()
    """Of a folded one: how often each has changed untold."""


@dataclass(slots=True)
class _Known:
    """What is known of a subject."""

    notice: Notice
    changed: deque[float] = field(default_factory=lambda: deque(maxlen=CHANGES))
    untold: int = 0
    since: float = 0.0
    """When the first change came that is untold."""

    def calm(self, now: float) -> bool:
        """Tell whether what was folded is to be told now."""
        return now - self.changed[-1] >= FOLD or now - self.since >= LONGEST_FOLD


class _Waiting:
    """Notices that wait, up to an end."""

    def __init__(self) -> None:
        self._notices: deque[Notice] = deque()
        self._more = 0

    def __bool__(self) -> bool:
        return bool(self._notices)

    def add(self, notice: Notice) -> None:
        if len(self._notices) == MOST_NOTICES:
            self._notices.popleft()
            self._more += 1
        self._notices.append(notice)

    def letter(self, why: Why) -> Letter:
        """Return all that waits; nothing does then."""
        found = Letter(why=why, notices=tuple(self._notices), more=self._more)
        self._notices.clear()
        self._more = 0
        return found


class Desk:
    """Takes notices (`take`) and says what goes out (`due`); both are told the time, in seconds of a monotonic clock."""

    def __init__(self, alert: Alert) -> None:
        self.alert = alert
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()
        self._gathered = _Waiting()
        self._since = 0.0
        self._held = _Waiting()

    def quiet(self, now: datetime) -> bool:
        """Tell whether it is quiet at a moment, which is in the machine's own time zone."""
        return self.alert.quiet is not None and self.alert.quiet.holds(now.time())

    def take(self, notice: Notice, now: float, *, quiet: bool) -> None:
        """Take a notice, if the alert is about its cause and it says anything new."""
        if notice.cause not in self.alert.causes:
            return
        if notice.subject is not None and self._is_nothing_new(notice, now):
            return
        if quiet and not notice.urgent:
            self._held.add(notice)
            return
        if not self._gathered:
            self._since = now
        self._gathered.add(notice)

    def due(self, now: float, *, quiet: bool) -> Iterator[Letter]:
        """Yield what is to go out now."""
        if self._gathered and now - self._since >= GATHER:
            yield self._gathered.letter(Why.NEWS)
        if self._held and not quiet:
            yield self._held.letter(Why.SUMMARY)
        folded = [
            known
            for known in self._known.values()
            if known.untold and known.calm(now) and (known.notice.urgent or not quiet)
        ]
        if folded:
            yield _folded(folded[:MOST_NOTICES])

    def _is_nothing_new(self, notice: Notice, now: float) -> bool:
        """Tell whether a notice goes no further: it is known, or nothing bad came before, or it comes too often."""
        known = self._known.get(notice.subject)
        if known is None:
            if notice.good:
                return True
            known = self._known[notice.subject] = _Known(notice)
            if len(self._known) > MOST_SUBJECTS:
                self._known.popitem(last=False)
        elif _alike(known.notice, notice):
            return True
        known.notice = notice
        self._known.move_to_end(notice.subject)
        too_often = known.untold or (len(known.changed) == CHANGES and now - known.changed[0] < FOLD)
        known.changed.append(now)
        if too_often:
            known.since = known.since if known.untold else now
            known.untold += 1
        return bool(too_often)


def _alike(before: Notice, after: Notice) -> bool:
    return (before.good and after.good) or (before.state, before.words) == (after.state, after.words)


def _folded(known: Sequence[_Known]) -> Letter:
    letter = Letter(
        why=Why.FOLDED,
        notices=tuple(each.notice for each in known),
        changes=tuple(each.untold for each in known),
    )
    for each in known:
        each.untold = 0
        each.changed.clear()
        each.changed.append(each.since)
    return letter
