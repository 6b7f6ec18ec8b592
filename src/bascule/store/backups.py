"""Backups: everything that is kept, in one file that can be carried away, and back from it."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bascule.store.database import FILE, checked, named
from bascule.store.moment import moment
from bascule.system.errors import MachineError

FOLDER: Final = "backups"
"""Of the state folder, where those lie that are made daily."""

KEPT: Final = 14
"""Of those, how many."""

DAY: Final = timedelta(days=1)

LAST_COMMIT: Final = "last-commit.db"
"""Beside them, what was kept when something was committed last: none of it is a day old."""

REPLACED_KEPT: Final = 5
"""Of those that hold what was there before a restore, how many."""

_REPLACED: Final = "replaced-*.db"
_DAILY: Final = "bascule-*.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup holds."""

    path: Path
    revisions: int
    newest: datetime | None
    """When the last revision was committed; None where there is none."""


def back_up(state: Path, to: Path) -> Backup:
    """Write everything that is kept in a state folder to one file, while whoever uses it goes on.

    The file is for its owner alone, and is there whole or not at all. Raises MachineError.
    """
    step, source = f"back up to {to}", state / FILE
    if not source.exists():
        raise MachineError(step, f"there is no {source}")
    try:
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=f".{to.name}.") as folder:
            made = Path(folder) / "backup.db"
            with named(step), closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                connection.execute("VACUUM INTO ?", (str(made),))
            made.chmod(0o600)
            found = look_at(made)
            _synced(made)
            made.replace(to)
            _synced(to.parent)
    except OSError as error:
        raise MachineError(step, error.strerror or str(error)) from error
    return Backup(path=to, revisions=found.revisions, newest=found.newest)


def look_at(path: Path) -> Backup:
    """Return what a backup holds. Raises MachineError where it is none of ours, damaged, or a later version's."""
    step = f"read {path}"
    if not path.is_file():
        raise MachineError(step, "there is no such file")
    with named(step), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        version = checked(path, connection)
        if not version:
            raise MachineError(step, "it is no backup of Bascule's")
        count, last = 0, None
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'revisions'").fetchone():
            count, last = connection.execute("SELECT count(*), max(at) FROM revisions").fetchone()
    try:
        return Backup(path=path, revisions=count, newest=None if last is None else moment(last))
    except ValueError as error:
        raise MachineError(step, f"it is damaged: {error}") from error


def restore(state: Path, backup: Path) -> Backup:
    """Put a backup in the place of what is kept; that stays beside it as `bascule.db.replaced`.

    Only for whoever has claimed the state folder. Raises MachineError; then nothing has changed.
    """
    found, place = look_at(backup), state / FILE
    try:
        with tempfile.TemporaryDirectory(dir=state, prefix=f".{FILE}.") as folder:
            copy = Path(folder) / FILE
            shutil.copyfile(backup, copy)
            copy.chmod(0o600)
            look_at(copy)
            _synced(copy)
            with suppress(MachineError):  # what is damaged is put aside as it is
                _fold(place)
            for beside in ("", "-wal"):
                if (old := state / f"{FILE}{beside}").exists():
                    shutil.copyfile(old, copied := Path(folder) / "replaced")
                    copied.chmod(0o600)
                    copied.replace(state / f"{FILE}.replaced{beside}")
                else:
                    (state / f"{FILE}.replaced{beside}").unlink(missing_ok=True)
            for beside in ("-wal", "-shm"):
                (state / f"{FILE}{beside}").unlink(missing_ok=True)
            copy.replace(place)
            _synced(state)
    except OSError as error:
        raise MachineError(f"restore {backup}", error.strerror or str(error)) from error
    return found


def daily(state: Path, now: datetime) -> Path | None:
    """Return where today's backup belongs; None where the newest is younger than a day."""
    newest = max((path.stat().st_mtime for path in _made(state)), default=0.0)
    if now.timestamp() - newest < DAY.total_seconds():
        return None
    return state / FOLDER / f"bascule-{now:%Y-%m-%dT%H%M%S}.db"


def forget_old(state: Path) -> None:
    """Keep the newest daily backups alone. Raises MachineError."""
    _forget(state, _made(state), KEPT)


def replaced(state: Path, now: datetime) -> Path:
    """Return where what is kept now belongs, before a restore takes its place."""
    return state / FOLDER / f"replaced-{now:%Y-%m-%dT%H%M%S}.db"


def forget_replaced(state: Path) -> None:
    """Keep the newest of those alone. Raises MachineError."""
    _forget(state, [*(state / FOLDER).glob(_REPLACED)], REPLACED_KEPT)


def _forget(state: Path, made: list[Path], kept: int) -> None:
    try:
        for path in sorted(made, reverse=True)[kept:]:
            path.unlink()
    except OSError as error:
        raise MachineError(f"tidy {state / FOLDER}", error.strerror or str(error)) from error


def last_good(state: Path) -> Backup | None:
    """Return the backup that holds the most revisions, of several the newest; None where none is whole."""
    found: list[tuple[int, float, Backup]] = []
    for path in (state / FOLDER / LAST_COMMIT, *_made(state)):
        with suppress(MachineError, OSError):
            backup = look_at(path)
            found.append((backup.revisions, path.stat().st_mtime, backup))
    return max(found, key=lambda each: each[:2])[2] if found else None


def owed(state: Path) -> bool:
    """Tell whether the backup of the last commit lacks one that is kept by now. Raises MachineError."""
    last = state / FOLDER / LAST_COMMIT
    return not last.exists() or look_at(last).revisions != _count(state / FILE)


def _count(path: Path) -> int:
    with named(f"read {path}"), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM revisions").fetchone()
    return int(count)


def _synced(path: Path) -> None:
    """Have the disk hold a file, or the names in a folder. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _made(state: Path) -> list[Path]:
    """Return the daily backups; their names sort by time."""
    return list((state / FOLDER).glob(_DAILY))


def _fold(place: Path) -> None:
    """Bring what SQLite keeps beside the file into it."""
    if place.exists():
        with named(f"read {place}"), closing(sqlite3.connect(place)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
