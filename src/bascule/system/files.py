"""Files that are whole or not there: written beside their place, then renamed into it."""

import os
import tempfile
from pathlib import Path

from bascule.system.errors import MachineError


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file's content at one stroke; a crash leaves the old content or the new. Raises MachineError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), mode)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        _keep_name(path.parent)
    except OSError as error:
        raise MachineError(f"write {path}", error.strerror or str(error)) from error


def _keep_name(folder: Path) -> None:
    """Make the renaming itself last over a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_whole(path: Path, longest: int = 1 << 20) -> bytes | None:
    """Return a file's content, or None where there is no such file. Raises MachineError, also when it is too long."""
    try:
        with path.open("rb") as file:
            data = file.read(longest + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MachineError(f"read {path}", error.strerror or str(error)) from error
    if len(data) > longest:
        raise MachineError(f"read {path}", f"it is longer than {longest} bytes")
    return data
