"""Writes the access log beside everything else: in batches, from a queue that has an end."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

from bascule.config.model import AccessLog, LogKind
from bascule.service.events import EventKind, Grade
from bascule.service.local.access_log.entry import entry
from bascule.service.local.ended import Ended
from bascule.service.local.journal import Journal
from bascule.service.local.words import counted
from bascule.system.clock import Clock
from bascule.system.errors import MachineError
from bascule.system.log_sinks import LogFile, Sink, Syslog, SystemdJournal

WAITING: Final = 20_000
"""Sessions that wait to be written; when more end meanwhile, the oldest are lost, and it is said how many."""

BATCH: Final = 2_000
"""Sessions that are written at once."""

PERIOD: Final = 1.0
"""Seconds between two batches."""

Open = Callable[[AccessLog], Sink]


def open_sink(log: AccessLog) -> Sink:
    """Return the sink that a configuration names."""
    match log.kind:
        case LogKind.FILE:
            return LogFile(Path(log.path))
        case LogKind.SYSLOG:
            return Syslog()
        case LogKind.JOURNAL:
            return SystemdJournal()


class AccessLogWriter:
    """Takes sessions that have ended, and writes them while `watch` runs.

    `wanted` tells where to, or None for nowhere, whenever it is asked.
    """

    def __init__(
        self, wanted: Callable[[], AccessLog | None], journal: Journal, *, clock: Clock, opened: Open = open_sink
    ) -> None:
        self._wanted = wanted
        self._journal = journal
        self._clock = clock
        self._open = opened
        self._waiting: deque[Ended] = deque()
        self._log: AccessLog | None = None
        self._sink: Sink | None = None
        self._busy = Lock()
        """Held while a batch is written: whoever is cancelled meanwhile leaves its thread behind."""
        self._failing = False
        self._trouble = ""
        self._lost = 0

    def note(self, ended: Ended) -> None:
        """Take a session; where too many wait, the oldest makes room."""
        if self._wanted() is None:
            return
        if len(self._waiting) == WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(ended)

    def findings(self) -> Sequence[str]:
        """Return what keeps the log from being written; nothing where it is."""
        return [self._trouble] if self._failing else []

    async def watch(self) -> None:
        """Write what comes until cancelled, and then what is left."""
        try:
            while True:
                await self.write()
                if len(self._waiting) < BATCH or self._failing:
                    await self._clock.sleep(PERIOD)
        finally:
            self._write_rest()

    async def write(self) -> None:
        """Write a batch of what waits."""
        news = self._turn()
        if self._sink is None or not (self._waiting or news or self._failing):
            return
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        try:
            await asyncio.to_thread(self._hand_over, self._sink, batch)
        except MachineError as error:
            self._lost += len(batch)
            if not self._failing:
                self._failing = True
                self._trouble = f"access log: could not {error}; sessions that end meanwhile are not logged"
                self._journal.note(
                    EventKind.ACCESS_LOG, self._trouble, grade=Grade.WARNING, state="fails", reason=error.cause
                )
            return
        if self._failing or self._lost:
            words = (
                f"access log: it is written{' again' if self._failing else ''}; up to {counted(self._lost, 'line')} lost"
            )
            self._journal.note(EventKind.ACCESS_LOG, words, state="works", number=self._lost)
        self._failing, self._lost = False, 0

    def _hand_over(self, sink: Sink, batch: Sequence[Ended]) -> None:
        with self._busy:
            sink.write([entry(each) for each in batch])

    def _turn(self) -> bool:
        """Turn to where the configuration says now; return whether that is elsewhere than before."""
        wanted = self._wanted()
        if wanted == self._log:
            return False
        if self._sink is not None:
            self._sink.close()
        if self._lost:
            words = f"access log: it goes elsewhere now; {counted(self._lost, 'line')} lost"
            self._journal.note(EventKind.ACCESS_LOG, words, state="works", number=self._lost)
        self._log, self._failing, self._lost = wanted, False, 0
        self._sink = None if wanted is None else self._open(wanted)
        if wanted is None:
            self._waiting.clear()
        return True

    def _write_rest(self) -> None:
        if self._sink is None:
            return
        try:
            self._hand_over(self._sink, [*self._waiting])
        except MachineError as error:
            self._journal.note(EventKind.ACCESS_LOG, f"access log: could not {error}", grade=Grade.WARNING, state="fails")
        self._sink.close()
