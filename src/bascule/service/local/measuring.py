"""Measuring: what relays and hosts carried goes into a file every ten seconds, and can be asked for months later."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar

from bascule.service.events import Event, EventKind, Grade
from bascule.service.local.counters.totals import Key, Look
from bascule.service.local.growth import Grown, growth
from bascule.service.local.journal import REMEMBERED, Journal
from bascule.service.local.measured_rows import cut, history, mark_of
from bascule.service.local.running import Running
from bascule.service.measured import MOST_MARKS, MOST_ROWS, MeasuredHistory
from bascule.service.operations import ShowHistory
from bascule.store.database import DamagedError, LaterError
from bascule.store.measurements import MOMENT, Measurements, open_measurements, put_aside
from bascule.system.clock import Clock
from bascule.system.errors import MachineError

_AFTER: Final = 1.0
"""Seconds into a moment at which the one before is written: clocks that differ by less than that skip none."""

Found = TypeVar("Found")


class Counts(Protocol):
    """Who knows what was carried since Bascule started."""

    @property
    def last(self) -> Look | None:
        """Return what was seen last."""
        ...


class Runs(Protocol):
    """The balancer, as far as measuring concerns it."""

    @property
    def running(self) -> Running:
        """Return what runs now."""
        ...


class Measuring:
    """Writes while `watch` runs. A file that cannot be used never stops anything: it is put aside, and it is said."""

    def __init__(
        self,
        state: Path,
        counters: Counts,
        balancer: Runs,
        journal: Journal,
        *,
        clock: Clock,
        now: Callable[[], datetime],
        opened: Callable[[Path], Measurements] = open_measurements,
    ) -> None:
        self._state = state
        self._counters = counters
        self._balancer = balancer
        self._journal = journal
        self._clock = clock
        self._now = now
        self._opened = opened
        self._written: Look | None = None
        self._told: Mapping[Key, Grown] = {}
        """What is written already of each host."""
        self._happened: deque[Event] = deque(maxlen=REMEMBERED)
        self._file: Measurements | None = None
        self._one_at_a_time = asyncio.Lock()
        self._trouble = ""

    async def watch(self) -> None:
        """Write each moment when it is over, until cancelled."""
        try:
            with self._journal.reader() as events:
                self._happened += self._journal.last(REMEMBERED)  # since this process began
                while True:
                    await self._clock.sleep(MOMENT - self._now().timestamp() % MOMENT + _AFTER)
                    self._happened += events.taken().events
                    await self._measure(int(self._now().timestamp()) // MOMENT * MOMENT - MOMENT)
        finally:
            if (file := self._file) is not None:
                self._file = None
                await asyncio.to_thread(file.close)

    async def history(self, request: ShowHistory) -> MeasuredHistory:
        """Return what was carried in the time that is asked for, up to the last whole minute. Raises MachineError."""
        now = int(self._now().timestamp())

        def read(file: Measurements) -> MeasuredHistory:
            chosen = cut(request, now, places=file.places(request.relay or "", request.host or ""), finest=file.finest)
            marks = file.marks(chosen.since, chosen.until, MOST_MARKS)
            return history(chosen, file.buckets(chosen, MOST_ROWS), marks)

        return await self._with(read)

    async def _measure(self, at: int) -> None:
        look = self._counters.last
        if look is None or look is self._written:
            return
        running, before = self._balancer.running, self._told
        happened = [mark for event in self._happened for mark in mark_of(event)]

        def keep(file: Measurements) -> Mapping[Key, Grown]:
            measured, told = growth(look, running, before)
            file.keep(at, measured, happened)
            return told

        try:
            self._told = await self._with(keep)
        except MachineError as error:
            if str(error) != self._trouble:
                self._note(f"what relays carry is not measured: could not {error}")
            self._trouble = str(error)
            return
        self._trouble, self._written = "", look
        self._happened.clear()

    async def _with(self, work: Callable[[Measurements], Found]) -> Found:
        """Do something with the file, or with a new one where it cannot be used. Raises MachineError."""
        async with self._one_at_a_time:
            try:
                return await asyncio.to_thread(self._try, work)
            except (DamagedError, LaterError) as error:
                if self._file is not None:
                    self._file.close()
                    self._file = None
                place = await asyncio.to_thread(put_aside, self._state)
                self._note(f"what relays carried is measured anew, the file so far is {place}: could not {error}")
                return await asyncio.to_thread(self._try, work)

    def _try(self, work: Callable[[Measurements], Found]) -> Found:
        if self._file is None:
            self._file = self._opened(self._state)
        return work(self._file)

    def _note(self, words: str) -> None:
        self._journal.note(EventKind.MACHINE, words, grade=Grade.WARNING)
