"""Our own processes: each is started fresh with one socket of ours, by ourselves or by the starter, as its own user."""

import asyncio
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, Final, Protocol

from bascule.system.errors import MachineError

PROGRAM: Final = (sys.executable, "-m", "bascule")
STARTER: Final = "BASCULE_STARTER"
"""The variable by which the starter tells the parent which descriptor leads back to it."""

LONGEST_MESSAGE: Final = 65536
_PATIENCE: Final = 10.0
"""Seconds that the starter may take to start a process, which takes it milliseconds."""


class Started:
    """A process that was started; `close` leaves it alone."""

    def __init__(self, pid: int, descriptor: int, *, ours: bool) -> None:
        """Take its pidfd (pidfd_open(2)), and whether it is a child of this process."""
        self.pid = pid
        self._descriptor = descriptor
        self._ours = ours
        self._ended = False
        self._status: int | None = None

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        self._look()
        return self._ended

    def _look(self) -> None:
        if not self._ended and self._descriptor >= 0:
            watched = select.poll()  # select.select takes no descriptor above 1023
            watched.register(self._descriptor, select.POLLIN)
            self._ended = bool(watched.poll(0))
            if self._ended and self._ours:
                self._bury()

    @property
    def status(self) -> int | None:
        """Return its exit status, a signal's number below zero; None while it runs, and where only the starter knows."""
        return self._status if self.ended else None

    async def wait(self) -> None:
        """Wait until it has ended; several may."""
        if self.ended or self._descriptor < 0:
            return
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        own = os.dup(self._descriptor)  # a loop has one reader for a descriptor
        loop.add_reader(own, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(own)
            os.close(own)
            self._look()

    def kill(self) -> None:
        """End it at once; what has ended already stays so."""
        with suppress(ProcessLookupError, PermissionError):  # one of the starter is the starter's to kill
            if self._descriptor >= 0:
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def close(self) -> None:
        """Know nothing more of it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _bury(self) -> None:
        with suppress(ChildProcessError):
            how = os.waitid(os.P_PIDFD, self._descriptor, os.WEXITED | os.WNOHANG)
            if how is not None:
                self._status = how.si_status if how.si_code == os.CLD_EXITED else -how.si_status


class Starts(Protocol):
    """Who starts our processes."""

    parent: int | None
    """The user that they shall take orders from beside their own; None where that is the same."""

    async def start(
        self, role: str, arguments: Sequence[str] = (), *, handed: socket.socket | None = None, log: Path | None = None
    ) -> Started:
        """Start a role; a socket that is handed to it is named by `--fd N`. Raises MachineError."""
        ...

    async def kill(self, started: Started) -> None:
        """End a process of ours at once."""
        ...


class OwnChildren:
    """Starts them as the user that we are. They share no session and no terminal with us, and may outlive us."""

    parent: int | None = None

    def __init__(self, program: Sequence[str] = (*PROGRAM, "role")) -> None:
        self._program = tuple(program)

    async def start(
        self, role: str, arguments: Sequence[str] = (), *, handed: socket.socket | None = None, log: Path | None = None
    ) -> Started:
        """Spawn it: subprocess would end, or complain about, a child that outlives us."""
        actions: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
        if log is not None:
            actions += [(os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)]
            actions += [(os.POSIX_SPAWN_DUP2, 1, 2)]
        command = [*self._program, role, *arguments]
        if handed is not None:
            actions += [(os.POSIX_SPAWN_DUP2, handed.fileno(), handed.fileno())]  # it stays open there, not here
            command += ["--fd", str(handed.fileno())]
        try:
            pid = os.posix_spawn(  # noqa: ASYNC221 - returns once the program is loaded
                command[0], command, os.environ, file_actions=actions, setsid=True
            )
        except OSError as error:
            raise MachineError(f"start the role {role}", error.strerror or str(error)) from error
        return Started(pid, os.pidfd_open(pid), ours=True)

    async def kill(self, started: Started) -> None:
        """Kill it ourselves."""
        started.kill()


class OfStarter:
    """Has them started by the starter, who is root, each as the user of its role."""

    def __init__(self, connection: socket.socket, parent: int) -> None:
        self._connection = connection
        self.parent: int | None = parent
        self._one_at_a_time = threading.Lock()  # of threads: an asker that is cancelled still reads his answer
        self._asked = 0
        connection.settimeout(_PATIENCE)

    async def start(
        self, role: str, arguments: Sequence[str] = (), *, handed: socket.socket | None = None, log: Path | None = None
    ) -> Started:
        """Ask for it; what it says goes where the starter's own words go, whatever `log` is."""
        del log
        asked = {"role": role, "arguments": [*arguments]}
        copy = None if handed is None else handed.dup()  # the caller may close his before it is sent
        asking = asyncio.ensure_future(asyncio.to_thread(self._ask, f"start the role {role}", asked, copy))
        try:
            answer, descriptors = await asyncio.shield(asking)
        except asyncio.CancelledError:
            asking.add_done_callback(_let_go)
            raise
        return Started(int(answer["pid"]), descriptors[0], ours=False)

    async def kill(self, started: Started) -> None:
        """Ask for it."""
        await asyncio.to_thread(self._ask, "end a process of ours", {"kill": started.pid}, None)

    def _ask(
        self, step: str, asked: Mapping[str, object], handed: socket.socket | None
    ) -> tuple[dict[str, Any], list[int]]:
        """Return the answer to this question: one to an earlier question, which came too late, is left."""
        with self._one_at_a_time, handed or nullcontext():
            self._asked += 1
            told = [] if handed is None else [handed.fileno()]
            try:
                socket.send_fds(self._connection, [json.dumps({**asked, "number": self._asked}).encode()], told)
                answer, descriptors = self._answer(step)
                while answer.get("number") != self._asked:
                    _close(descriptors)
                    answer, descriptors = self._answer(step)
            except OSError as error:
                raise MachineError(step, f"the starter does not answer: {error}") from error
        if "error" in answer:
            raise MachineError(step, str(answer["error"]))
        return answer, descriptors

    def _answer(self, step: str) -> tuple[dict[str, Any], list[int]]:
        data, descriptors, _, _ = socket.recv_fds(self._connection, LONGEST_MESSAGE, 1)
        if not data:
            raise MachineError(step, "the starter is gone")
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - its name for it
        answer: dict[str, Any] = json.loads(data)
        return answer, descriptors


def _let_go(asking: "asyncio.Future[tuple[dict[str, Any], list[int]]]") -> None:
    """Know nothing of a process whose starting nobody waits for any more."""
    if not asking.cancelled() and asking.exception() is None:
        _close(asking.result()[1])


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
