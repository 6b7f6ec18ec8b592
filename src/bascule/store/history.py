"""Keeps what was committed, for ever, and the deployment that may become the next revision."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bascule.store import pending as deployment
from bascule.store import revisions
from bascule.store.database import Database
from bascule.store.pending import Pending
from bascule.store.revisions import Head, Revision


class History(Protocol):
    """Keeps revisions and one deployment at most. Blocking: call it from a thread. Every method raises MachineError."""

    def newest(self) -> Revision | None:
        """Return the last that was committed; None before the first."""
        ...

    def revision(self, number: int) -> Revision | None:
        """Return one of them; None where there is none of that number."""
        ...

    def heads(self, most: int) -> Sequence[Head]:
        """Return so many at most, the newest first, without their texts."""
        ...

    def pending(self) -> Pending | None:
        """Return the deployment that is under way."""
        ...

    def keep(self, pending: Pending | None) -> None:
        """Keep this deployment in the place of what was kept; None when none is under way any more."""
        ...

    def commit(self, text: bytes, *, at: datetime, author: str, message: str) -> Revision:
        """Make a text the next revision and end the deployment: both, or neither."""
        ...


class DatabaseHistory:
    """Keeps them in the file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self) -> Revision | None:
        """Read the last row."""
        return self._one("ORDER BY number DESC LIMIT ?", 1)

    def revision(self, number: int) -> Revision | None:
        """Read one row."""
        return self._one("WHERE number = ?", number)

    def heads(self, most: int) -> Sequence[Head]:
        """Read the last rows, and follow their chain."""
        query = f"SELECT {revisions.HEAD_COLUMNS} FROM revisions ORDER BY number DESC LIMIT ?"  # noqa: S608 - our own
        try:
            return revisions.heads_of(self._database.read(query, (most,)))
        except ValueError as error:
            raise self._database.damaged(f"the revisions: {error}") from error

    def pending(self) -> Pending | None:
        """Read the only row."""
        rows = self._database.read(f"SELECT {deployment.COLUMNS} FROM pending")  # noqa: S608 - our own
        try:
            return next((deployment.pending_of(row) for row in rows), None)
        except ValueError as error:
            raise self._database.damaged(f"the deployment under way: {error}") from error

    def keep(self, pending: Pending | None) -> None:
        """Replace the only row."""
        with self._database.transaction() as change:
            change.execute("DELETE FROM pending")
            if pending is not None:
                change.execute(
                    f"INSERT INTO pending (only, {deployment.COLUMNS}) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own
                    deployment.row_of(pending),
                )

    def commit(self, text: bytes, *, at: datetime, author: str, message: str) -> Revision:
        """Write the revision and delete the only row."""
        revision = revisions.after(self.newest(), at=at, author=author, message=message, text=text)
        with self._database.transaction() as change:
            change.execute(
                f"INSERT INTO revisions ({revisions.COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own
                revisions.row_of(revision),
            )
            change.execute("DELETE FROM pending")
        return revision

    def _one(self, which: str, value: int) -> Revision | None:
        rows = self._database.read(f"SELECT {revisions.COLUMNS} FROM revisions {which}", (value,))  # noqa: S608 - our own
        try:
            return next((revisions.revision_of(row) for row in rows), None)
        except ValueError as error:
            raise self._database.damaged(f"the revisions: {error}") from error
