"""Keeps the passwords of test mailboxes that checks log in to: they must be sent, so they are kept as they are."""

from typing import Protocol

from bascule.store.database import Database


class Mailboxes(Protocol):
    """Keeps them by user."""

    def password(self, user: str) -> str:
        """Return the password; empty where none is kept. Never blocks."""
        ...

    def keep(self, user: str, password: str) -> None:
        """Keep this one in the place of what there was. Blocking: call it from a thread. Raises MachineError."""
        ...

    def read_again(self) -> None:
        """Have those at hand be what is kept. Blocking: call it from a thread. Raises MachineError."""
        ...


class DatabaseMailboxes:
    """Keeps them in the file, which its owner alone can read, and at hand."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, str] = dict(database.read("SELECT user, password FROM mailboxes"))

    def __repr__(self) -> str:
        """Return nothing that is a secret."""
        return f"DatabaseMailboxes({len(self._known)})"

    def password(self, user: str) -> str:
        """Look at what is at hand."""
        return self._known.get(user, "")

    def keep(self, user: str, password: str) -> None:
        """Replace one row."""
        if self._known.get(user) == password:
            return
        with self._database.transaction() as change:
            change.execute("INSERT OR REPLACE INTO mailboxes (user, password) VALUES (?, ?)", (user, password))
        self._known[user] = password

    def read_again(self) -> None:
        """Read all rows."""
        self._known = dict(self._database.read("SELECT user, password FROM mailboxes"))
