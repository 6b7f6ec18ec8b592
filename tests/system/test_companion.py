"""A process beside the parent runs while it is wanted, is greeted in each life, and comes back when it dies."""

import asyncio
import os
import signal
import sys
from contextlib import suppress

import msgspec

from bascule.system.children import OwnChildren
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


class Bench:
    """A companion that says what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.died: list[str] = []
        self.companion: Companion[Echo] = Companion(
            "herald",
            Echo,
            clock=SystemClock(),
            starts=OwnChildren((sys.executable, "-c", PROGRAM)),
            died=self.died.append,
            greet=lambda: [Echo("hello")],
            heard=lambda echo: self.heard.append(echo.words),
        )
        self.task = asyncio.ensure_future(self.companion.watch())

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
