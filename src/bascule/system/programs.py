"""Programs of the operator's own: looked at, and run together with all that they start, none of which outlives the call."""

import asyncio
import ctypes
import os
import signal
import stat
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, NamedTuple

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG, see prctl(2)
_CHUNK: Final = 1 << 14


class Ended(NamedTuple):
    """How a program ended."""

    code: int
    """Its exit code; of one that a signal ended, the signal's number below zero."""
    said: bytes
    """What it wrote to standard output and standard error, in the order it came."""


class TooMuchSaidError(Exception):
    """A program wrote more than anybody wants to read; it was ended for that."""


def flaw(program: Path) -> str:
    """Return why nobody should run this program, in words for people; empty where nothing speaks against it."""
    try:
        seen = program.stat()
    except OSError as error:
        return "is not there" if isinstance(error, FileNotFoundError) else f"cannot be looked at: {error.strerror}"
    if not stat.S_ISREG(seen.st_mode):
        return "is no file"
    if not seen.st_mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH):
        return "is not executable"
    changed = next((path for path in (program.resolve(), *program.resolve().parents) if _changeable(path.stat())), None)
    if changed is None:
        return ""
    where = "" if changed == program else f", by way of {changed}"
    return f"may be changed by others than root and the user that runs it{where}"


def _changeable(seen: os.stat_result) -> bool:
    """Whether somebody else may change a file, or what stands in a folder; in a sticky one, only what is his own."""
    if seen.st_uid not in {0, os.geteuid()}:
        return True
    others = seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return bool(others) and not (stat.S_ISDIR(seen.st_mode) and seen.st_mode & stat.S_ISVTX)


async def run(argv: Sequence[str], environment: Mapping[str, str], *, most: int) -> Ended:
    """Run a program at `/` with nothing to read, and return how it ended, by itself or by a signal.

    Its process group is killed when it ends, or when the caller no longer waits; the program itself is killed if this
    process dies. Raises OSError where it cannot be run, TooMuchSaidError where it writes more than `most` bytes.
    """
    loop = asyncio.get_running_loop()
    with ExitStack() as last:
        process = subprocess.Popen(  # noqa: ASYNC220 - returns once the program is loaded
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment,
            process_group=0,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, which takes no lock
        )
        assert process.stdout is not None
        last.callback(process.stdout.close)
        last.callback(_kill_group, process.pid)
        descriptor = os.pidfd_open(process.pid)
        last.callback(loop.add_reader, descriptor, _bury, loop, process, descriptor)
        return await _Listener(loop, process.stdout.fileno(), descriptor, most).ended()


class _Listener:
    """Takes what a program says until it ends, and does not wait for others that hold its output open."""

    def __init__(self, loop: asyncio.AbstractEventLoop, output: int, process: int, most: int) -> None:
        self._loop = loop
        self._output = output
        self._process = process
        self._most = most
        self._said = bytearray()
        self._over: asyncio.Future[None] = loop.create_future()

    async def ended(self) -> Ended:
        """Wait for the end. Raises TooMuchSaidError."""
        os.set_blocking(self._output, False)
        self._loop.add_reader(self._output, self._hear)
        self._loop.add_reader(self._process, self._finish)
        try:
            await self._over
        finally:
            self._loop.remove_reader(self._output)
            self._loop.remove_reader(self._process)
        return Ended(_code(self._process), bytes(self._said))

    def _hear(self) -> bool:
        """Take a piece; return whether there may be more."""
        try:
            data = os.read(self._output, _CHUNK)
        except BlockingIOError:
            return False
        self._said += data
        if not data:
            self._loop.remove_reader(self._output)
        elif len(self._said) > self._most and not self._over.done():
            self._over.set_exception(TooMuchSaidError)
        return bool(data) and len(self._said) <= self._most

    def _finish(self) -> None:
        while self._hear():
            pass
        if not self._over.done():
            self._over.set_result(None)


def _code(process: int) -> int:
    """Return how a process ended that has; it is not buried by that, so that its number is nobody else's yet."""
    how = os.waitid(os.P_PIDFD, process, os.WEXITED | os.WNOWAIT)
    assert how is not None
    return how.si_status if how.si_code == os.CLD_EXITED else -how.si_status


def _die_with_parent() -> None:
    _LIBC.prctl(_DEATH_SIGNAL, signal.SIGKILL)


def _kill_group(leader: int) -> None:
    """Kill a program that is not buried yet, and all of its group; what became another user's is that user's."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _bury(loop: asyncio.AbstractEventLoop, process: subprocess.Popen[bytes], descriptor: int) -> None:
    """Bury a program as soon as the kernel lets it go, which nobody waits for."""
    loop.remove_reader(descriptor)
    os.close(descriptor)
    process.wait()
