"""A simulated server that serves until its process is told to end, and does what it is told meanwhile."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Final

from bascule.lab.orders import obey
from bascule.lab.server import SimulatedExchange

READY: Final = "ready"
"""The first line on standard output, once every port is open."""

DONE: Final = "done"
"""What answers an order; anything else is why it could not be followed."""


async def serve(server: SimulatedExchange, *, orders: Sequence[str] = (), follow: bool = False) -> None:
    """Serve until SIGTERM or ctrl-C; with `follow` obey each line of standard input too, and end when it does.

    Raises OSError where a port cannot be had, ValueError for what is no order among those of the start.
    """
    await server.start()
    for line in orders:
        await obey(server, line)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    following = await _follow(server) if follow else None
    if following is not None:
        following.add_done_callback(lambda _: stop.set())
    _say(READY)
    await stop.wait()
    if following is not None:
        following.cancel()
    await server.stop()


async def _follow(server: SimulatedExchange) -> "asyncio.Task[None]":
    """Follow each line of standard input, and answer it: who writes one waits for that before the next."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)

    async def follow() -> None:
        while line := await lines.readline():
            try:
                await obey(server, line.decode())
            except (ValueError, OSError) as error:
                _say(str(error))
            else:
                _say(DONE)

    return asyncio.create_task(follow())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
