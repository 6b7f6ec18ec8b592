"""Whether what is kept is sound: read whole now and then, since a page that breaks is otherwise met when it is needed."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.system.clock import Clock
from bascule.system.errors import MachineError

EVERY: Final = 600.0
"""Seconds between two times that all of it is read."""

LOOK: Final = 2.0
"""Seconds between two looks at whether somebody has met what is damaged."""


class Kept(Protocol):
    """The file that everything is kept in."""

    @property
    def damage(self) -> str:
        """Return what was found damaged, and what is best done; empty while nothing was."""
        ...

    def check(self) -> None:
        """Read all of it. Raises MachineError."""
        ...


class Soundness:
    """Says once that something is damaged, and in `status` as long as it is. Traffic needs nothing of the file."""

    def __init__(self, kept: Kept, clock: Clock, journal: Journal) -> None:
        self._kept = kept
        self._clock = clock
        self._journal = journal

    async def watch(self) -> None:
        """Go on until cancelled, or until it is said."""
        checked = self._clock.monotonic()
        while not self._kept.damage:
            await self._clock.sleep(LOOK)
            if self._clock.monotonic() - checked >= EVERY:
                checked = self._clock.monotonic()
                with suppress(MachineError):  # damage is remembered; whatever else it was, the next who reads is told
                    await asyncio.to_thread(self._kept.check)
        self._journal.note(EventKind.MACHINE, self._words(), grade=Grade.WARNING)

    def findings(self) -> Sequence[str]:
        """Return what is damaged."""
        return [self._words()] if self._kept.damage else []

    def _words(self) -> str:
        return f"what Bascule keeps: {self._kept.damage}"
