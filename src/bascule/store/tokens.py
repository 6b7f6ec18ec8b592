"""Keeps API tokens: whose each is, what it may do, and until when. Of a token itself only its hash is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from bascule.store.database import Database, Row
from bascule.store.moment import moment, written

_COLUMNS: Final = "account, name, digest, role, since, until, used"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptToken:
    """What a program is known by."""

    account: str
    name: str
    """What its owner calls it; an account has one of a name."""
    digest: bytes = field(repr=False)
    role: str
    since: datetime
    until: datetime
    used: datetime | None = None
    """When it was shown last, to the minute."""


class Tokens(Protocol):
    """Keeps them, and none without its account. Blocking: call it from a thread. Every method raises MachineError."""

    def found(self, digest: bytes) -> KeptToken | None:
        """Return the one of that hash."""
        ...

    def every(self) -> Sequence[KeptToken]:
        """Return all of them, by account and name."""
        ...

    def of(self, account: str) -> Sequence[KeptToken]:
        """Return those of an account, by name."""
        ...

    def keep(self, token: KeptToken) -> bool:
        """Keep one more; False where its account has one of that name."""
        ...

    def use(self, digest: bytes, at: datetime) -> None:
        """Note that one was shown."""
        ...

    def drop(self, account: str, name: str) -> bool:
        """Keep one no more; False where there is none of that name."""
        ...


class DatabaseTokens:
    """Keeps them in the file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def found(self, digest: bytes) -> KeptToken | None:
        """Read one row."""
        return next(iter(self._read("WHERE digest = ?", digest)), None)

    def every(self) -> Sequence[KeptToken]:
        """Read all rows."""
        return self._read("ORDER BY account, name")

    def of(self, account: str) -> Sequence[KeptToken]:
        """Read those rows."""
        return self._read("WHERE account = ? ORDER BY name", account)

    def keep(self, token: KeptToken) -> bool:
        """Write one row, where there is none."""
        with self._database.transaction() as change:
            found = change.execute(
                f"INSERT INTO tokens ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) "  # noqa: S608 - our own
                "ON CONFLICT (account, name) DO NOTHING",
                (
                    *(token.account, token.name, token.digest, token.role, written(token.since), written(token.until)),
                    None if token.used is None else written(token.used),
                ),
            )
            return found.rowcount == 1

    def use(self, digest: bytes, at: datetime) -> None:
        """Change one row."""
        with self._database.transaction() as change:
            change.execute("UPDATE tokens SET used = ? WHERE digest = ?", (written(at), digest))

    def drop(self, account: str, name: str) -> bool:
        """Delete one row."""
        with self._database.transaction() as change:
            return change.execute("DELETE FROM tokens WHERE account = ? AND name = ?", (account, name)).rowcount == 1

    def _read(self, which: str, *values: object) -> Sequence[KeptToken]:
        query = f"SELECT {_COLUMNS} FROM tokens {which}"  # noqa: S608 - our own
        return [self._token(row) for row in self._database.read(query, values)]

    def _token(self, row: Row) -> KeptToken:
        account, name, digest, role, since, until, used = row
        try:
            return KeptToken(
                account=account,
                name=name,
                digest=digest,
                role=role,
                since=moment(since),
                until=moment(until),
                used=None if used is None else moment(used),
            )
        except ValueError as error:
            raise self._database.damaged(f"the tokens: {error}") from error
