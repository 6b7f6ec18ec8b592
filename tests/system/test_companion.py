"""A process beside the parent runs while it is wanted, is greeted in each life, and comes back when it dies."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from bascule.system.children import OwnChildren, Started
from bascule.system.clock import SystemClock
from bascule.system.companion import Companion
from bed.wait import eventually


class Echo(msgspec.Struct, frozen=True, tag="echo"):
    """What the process says: what it was told."""

    words: str


PROGRAM = """
import socket, sys
connection = socket.socket(fileno=int(sys.argv[-1]))
while data := connection.recv(65536):
    connection.sendall(data)
"""


class SlowStarts(OwnChildren):
    """Starts processes, once `hold` lets it."""

    def __init__(self) -> None:
        super().__init__((sys.executable, "-c", PROGRAM))
        self.hold = asyncio.Event()
        self.begun = self.ended = 0

    async def start(
        self, role: str, arguments: Sequence[str] = (), *, handed: socket.socket | None = None, log: Path | None = None
    ) -> Started:
        """Start one, late."""
        self.begun += 1
        await self.hold.wait()
        started = await super().start(role, arguments, handed=handed, log=log)
        self.ended += 1
        return started


class Bench:
    """A companion that says what it hears."""

    def __init__(self, *, slow: bool = False) -> None:
        self.starts = SlowStarts()
        if not slow:
            self.starts.hold.set()
        self.greeted = 0
        self.heard: list[str] = []
        self.died: list[str] = []
        self.companion: Companion[Echo] = Companion(
            "herald",
            Echo,
            clock=SystemClock(),
            starts=self.starts,
            died=self.died.append,
            greet=self.greet,
            heard=self.hear,
        )
        self.task = asyncio.ensure_future(self.companion.watch())

    def hear(self, echo: Echo) -> None:
        """Take what it says."""
        if echo.words == "trap":
            raise LookupError("a bug")
        self.heard.append(echo.words)

    def greet(self) -> list[Echo]:
        """Return what a new life is told first."""
        self.greeted += 1
        return [Echo("hello")]

    async def end(self) -> None:
        """Stop it."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


async def test_it_is_greeted_told_and_comes_back() -> None:
    """A death is told once; what is not wanted any more dies in silence."""
    bench = Bench()
    await asyncio.sleep(0)
    assert bench.companion.pid is None
    bench.companion.want(wanted=True)
    await bench.companion.running()
    await bench.companion.tell(Echo("you"))
    await eventually(lambda: bench.heard == ["hello", "you"])
    first = bench.companion.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: bench.heard == ["hello", "you", "hello"])
    assert bench.died == ["the herald process was ended by SIGKILL"]
    assert bench.companion.pid not in {None, first}
    bench.companion.renew()
    await eventually(lambda: bench.heard == ["hello", "you", "hello", "hello"])
    bench.companion.want(wanted=False)
    await eventually(lambda: bench.companion.pid is None)
    await bench.companion.tell(Echo("nobody"))
    assert len(bench.died) == 1
    await bench.end()


async def test_a_fault_of_our_own_in_hearing_is_seen_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The log has it; the process stays, and what it says next is heard."""
    bench = Bench()
    bench.companion.want(wanted=True)
    await bench.companion.running()
    await bench.companion.tell(Echo("trap"))
    await bench.companion.tell(Echo("you"))
    await eventually(lambda: bench.heard == ["hello", "you"])
    assert "a fault of our own in hearing what the herald process says" in caplog.text
    assert "a bug" in caplog.text
    assert (bench.greeted, bench.died) == (1, [])
    await bench.end()


async def test_who_is_not_wanted_any_more_while_it_starts_is_not_greeted() -> None:
    """Its configuration has gone by then; and it is no death."""
    bench = Bench(slow=True)
    await asyncio.sleep(0)
    bench.companion.want(wanted=True)
    await eventually(lambda: bench.starts.begun == 1)
    bench.companion.want(wanted=False)
    bench.starts.hold.set()
    await eventually(lambda: bench.starts.ended == 1)
    assert (bench.greeted, bench.heard, bench.died) == (0, [], [])
    bench.companion.want(wanted=True)
    await bench.companion.running()
    assert bench.greeted == 1
    await bench.end()


async def test_who_is_wanted_for_a_moment_is_not_started() -> None:
    """Both before anybody looks."""
    bench = Bench()
    await asyncio.sleep(0)
    bench.companion.want(wanted=True)
    bench.companion.want(wanted=False)
    await bench.end()
    assert (bench.starts.begun, bench.died) == (0, [])
