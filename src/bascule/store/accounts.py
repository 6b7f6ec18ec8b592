"""Keeps accounts: who may do what, and what proves it to the pages. A password is never kept, only its hash."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from bascule.store.database import Database, Row
from bascule.store.moment import moment, written

_COLUMNS: Final = "name, role, password, since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may do something."""

    name: str
    role: str
    password: str = field(default="", repr=False)
    """The hash of the password; empty where none opens it."""
    since: datetime


class Accounts(Protocol):
    """Keeps them by name. Blocking: call it from a thread. Every method raises MachineError."""

    def account(self, name: str) -> Account | None:
        """Return the one of that name."""
        ...

    def every(self) -> Sequence[Account]:
        """Return all of them, by name."""
        ...

    def keep(self, account: Account) -> None:
        """Keep this one in the place of what there was of its name."""
        ...

    def drop(self, name: str) -> None:
        """Keep none of that name any more."""
        ...

    def propose(self, author: str, name: str, password: str) -> None:
        """Keep the hash of a password that an author wrote for an account to be."""
        ...

    def proposed(self, author: str, name: str) -> str:
        """Return that hash; empty where the author wrote none."""
        ...

    def settle(self, name: str) -> None:
        """Forget what anybody proposed for an account."""
        ...


class DatabaseAccounts:
    """Keeps them in the file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def account(self, name: str) -> Account | None:
        """Read one row."""
        return next(iter(self._read("WHERE name = ?", name)), None)

    def every(self) -> Sequence[Account]:
        """Read all rows."""
        return self._read("ORDER BY name")

    def keep(self, account: Account) -> None:
        """Write one row; what belongs to the account stays (INSERT OR REPLACE would take it away)."""
        written_over = "role = excluded.role, password = excluded.password, since = excluded.since"
        with self._database.transaction() as change:
            change.execute(
                f"INSERT INTO accounts ({_COLUMNS}) VALUES (?, ?, ?, ?) "  # noqa: S608 - our own
                f"ON CONFLICT (name) DO UPDATE SET {written_over}",
                (account.name, account.role, account.password, written(account.since)),
            )

    def drop(self, name: str) -> None:
        """Delete one row."""
        with self._database.transaction() as change:
            change.execute("DELETE FROM accounts WHERE name = ?", (name,))

    def propose(self, author: str, name: str, password: str) -> None:
        """Replace one row."""
        with self._database.transaction() as change:
            change.execute("INSERT OR REPLACE INTO proposed_passwords VALUES (?, ?, ?)", (author, name, password))

    def proposed(self, author: str, name: str) -> str:
        """Read one row."""
        query = "SELECT password FROM proposed_passwords WHERE author = ? AND name = ?"
        return next((str(password) for (password,) in self._database.read(query, (author, name))), "")

    def settle(self, name: str) -> None:
        """Delete rows."""
        with self._database.transaction() as change:
            change.execute("DELETE FROM proposed_passwords WHERE name = ?", (name,))

    def _read(self, which: str, *values: str) -> Sequence[Account]:
        query = f"SELECT {_COLUMNS} FROM accounts {which}"  # noqa: S608 - our own
        return [self._account(row) for row in self._database.read(query, values)]

    def _account(self, row: Row) -> Account:
        name, role, password, since = row
        try:
            return Account(name=name, role=role, password=password, since=moment(since))
        except ValueError as error:
            raise self._database.damaged(f"the accounts: {error}") from error
