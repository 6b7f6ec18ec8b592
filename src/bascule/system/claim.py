"""One Bascule for one state folder: two that keep the same rules would undo each other's work."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bascule.system.errors import MachineError


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold a folder, made where it is missing, for this process alone; the kernel lets go of it when the process ends.

    Raises MachineError where another process holds it.
    """
    step = f"use the state folder {folder}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise MachineError(step, error.strerror or str(error)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise MachineError(step, "another Bascule runs with it (see: bascule status)") from error
    finally:
        os.close(descriptor)
