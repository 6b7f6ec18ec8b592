"""The web process is started where there is something to serve, and again when it dies."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from bascule.engines.admin.keys import self_signed
from bascule.engines.admin.supervisor import FIRST_PAUSE, Door, WebProcess
from bascule.system.children import PROGRAM, OwnChildren
from bascule.system.errors import MachineError
from bascule.system.web_orders import WebListener
from bed.clock import SteppedClock
from bed.pages import client_context
from bed.wait import eventually

KEYS = self_signed(["localhost"], datetime.now(UTC))


class Changing(OwnChildren):
    """Starts the web process, or what the test says in its place."""

    def begins_with(self, *program: str) -> None:
        """Start this program from now on; the usual one where none is named."""
        self._program = program or (*PROGRAM, "role")


class Watched:
    """A web process that is watched, what was heard of its deaths, and a clock that the test moves."""

    def __init__(self) -> None:
        self.clock = SteppedClock()
        self.deaths: list[str] = []
        self.starts = Changing()
        self.web = WebProcess(clock=self.clock, died=self.deaths.append, starts=self.starts)


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    """Return one that runs nothing yet."""
    made = Watched()
    watching = asyncio.create_task(made.web.watch())
    yield made
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    await made.web.stop()


@pytest.fixture
def door() -> Iterator[Door]:
    """Return a place to answer at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield WebListener(number=1, certificate=KEYS.certificate, key=KEYS.key), listener


def answers(door: Door) -> bool:
    """Tell whether somebody answers there, within some seconds: the door is open in any case."""
    with socket.create_connection(door[1].getsockname(), timeout=20) as plain, client_context().wrap_socket(plain):
        return True


async def test_nothing_to_serve_needs_no_process(watched: Watched, door: Door) -> None:
    """It runs as long as there is."""
    await watched.web.serve([])
    assert watched.web.pid is None
    await watched.web.serve([door])
    assert watched.web.pid is not None
    assert await asyncio.to_thread(answers, door)
    await watched.web.serve([])
    assert watched.web.pid is None
    assert watched.deaths == []


async def test_one_that_dies_is_started_again(watched: Watched, door: Door) -> None:
    """After a pause, with what it had to serve; it is said how it ended."""
    await watched.web.serve([door])
    first = watched.web.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: bool(watched.deaths))
    assert watched.deaths == ["the web process was ended by SIGKILL: the admin pages are back soon"]
    await watched.clock.advance(FIRST_PAUSE)
    await eventually(lambda: watched.web.pid not in {None, first})
    assert await asyncio.to_thread(answers, door)


async def test_one_that_ends_at_once_is_an_error_and_what_was_stays(watched: Watched, door: Door) -> None:
    """Whoever asked hears it; nothing is tried again that was never served."""
    watched.starts.begins_with(sys.executable, "-c", "raise SystemExit(3)")
    with pytest.raises(MachineError, match="have the web process serve the admin pages"):
        await watched.web.serve([door])
    await eventually(lambda: bool(watched.deaths))
    await watched.clock.advance(FIRST_PAUSE)
    assert watched.web.pid is None


async def test_one_that_cannot_be_started_is_tried_again(watched: Watched, door: Door) -> None:
    """As often as it must."""
    await watched.web.serve([door])
    first = watched.web.pid
    assert first is not None
    watched.starts.begins_with("/nowhere/bascule")
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: bool(watched.deaths))
    await watched.clock.advance(FIRST_PAUSE)
    await eventually(lambda: len(watched.deaths) > 1)
    assert "could not be started" in watched.deaths[1]
    watched.starts.begins_with()
    await watched.clock.advance(2 * FIRST_PAUSE)
    await eventually(lambda: watched.web.pid not in {None, first})
    assert await asyncio.to_thread(answers, door)


async def test_a_certificate_that_it_refuses_is_an_error_and_it_goes_on(watched: Watched, door: Door) -> None:
    """With what it had."""
    await watched.web.serve([door])
    pid = watched.web.pid
    broken = (WebListener(number=2, certificate=KEYS.certificate, key=b"none"), door[1])
    with pytest.raises(MachineError, match="it cannot be served"):
        await watched.web.serve([broken])
    assert watched.web.pid == pid
    assert await asyncio.to_thread(answers, door)
