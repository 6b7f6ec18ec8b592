"""The file that everything is kept in: made, brought up to date, and never half written."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeAlias

from bascule.store.schema import VERSIONS
from bascule.system.errors import MachineError

FILE: Final = "bascule.db"

_PATIENCE: Final = 5.0
"""Seconds to wait for whoever else has the file open: a backup, or an operator with `sqlite3`."""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

Row = tuple[Any, ...]
Versions: TypeAlias = Sequence[Sequence[str]]
"""The statements that each version of a file adds to the one before."""


class DamagedError(MachineError):
    """The file is not what we wrote."""


class LaterError(MachineError):
    """A later version wrote the file."""


class Database:
    """One open file. Blocking: call it from a thread; callers wait for each other."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._one_at_a_time = Lock()
        self.advice: Callable[[], str] = str
        """Says what is best done where the file is damaged; asked once."""
        self.damage = ""
        """What was found damaged, with that advice; empty while nothing was."""

    def read(self, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Row]:
        """Return the rows of a query. Raises MachineError, which names the file."""
        with self._one_at_a_time, self._named(f"read {self._path}"):
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Make what stands inside one change: the whole of it lasts, also over a power cut, or nothing of it.

        Raises MachineError, which names the file; also where it was found damaged before: more would be lost with it.
        """
        if self.damage:
            raise DamagedError(f"write {self._path}", self.damage)
        with self._one_at_a_time, self._named(f"write {self._path}"), _transaction(self._connection):
            yield self._connection

    def damaged(self, cause: str) -> MachineError:
        """Return the error to raise where the file holds what we never wrote."""
        return DamagedError(f"read {self._path}", self._advised(f"it is damaged: {cause}"))

    def check(self) -> None:
        """Read all of the file, as it is on the disk. Raises MachineError."""
        source = f"{self._path.absolute().as_uri()}?mode=ro"
        with self._named(f"read {self._path}"), closing(sqlite3.connect(source, uri=True)) as connection:
            checked(self._path, connection)

    def close(self) -> None:
        """Let go of the file, when nobody reads or writes it."""
        with self._one_at_a_time:
            self._connection.close()

    @contextmanager
    def _named(self, step: str) -> Iterator[None]:
        try:
            with named(step):
                yield
        except DamagedError as error:
            raise self._remembered(error) from error

    def _remembered(self, error: DamagedError) -> DamagedError:
        self.damage = self.damage or self._advised(error.cause)
        return DamagedError(error.step, self.damage)

    def _advised(self, cause: str) -> str:
        return "; ".join(filter(None, (cause, self.advice())))


def open_database(folder: Path) -> Database:
    """Open the file in a state folder, made where it is missing, for its owner alone, and bring its tables up to date.

    Raises MachineError, which names the file, where it is damaged, a later version's, or cannot be used.
    """
    return open_file(folder / FILE, VERSIONS, synchronous="FULL")


def open_file(path: Path, versions: Versions, *, synchronous: str) -> Database:
    """Open any such file; `synchronous` is what SQLite calls so.

    Raises DamagedError, LaterError, and MachineError where it cannot be used; each names the file.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(descriptor, 0o600)  # SQLite gives the files beside it the same
        finally:
            os.close(descriptor)
    except OSError as error:
        raise MachineError(f"open {path}", error.strerror or str(error)) from error
    with named(f"open {path}"):
        connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            _prepare(path, connection, versions, synchronous)
        except BaseException:  # whatever it was goes on up; the file must not stay open
            connection.close()
            raise
    return Database(path, connection)


def _prepare(path: Path, connection: sqlite3.Connection, versions: Versions, synchronous: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    version = checked(path, connection, len(versions))
    for number, statements in enumerate(versions[version:], version + 1):
        with _transaction(connection):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")


def checked(path: Path, connection: sqlite3.Connection, known: int = len(VERSIONS)) -> int:
    """Return the version of a file that is whole. Raises DamagedError, and LaterError where it is none of those known."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise DamagedError(f"open {path}", f"it is damaged: {found.splitlines()[-1]}")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > known:
        raise LaterError(f"open {path}", f"a later Bascule wrote it (version {version}, this one knows {known})")
    return int(version)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:  # whatever it was goes on up; half a change must not stay
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def named(step: str) -> Iterator[None]:
    """Give SQLite's errors the name of what was tried."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:  # the low byte is the primary code
            raise DamagedError(step, f"it is damaged: {error}") from error
        raise MachineError(step, str(error)) from error
