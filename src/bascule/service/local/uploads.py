"""Takes in a backup that comes part by part: bounded, for its owner alone, and there once it was read to its end."""

import asyncio
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from bascule.service.failures import Conflict, OperationFailed
from bascule.service.restoring import LONGEST_BACKUP, UPLOADED, BackupUploaded, UploadBackup
from bascule.store.database import DamagedError, LaterError
from bascule.store.restoring import UnfitError, opened
from bascule.system.errors import MachineError

_PARTIAL: Final = ".uploading"
"""What has come until now: one at a time, which the next replaces."""


class Uploads:
    """The backup that is brought along to a folder. Methods may raise OperationFailed and MachineError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._upload = ""
        self._had = 0
        self._one_at_a_time = asyncio.Lock()

    async def take(self, request: UploadBackup) -> BackupUploaded:
        """Take a part, and after the last one have the backup lie among the others."""
        async with self._one_at_a_time:
            if request.upload is None:
                self._upload, self._had = secrets.token_hex(16), 0
            elif request.upload != self._upload:
                raise OperationFailed(Conflict(message="another upload began meanwhile: begin again"))
            try:
                _require_room(self._had + len(request.content))
                await asyncio.to_thread(self._write, request.content)
                if request.last:
                    await asyncio.to_thread(self._keep)
            except (OperationFailed, MachineError):
                self._forget()
                raise
            answer = BackupUploaded(upload=self._upload, had=self._had, name=UPLOADED if request.last else "")
            if request.last:
                self._upload = ""
            return answer

    def _write(self, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | (0 if self._had else os.O_TRUNC)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with os.fdopen(os.open(self._folder / _PARTIAL, flags, 0o600), "wb") as file:
                file.seek(self._had)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise MachineError("keep the upload", error.strerror or str(error)) from error
        self._had += len(content)

    def _keep(self) -> None:
        partial = self._folder / _PARTIAL
        require_fit(partial, self._folder)
        try:
            partial.replace(self._folder / UPLOADED)
        except OSError as error:
            raise MachineError("keep the upload", error.strerror or str(error)) from error

    def _forget(self) -> None:
        self._upload = ""
        with suppress(OSError):  # the next one is written over it
            (self._folder / _PARTIAL).unlink(missing_ok=True)


def _require_room(size: int) -> None:
    if size > LONGEST_BACKUP:
        words = f"a backup that is brought along has {LONGEST_BACKUP // 2**20} MiB at most"
        raise OperationFailed(Conflict(message=words))


def require_fit(backup: Path, folder: Path) -> None:
    """Raise OperationFailed where a file is no backup that can be restored here, MachineError where it cannot be read."""
    try:
        with opened(backup, folder):
            pass
    except (UnfitError, DamagedError, LaterError) as error:
        raise unfit("this file", error) from error


def unfit(called: str, error: MachineError) -> OperationFailed:
    """Return what to say of a file that cannot be restored."""
    return OperationFailed(Conflict(message=f"{called} cannot be restored: {error.cause}"))
