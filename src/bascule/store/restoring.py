"""Takes a backup over into the file that is in use: in one step, and only one that can be read to its end."""

import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bascule.store import revisions
from bascule.store.accounts import DatabaseAccounts
from bascule.store.copies import DatabaseCopies
from bascule.store.database import FILE, Database, Row, checked, named, open_database
from bascule.store.history import DatabaseHistory
from bascule.store.moment import moment
from bascule.store.revisions import Head, Revision
from bascule.store.schema import VERSIONS
from bascule.store.second_factors import DatabaseSecondFactors
from bascule.store.table_entries import DatabaseEntries
from bascule.store.tokens import DatabaseTokens
from bascule.system.errors import MachineError

LARGEST: Final = 2 * 1024 * 1024 * 1024
"""Bytes of all texts of a backup together: one that claims more would keep us busy with unpacking."""

LONGEST_WORDS: Final = 1024
"""Characters of an author with his message, and of the name of an account."""

_MAGIC: Final = b"SQLite format 3\0"
"""What each SQLite file begins with (https://www.sqlite.org/fileformat.html, 1.3)."""

_ALL: Final = 1_000_000
"""More revisions than are read of a backup."""

_REPLACED: Final = ("working_copies", "accounts", "proposed_passwords", "second_factors", "recovery_codes", "tokens")
"""Tables that are afterwards what they are in the backup; each after those that it refers to."""


class UnfitError(MachineError):
    """A file is no backup that can be restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A backup that was found whole: a copy of it, brought up to date, which nobody else changes."""

    database: Database
    digest: str
    """SHA-256 of the file as it was."""
    size: int
    layout: int
    """The version of its tables as it was."""
    heads: Sequence[Head]
    """Of its revisions, the first one first."""
    newest: Revision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of it."""

    newest: int
    """The number of the newest revision, whose text is the one that ran before."""


@contextmanager
def opened(backup: Path, beside: Path) -> Iterator[Source]:
    """Yield a copy of a backup that lies in a folder of its own as long.

    Raises UnfitError, DamagedError and LaterError where it cannot be restored, MachineError where it cannot be copied.
    """
    step = f"read {backup.name}"
    try:
        with TemporaryDirectory(dir=beside, prefix=".restore.") as folder:
            copy = Path(folder) / FILE
            shutil.copyfile(backup, copy)
            copy.chmod(0o600)
            with copy.open("rb") as file:
                if file.read(len(_MAGIC)) != _MAGIC:
                    raise UnfitError(step, "it is no backup of Bascule's")
                file.seek(0)
                digest = file_digest(file, "sha256").hexdigest()
            size = copy.stat().st_size
            layout = _layout(copy, step)
            with closing(open_database(Path(folder))) as database:
                heads = _read(database, step)
                yield Source(
                    database=database,
                    digest=digest,
                    size=size,
                    layout=layout,
                    heads=heads,
                    newest=DatabaseHistory(database).newest(),
                )
    except OSError as error:
        raise MachineError(step, error.strerror or str(error)) from error


def last_deed(database: Database) -> datetime | None:
    """Return when the last thing was done that a file's audit log has. Raises MachineError."""
    ((at,),) = database.read("SELECT max(at) FROM audit")
    try:
        return None if at is None else moment(at)
    except ValueError as error:
        raise database.damaged(f"the audit log: {error}") from error


def begins(mine: Sequence[Head], theirs: Sequence[Head]) -> bool:
    """Tell whether the history of a backup is the beginning of another: then nothing is in it that is not there."""
    return [head.digest for head in mine[: len(theirs)]] == [head.digest for head in theirs]


def heads_of(database: Database) -> Sequence[Head]:
    """Return all revisions of a file, the first one first, without their texts. Raises MachineError."""
    return [*reversed(DatabaseHistory(database).heads(_ALL))]


def take_over(
    live: Database, source: Source, *, keep: Callable[[], object], used: Collection[str], at: datetime, by: str, called: str
) -> Taken:
    """Have a file in use hold what a backup holds: all of it, or where anything fails nothing. Raises MachineError.

    `keep` puts aside what the file held, and may fail. What ran stays the newest revision, so that what is kept and what
    runs agree. `used` names the address tables that run: they go on with the entries they have; a label of a
    secret means what it meant. The audit log, and orders about hosts, stay.
    """
    history = DatabaseHistory(live)
    runs = history.newest()
    mine = heads_of(live)
    with live.transaction() as change:
        keep()
        spent = _Spent.of(change)
        for table in reversed(_REPLACED):
            change.execute(f"DELETE FROM {table}")  # noqa: S608 - our own
        for table in _REPLACED:
            _insert(change, "INSERT", table, source.database.read(f"SELECT * FROM {table}"))  # noqa: S608 - our own
        spent.stays(change)
        change.execute("DELETE FROM pending")
        newest = runs
        if not begins(mine, source.heads):
            newest = source.newest
            change.execute("DELETE FROM revisions")
            for head in source.heads:
                rows = source.database.read("SELECT * FROM revisions WHERE number = ?", (head.number,))
                _insert(change, "INSERT", "revisions", rows)
        text = b"" if runs is None else runs.text
        if newest is not None and newest.text != text:
            message = f"what ran when {called} was restored"
            newest = revisions.after(newest, at=at, author=by, message=message, text=text)
            _insert(change, "INSERT", "revisions", [revisions.row_of(newest)])
        secrets = source.database.read("SELECT label, secret FROM secrets ORDER BY number")
        change.executemany("INSERT OR IGNORE INTO secrets (label, secret) VALUES (?, ?)", secrets)
        entries = source.database.read("SELECT * FROM table_entries")
        _insert(change, "INSERT OR IGNORE", "table_entries", [row for row in entries if row[0] not in used])
    return Taken(newest=revisions.number_of(newest))


@dataclass(frozen=True, slots=True)
class _Spent:
    """Which codes of second factors were used: they are good once, whatever is restored."""

    factors: Sequence[Row]
    codes: Sequence[Row]

    @classmethod
    def of(cls, change: sqlite3.Connection) -> "_Spent":
        factors = change.execute("SELECT account, secret, step FROM second_factors").fetchall()
        return cls(factors, change.execute("SELECT account, digest FROM recovery_codes").fetchall())

    def stays(self, change: sqlite3.Connection) -> None:
        """Have it be so of those that are the same."""
        for account, secret, step in self.factors:
            query = "UPDATE second_factors SET step = max(step, ?) WHERE account = ? AND secret = ?"
            if change.execute(query, (step, account, secret)).rowcount:
                change.execute("DELETE FROM recovery_codes WHERE account = ?", (account,))
                _insert(change, "INSERT", "recovery_codes", [code for code in self.codes if code[0] == account])


def _insert(change: sqlite3.Connection, how: str, table: str, rows: Sequence[Row]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        change.executemany(f"{how} INTO {table} VALUES ({marks})", rows)


def _layout(copy: Path, step: str) -> int:
    """Return the version of a file whose tables are those of that version, and nothing else is in it.

    What would act by itself is not let in: triggers, views, expressions.
    """
    with named(step), closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if 0 < version <= len(VERSIONS) and _tables(connection) != _tables_of(version):
            raise UnfitError(step, "it is no backup of Bascule's: its tables are others")
        if checked(copy, connection) < 1:
            raise UnfitError(step, "it is no backup of Bascule's")
    return int(version)


def _tables(connection: sqlite3.Connection) -> set[Row]:
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchmany(1000)
    return {(kind, name, table, " ".join((sql or "").split())) for kind, name, table, sql in found}


def _tables_of(version: int) -> set[Row]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statements in islice(VERSIONS, version):
            for statement in statements:
                connection.execute(statement)
        return _tables(connection)


def _read(database: Database, step: str) -> Sequence[Head]:
    """Read everything as it will be read, and return the revisions. Raises MachineError for what was never written so."""
    (broken,) = database.read("SELECT count(*) FROM pragma_foreign_key_check")
    if broken[0]:
        raise UnfitError(step, "it is damaged: something in it belongs to an account that is not there")
    heads, history, total = heads_of(database), DatabaseHistory(database), 0
    if heads and (heads[0].number, heads[0].before) != (1, revisions.BEFORE_THE_FIRST):
        raise UnfitError(step, "it is damaged: its first revisions are gone")
    for head in heads:
        revision = history.revision(head.number)
        assert revision is not None, "it was just listed"
        total += len(revision.text)
        if total > LARGEST or len(head.author) + len(head.message) > LONGEST_WORDS:
            raise UnfitError(step, "it is no backup of Bascule's: more is in it than Bascule writes")
        try:
            revision.text.decode()
        except UnicodeDecodeError as error:
            raise UnfitError(step, f"it is damaged: revision {head.number} is no text") from error
    people = DatabaseAccounts(database).every()
    if any(not account.name or len(account.name) > LONGEST_WORDS or not account.name.isprintable() for account in people):
        raise UnfitError(step, "it is damaged: an account has no name that one can have")
    DatabaseCopies(database).every()
    DatabaseSecondFactors(database).every()
    DatabaseTokens(database).every()
    DatabaseEntries(database, now=lambda: datetime.now(UTC)).entries()
    return heads
