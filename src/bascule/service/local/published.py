"""The committed text as a file for people: to read, to copy, and never to be lost where somebody has written in it."""

import asyncio
from pathlib import Path
from typing import Final

from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.system.errors import MachineError
from bascule.system.files import read_whole, write_whole

_LONGEST: Final = 16 * 1024 * 1024
_EDITED: Final = ".edited"
_MOST_ASIDE: Final = 1000


class PublishedText:
    """One file, which follows what is committed. What the machine refuses is said, and stops nothing."""

    def __init__(self, path: Path, journal: Journal) -> None:
        self._path = path
        self._journal = journal

    async def look(self, committed: bytes) -> None:
        """At a start: write the file where it lacks; one that somebody has written in stays, and is not live by itself."""
        await asyncio.to_thread(self._look, committed)

    async def follow(self, before: bytes, committed: bytes) -> None:
        """Write what was committed just now; what somebody wrote into the text before is put beside it first."""
        await asyncio.to_thread(self._follow, before, committed)

    def _look(self, committed: bytes) -> None:
        try:
            found = read_whole(self._path, _LONGEST)
            if found is None:
                write_whole(self._path, committed)
            elif found != committed:
                words = f"{self._path} is not what was committed: `bascule load {self._path}` makes it your working copy"
                self._journal.note(EventKind.CONFIGURATION, words, grade=Grade.WARNING, state="edited")
        except MachineError as error:
            self._say(error)

    def _follow(self, before: bytes, committed: bytes) -> None:
        try:
            found = read_whole(self._path, _LONGEST)
            if found not in (None, before, committed):
                aside = self._free_name()
                write_whole(aside, found or b"")
                words = f"what somebody wrote into {self._path} is {aside} now: `bascule load {aside}` takes it up"
                self._journal.note(EventKind.CONFIGURATION, words, grade=Grade.WARNING, state="edited")
            if found != committed:
                write_whole(self._path, committed)
        except MachineError as error:
            self._say(error)

    def _free_name(self) -> Path:
        """Return a name beside the file that nothing has: what was put aside before may be wanted still."""
        first = self._path.with_name(self._path.name + _EDITED)
        others = (first.with_name(f"{first.name}.{number}") for number in range(1, _MOST_ASIDE))
        return next((path for path in (first, *others) if not path.exists()), first)

    def _say(self, error: MachineError) -> None:
        self._journal.note(EventKind.MACHINE, f"the committed text has no file: could not {error}", grade=Grade.WARNING)
