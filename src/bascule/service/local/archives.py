"""The backups of a state folder for whoever asks the running Bascule: listed, and read part by part."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from bascule.service.archives import BackupPart, BackupRow, BackupRows
from bascule.service.failures import NotFound, OperationFailed
from bascule.store.backups import FOLDER, back_up, look_at
from bascule.system.errors import MachineError

PART: Final = 1 << 20
"""Bytes of a backup that travel at a time."""

_SUFFIX: Final = ".db"


async def backup_rows(state: Path) -> BackupRows:
    """Return the backups that lie there, the newest first."""
    return await asyncio.to_thread(_rows, state / FOLDER)


async def backup_parts(state: Path, name: str | None) -> AsyncIterator[BackupPart]:
    """Yield a backup; without a name, one of what is kept now. Raises OperationFailed where there is none, MachineError."""
    opened = _new(state) if name is None else _kept(state / FOLDER, name)
    with ExitStack() as last:
        file = await asyncio.to_thread(last.enter_context, opened)
        size = await asyncio.to_thread(lambda: file.seek(0, 2))
        file.seek(0)
        while content := await asyncio.to_thread(file.read, PART):
            yield BackupPart(size=size, content=content)


@contextmanager
def _new(state: Path) -> Iterator[IO[bytes]]:
    try:
        with tempfile.TemporaryDirectory(dir=state, prefix=".backup.") as folder:
            file = Path(folder) / "backup.db"
            back_up(state, file)
            with file.open("rb") as content:
                yield content
    except OSError as error:
        raise MachineError("make a backup", error.strerror or str(error)) from error


@contextmanager
def _kept(folder: Path, name: str) -> Iterator[IO[bytes]]:
    found = kept_backup(folder, name)
    if found is None:
        raise OperationFailed(NotFound(message=f"there is no backup {name}"))
    try:
        with found.open("rb") as content:
            yield content
    except OSError as error:
        raise MachineError(f"read {found}", error.strerror or str(error)) from error


def kept_backup(folder: Path, name: str) -> Path | None:
    """Return where a backup of that name lies; None where there is none."""
    return next((path for path in _files(folder) if path.name == name), None)


def _rows(folder: Path) -> BackupRows:
    rows = [row for path in _files(folder) if (row := _row(path)) is not None]
    return BackupRows(folder=str(folder), rows=tuple(sorted(rows, key=lambda row: row.at, reverse=True)))


def _row(path: Path) -> BackupRow | None:
    """Return what a file holds; None where it has just gone."""
    try:
        stat = path.stat()
    except OSError:
        return None
    at = datetime.fromtimestamp(stat.st_mtime, UTC)
    try:
        found = look_at(path)
    except MachineError as error:
        return BackupRow(name=path.name, at=at, size=stat.st_size, revisions=0, damaged=str(error))
    return BackupRow(name=path.name, at=at, size=stat.st_size, revisions=found.revisions, newest=found.newest)


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.suffix == _SUFFIX and not path.name.startswith(".")]
    except OSError:
        return []
