"""One Bascule for one state folder: two that keep the same rules would undo each other's work."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EADDRINUSE
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
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MachineError(step, "another Bascule runs with it (see: bascule status)") from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def only_one_here() -> Iterator[None]:
    """Hold this network namespace's relays for this process alone: its rules are one table, whatever the state folder.

    The name of an abstract socket belongs to one network namespace (unix(7)), and goes with the process. Raises
    MachineError where another process holds it.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as name:
        try:
            name.bind("\0bascule")
        except OSError as error:
            cause = "another Bascule, with another state folder, has them" if error.errno == EADDRINUSE else str(error)
            raise MachineError("take the kernel's relays of this network namespace", cause) from error
        yield
