"""The process role `proxy`: a worker of the user-space proxy, which outlives the parent that started it."""

import argparse
import errno
import gc
import os
import random
import resource
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bascule.engines.proxy.worker import Worker

_OWNER_ONLY: Final = 0o600
_ANYBODY: Final = 0o666
"""Where the parent is another user: the folder keeps others out, and orders are taken from the parent alone."""
_PARENTS_WAITING: Final = 4
_GARBAGE: Final = 50_000
"""Objects that may be made before cycles are looked for: sessions form none, and all would be looked at in vain."""


def main(arguments: Sequence[str]) -> int:
    """Carry relays for whichever parent connects to the socket; return an exit status: 0 fine, 2 usage, 3 no socket."""
    parser = argparse.ArgumentParser(prog="bascule role proxy", allow_abbrev=False)
    parser.add_argument("--socket", type=Path, required=True, metavar="PATH", help="where the parent connects")
    parser.add_argument("--parent", type=int, metavar="UID", help="the user that the parent runs as (default: ours)")
    chosen = parser.parse_args(arguments)
    path: Path = chosen.socket
    try:
        control = control_socket(path, _OWNER_ONLY if chosen.parent is None else _ANYBODY)
    except OSError as error:
        sys.stderr.write(f"bascule: cannot listen on {path}: {error.strerror or error}\n")
        return 3
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    parents = {0, os.geteuid(), *(() if chosen.parent is None else (chosen.parent,))}
    worker = Worker(
        control, parents=parents, descriptors=most_descriptors(), clock=time.monotonic, chance=random.SystemRandom()
    )
    try:
        worker.run()
    finally:
        path.unlink(missing_ok=True)  # while we still listen: afterwards the path may be another worker's
        worker.close()
        control.close()
    return 0


def control_socket(path: Path, mode: int = _OWNER_ONLY) -> socket.socket:
    """Return a unix socket that listens at a path, for our own user only where no other mode is given.

    What a dead worker left there is replaced. Raises OSError, EADDRINUSE where another worker lives.
    """
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(control.fileno(), mode)  # Linux gives the mode of the socket to the name that bind makes
        try:
            control.bind(str(path))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or _answers(path):
                raise
            path.unlink()
            control.bind(str(path))
        path.chmod(mode)  # what the umask took
        control.listen(_PARENTS_WAITING)
    except OSError:
        control.close()
        raise
    return control


def most_descriptors() -> int:
    """Return how many descriptors this process may open, after raising the limit as far as it may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as question:
        try:
            question.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True
