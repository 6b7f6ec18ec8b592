"""The journal: keeps the last events, and hands each to whoever follows. A slow reader loses events, never holds us up."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from heapq import merge
from operator import attrgetter
from typing import Final, TypedDict, Unpack

from bascule.service.events import Event, EventKind, Grade, PacketRow
from bascule.service.results import Events
from bascule.service.sessions import SessionRow

REMEMBERED: Final = 10_000
"""Events that the journal keeps."""

PACKETS: Final = 2_000
"""Packets that rules logged, which are kept apart."""

WAITING: Final = 1_000
"""Events that wait for one reader; a slower one loses the oldest, and is told how many."""


class Subject(TypedDict, total=False):
    """Whom an event is about: fields of `Event`."""

    relay: str
    table: str
    host: str
    address: str
    state: str
    reason: str
    number: int


class Reader:
    """One who follows the journal; `sessions` and `audit` say whether the end of each session is wanted, and each deed."""

    def __init__(self, *, sessions: bool = False, audit: bool = False) -> None:
        self.sessions = sessions
        self.audit = audit
        self._waiting: deque[Event] = deque()
        self._lost = 0
        self._come = asyncio.Event()

    def tell(self, event: Event) -> None:
        """Take an event; where too many wait, the oldest makes room."""
        if len(self._waiting) == WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(event)
        self._come.set()

    async def next(self) -> Events:
        """Wait until something has happened, and return all that has since the last call."""
        await self._come.wait()
        return self.taken()

    def taken(self) -> Events:
        """Return all that has happened since the last call, perhaps nothing."""
        self._come.clear()
        happened = Events(events=tuple(self._waiting), lost=self._lost)
        self._waiting.clear()
        self._lost = 0
        return happened


class Journal:
    """Takes every event. `now` tells the time, with its zone; `write` is given each event for the log."""

    def __init__(self, *, now: Callable[[], datetime], write: Callable[[Event], None]) -> None:
        self._now = now
        self._write = write
        self._last: deque[Event] = deque(maxlen=REMEMBERED)
        self._packets: deque[Event] = deque(maxlen=PACKETS)
        self._readers: set[Reader] = set()

    def note(self, kind: EventKind, words: str, *, grade: Grade = Grade.INFO, **subject: Unpack[Subject]) -> None:
        """Keep an event that happened now, and tell everybody."""
        event = Event(event=kind, time=self._now(), words=words, grade=grade, **subject)
        self._last.append(event)
        self._write(event)
        for reader in self._readers:
            reader.tell(event)

    def packet(self, words: str, packet: PacketRow, *, rule: str) -> None:
        """Keep a packet that a rule logged, beside the other events, which a flood must not wash away."""
        event = Event(event=EventKind.FIREWALL, time=self._now(), words=words, grade=Grade.INFO, rule=rule, packet=packet)
        self._packets.append(event)
        self._write(event)
        for reader in self._readers:
            reader.tell(event)

    def session(self, session: Callable[[], tuple[str, SessionRow]]) -> None:
        """Tell of a session that has ended, to those alone who asked for it; it is kept and logged nowhere.

        `session` returns the words and the row; it is called where somebody listens.
        """
        readers = [reader for reader in self._readers if reader.sessions]
        if not readers:
            return
        words, row = session()
        event = Event(
            event=EventKind.SESSION,
            time=row.ended or self._now(),
            words=words,
            grade=Grade.INFO,
            relay=row.relay,
            host=row.host,
            address=row.address,
            state=row.state,
            session=row,
        )
        for reader in readers:
            reader.tell(event)

    def deed(self, words: str, *, user: str, refused: str) -> None:
        """Tell of a line of the audit log, to those alone who asked for it; it is kept there, not here."""
        state = "refused" if refused else "done"
        told = f"{user} {words}" + (f": refused: {refused}" if refused else "")
        event = Event(
            event=EventKind.AUDIT,
            time=self._now(),
            words=told,
            grade=Grade.INFO,
            user=user,
            state=state,
            reason=refused,
        )
        for reader in self._readers:
            if reader.audit:
                reader.tell(event)

    def last(self, number: int) -> Sequence[Event]:
        """Return the last events, oldest first: so many, or as many as are kept."""
        kept = [*self._last] if not self._packets else [*merge(self._last, self._packets, key=attrgetter("time"))]
        return tuple(kept[max(0, len(kept) - number) :])

    def changes(self, within: timedelta, most: int) -> Sequence[Event]:
        """Return what changed lately, as far as it is kept, the oldest first: configurations, and all that needs an eye."""
        since = self._now() - within
        told = [event for event in self._last if event.time >= since and _is_change(event)]
        return told[max(0, len(told) - most) :]

    @contextmanager
    def reader(self, *, sessions: bool = False, audit: bool = False) -> Iterator[Reader]:
        """Follow the journal from now on; with `sessions`, the end of each session, too; with `audit`, each deed."""
        reader = Reader(sessions=sessions, audit=audit)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)


def _is_change(event: Event) -> bool:
    return event.grade is Grade.WARNING or event.event is EventKind.CONFIGURATION
