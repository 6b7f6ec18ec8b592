"""Keeps working copies: a text that an account is writing, and the revision that it was written from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bascule.store.database import Database, Row
from bascule.store.moment import moment, written


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCopy:
    """A text that is not deployed yet; it may be unfinished, or wrong."""

    account: str
    base: int
    """The revision that it was written from; 0 where none was committed then."""
    text: bytes
    at: datetime
    """When it was last changed."""


class Copies(Protocol):
    """Keeps one for each account at most. Blocking: call it from a thread. Every method raises MachineError."""

    def copy(self, account: str) -> WorkingCopy | None:
        """Return the account's."""
        ...

    def every(self) -> Sequence[WorkingCopy]:
        """Return all of them, by account."""
        ...

    def keep(self, copy: WorkingCopy) -> None:
        """Keep this one in the place of what the account had."""
        ...

    def drop(self, account: str) -> None:
        """Keep none of the account's any more."""
        ...


class DatabaseCopies:
    """Keeps them in the file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def copy(self, account: str) -> WorkingCopy | None:
        """Read one row."""
        rows = self._database.read("SELECT account, base, text, at FROM working_copies WHERE account = ?", (account,))
        return next(map(self._copy, rows), None)

    def every(self) -> Sequence[WorkingCopy]:
        """Read all rows."""
        rows = self._database.read("SELECT account, base, text, at FROM working_copies ORDER BY account")
        return [*map(self._copy, rows)]

    def keep(self, copy: WorkingCopy) -> None:
        """Replace one row."""
        with self._database.transaction() as change:
            change.execute(
                "INSERT OR REPLACE INTO working_copies (account, base, text, at) VALUES (?, ?, ?, ?)",
                (copy.account, copy.base, copy.text, written(copy.at)),
            )

    def drop(self, account: str) -> None:
        """Delete one row."""
        with self._database.transaction() as change:
            change.execute("DELETE FROM working_copies WHERE account = ?", (account,))

    def _copy(self, row: Row) -> WorkingCopy:
        account, base, text, at = row
        try:
            return WorkingCopy(account=account, base=base, text=text, at=moment(at))
        except ValueError as error:
            raise self._database.damaged(f"the working copies: {error}") from error
