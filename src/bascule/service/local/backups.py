"""A backup every day and after every commit, by itself: whoever needs one has one."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.store.backups import FOLDER, LAST_COMMIT, back_up, daily, forget_old, owed
from bascule.system.clock import Clock
from bascule.system.errors import MachineError

MISSING: Final = "no backup"
MADE: Final = "backed up"
"""States of events about them."""

LOOK: Final = 600.0
"""Seconds between two looks at how old the newest is."""


class Backups:
    """Makes them in the state folder, and lets go of the oldest; what fails is said once and tried again."""

    def __init__(self, state: Path, clock: Clock, journal: Journal, *, now: Callable[[], datetime]) -> None:
        self._state = state
        self._clock = clock
        self._journal = journal
        self._now = now
        self._committed = asyncio.Event()
        self._trouble = ""
        self._owed = False
        """What was committed is in no backup yet."""

    async def follow(self, before: bytes, committed: bytes) -> None:
        """Have one made soon, of what was committed just now; nobody waits for it."""
        if before != committed:
            self._committed.set()

    async def watch(self) -> None:
        """Go on until cancelled."""
        while True:
            await self.look()
            ways = {asyncio.ensure_future(self._committed.wait()), asyncio.ensure_future(self._clock.sleep(LOOK))}
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()

    async def look(self) -> None:
        """Make those for which it is time."""
        committed = self._committed.is_set() or self._owed
        self._committed.clear()
        try:
            await asyncio.to_thread(self._make, committed=committed)
        except MachineError as error:
            if str(error) != self._trouble:
                self._journal.note(EventKind.MACHINE, f"no backup: could not {error}", grade=Grade.WARNING, state=MISSING)
            self._trouble, self._owed = str(error), committed
        else:
            if self._trouble:
                self._journal.note(EventKind.MACHINE, "backups are made again", state=MADE)
            self._trouble, self._owed = "", False

    def _make(self, *, committed: bool) -> None:
        folder, today = self._state / FOLDER, daily(self._state, self._now())
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise MachineError(f"make {folder}", error.strerror or str(error)) from error
        if committed or owed(self._state):
            back_up(self._state, folder / LAST_COMMIT)
        if today is not None:
            back_up(self._state, today)
            forget_old(self._state)
