"""Keeps second factors: what makes an account's codes, which of them was used last, and hashes of recovery codes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bascule.store.database import Database, Row
from bascule.store.moment import moment, written


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """What an account asks for beside its password."""

    account: str
    secret: str = field(repr=False)
    """Makes the codes, in base32; it must be known to tell whether one is right."""
    since: datetime
    step: int
    """The step of time whose code was used last."""
    recovery_codes: int = 0
    """How many are left."""


class SecondFactors(Protocol):
    """Keeps them by account, and none without one. Blocking: call it from a thread. Every method raises MachineError."""

    def of(self, account: str) -> SecondFactor | None:
        """Return that of an account."""
        ...

    def every(self) -> Sequence[SecondFactor]:
        """Return all of them."""
        ...

    def keep(self, factor: SecondFactor, digests: Sequence[bytes]) -> None:
        """Keep it, with the hashes of its recovery codes, in the place of what there was."""
        ...

    def advance(self, account: str, step: int) -> bool:
        """Note that the code of a step was used; False where that one, or a later one, was used before."""
        ...

    def spend(self, account: str, digest: bytes) -> bool:
        """Take a recovery code away; False where there is none of that hash."""
        ...

    def drop(self, account: str) -> None:
        """Keep none for an account any more."""
        ...


_QUERY = (
    "SELECT account, secret, since, step, (SELECT count(*) FROM recovery_codes WHERE account = factor.account) "
    "FROM second_factors AS factor "
)


class DatabaseSecondFactors:
    """Keeps them in the file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, account: str) -> SecondFactor | None:
        """Read one row."""
        found = self._database.read(f"{_QUERY} WHERE account = ?", (account,))
        return next((self._factor(row) for row in found), None)

    def every(self) -> Sequence[SecondFactor]:
        """Read all rows."""
        return [self._factor(row) for row in self._database.read(f"{_QUERY} ORDER BY account")]

    def keep(self, factor: SecondFactor, digests: Sequence[bytes]) -> None:
        """Replace one row, and those of the recovery codes."""
        with self._database.transaction() as change:
            change.execute("DELETE FROM second_factors WHERE account = ?", (factor.account,))
            values = (factor.account, factor.secret, written(factor.since), factor.step)
            change.execute("INSERT INTO second_factors (account, secret, since, step) VALUES (?, ?, ?, ?)", values)
            rows = [(factor.account, digest) for digest in digests]
            change.executemany("INSERT INTO recovery_codes (account, digest) VALUES (?, ?)", rows)

    def advance(self, account: str, step: int) -> bool:
        """Change one row, where it is older."""
        with self._database.transaction() as change:
            found = change.execute(
                "UPDATE second_factors SET step = ? WHERE account = ? AND step < ?", (step, account, step)
            )
            return found.rowcount == 1

    def spend(self, account: str, digest: bytes) -> bool:
        """Delete one row."""
        with self._database.transaction() as change:
            found = change.execute("DELETE FROM recovery_codes WHERE account = ? AND digest = ?", (account, digest))
            return found.rowcount == 1

    def drop(self, account: str) -> None:
        """Delete one row, with its recovery codes."""
        with self._database.transaction() as change:
            change.execute("DELETE FROM second_factors WHERE account = ?", (account,))

    def _factor(self, row: Row) -> SecondFactor:
        account, secret, since, step, left = row
        try:
            return SecondFactor(account=account, secret=secret, since=moment(since), step=step, recovery_codes=left)
        except ValueError as error:
            raise self._database.damaged(f"the second factors: {error}") from error
