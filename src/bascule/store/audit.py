"""The audit log: who changed what, and who tried and was refused. Chained, so that no line is changed or taken out unseen.

A line that is cut off at the end leaves a whole chain: the events that went to the system's log tell of it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, Protocol

from bascule.store.database import Database, Row
from bascule.store.moment import moment, written

_LAST: Final = 2**63 - 1
"""More lines than a file can have."""

_COLUMNS: Final = "number, at, user, uid, pid, words, refused, before, digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What somebody did, or tried."""

    at: datetime
    user: str
    uid: int
    pid: int
    words: str
    """What was done, to be read after the user's name: `deployed a configuration`."""
    refused: str = ""
    """Why it was not done; empty where it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A deed in its place of the log."""

    number: int
    deed: Deed
    before: str
    """The digest of the line before; empty for the first."""

    @property
    def digest(self) -> str:
        """Return what names this line and, through `before`, all that came before it: SHA-256, in hex."""
        deed = self.deed
        fields = (self.number, written(deed.at), deed.user, deed.uid, deed.pid, deed.words, deed.refused, self.before)
        told = b"".join(len(data := str(field).encode()).to_bytes(8, "big") + data for field in fields)
        return hashlib.sha256(told).hexdigest()


class Audit(Protocol):
    """Keeps deeds for ever. Blocking: call it from a thread. Every method raises MachineError."""

    def note(self, deed: Deed) -> None:
        """Add a line."""
        ...

    def lines(self, most: int, before: int | None = None) -> Sequence[Line]:
        """Return so many at most, the newest first, or those before a number; a line that is not as written is an error."""
        ...


class DatabaseAudit:
    """Keeps them in the file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, deed: Deed) -> None:
        """Write a row after the last."""
        with self._database.transaction() as change:
            last = change.execute("SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1").fetchone()
            number, before = last or (0, "")
            line = Line(number=number + 1, deed=deed, before=before)
            change.execute(
                f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own
                (
                    *(line.number, written(deed.at), deed.user, deed.uid, deed.pid, deed.words, deed.refused),
                    *(before, line.digest),
                ),
            )

    def lines(self, most: int, before: int | None = None) -> Sequence[Line]:
        """Read the last rows, and follow their chain."""
        query = f"SELECT {_COLUMNS} FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?"  # noqa: S608 - our own
        values = (_LAST if before is None else before, most)
        try:
            return _chained([_line(row) for row in self._database.read(query, values)], most)
        except ValueError as error:
            raise self._database.damaged(f"the audit log: {error}") from error


def _chained(found: Sequence[Line], most: int) -> Sequence[Line]:
    """Return lines of which none is missing: fewer than were asked for begin with the first. Raises ValueError."""
    for newer, older in pairwise(found):
        if newer.number != older.number + 1 or newer.before != older.digest:
            raise ValueError(f"line {newer.number - 1} is not what was written")
    if found and len(found) < most and (found[-1].number, found[-1].before) != (1, ""):
        raise ValueError("its first lines are gone")
    return found


def _line(row: Row) -> Line:
    number, at, user, uid, pid, words, refused, before, digest = row
    deed = Deed(at=moment(at), user=user, uid=uid, pid=pid, words=words, refused=refused)
    line = Line(number=number, deed=deed, before=before)
    if line.digest != digest:
        raise ValueError(f"line {number} is not what was written")
    return line
