"""A backup every day, by itself: whoever needs one has one."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.store.backups import back_up, daily, forget_old
from bascule.system.clock import Clock
from bascule.system.errors import MachineError

LOOK: Final = 600.0
"""Seconds between two looks at how old the newest is."""


class DailyBackups:
    """Makes them in the state folder, and lets go of the oldest; what fails is said once and tried again."""

    def __init__(self, state: Path, clock: Clock, journal: Journal, *, now: Callable[[], datetime]) -> None:
        self._state = state
        self._clock = clock
        self._journal = journal
        self._now = now
        self._trouble = ""

    async def watch(self) -> None:
        """Go on until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK)

    async def look(self) -> None:
        """Make one where it is time."""
        try:
            await asyncio.to_thread(self._make)
        except MachineError as error:
            if str(error) != self._trouble:
                self._journal.note(EventKind.MACHINE, f"no backup: could not {error}", grade=Grade.WARNING)
            self._trouble = str(error)
        else:
            self._trouble = ""

    def _make(self) -> None:
        place = daily(self._state, self._now())
        if place is None:
            return
        try:
            place.parent.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise MachineError(f"make {place.parent}", error.strerror or str(error)) from error
        back_up(self._state, place)
        forget_old(self._state)
