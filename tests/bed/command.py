"""Commands that build or use the bed: run to their end, or started and ended again."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Any


class BedError(RuntimeError):
    """A command that builds or uses the bed failed; the text says which."""


def run(argv: Sequence[str], *, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return what it said; raises BedError for a bad exit unless told not to."""
    done = subprocess.run(argv, check=False, text=True, capture_output=True, **options)
    if check and done.returncode:
        said = done.stderr.strip() or done.stdout.strip()
        raise BedError(f"{' '.join(argv)}: exit {done.returncode}: {said}")
    return done


def start(argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
    """Start a command in a session of its own, so that `end` reaches its children too."""
    return subprocess.Popen(argv, start_new_session=True, **options)


def end(process: subprocess.Popen[Any], *, within: float = 5.0) -> None:
    """End a process that `start` made, with its children: asked first, killed after so many seconds."""
    _signal_group(process, signal.SIGTERM)
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        _signal_group(process, signal.SIGKILL)
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _signal_group(process: subprocess.Popen[Any], number: int) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
