"""The herald role: a process without rights that tells others' machines what happens, and reads what they answer."""

import argparse
import asyncio
import logging
import socket
from collections.abc import Sequence

from bascule.herald.wire import Order, Report
from bascule.herald.work import Work
from bascule.system.channel import Channel, ChannelError
from bascule.system.clock import SystemClock

_LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Do what the parent orders over the socket `--fd N` until the parent closes it; return the exit code.

    0: the parent closed. 1: it went away in mid-message, or what came was not the parent's.
    """
    parser = argparse.ArgumentParser(prog="bascule role herald", description="Tell others for the parent process.")
    parser.add_argument("--fd", type=int, required=True, help="the connected socket that the parent left open for us")
    descriptor: int = parser.parse_args(arguments).fd
    code = 0
    try:
        asyncio.run(_serve(socket.socket(fileno=descriptor)))
    except* (ChannelError, OSError) as errors:
        _LOG.warning("the herald lost its parent: %s", errors.exceptions[0])
        code = 1
    return code


async def _serve(connection: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=connection)
    channel: Channel[Order] = Channel(reader, writer, Order)

    async def tell(report: Report) -> None:
        if not writer.is_closing():  # a parent that is gone is seen once, where orders are awaited
            await channel.send(report)

    async with asyncio.TaskGroup() as tasks:
        work = Work(tell, clock=SystemClock(), tasks=tasks)
        while (order := await channel.receive()) is not None:
            work.obey(order)
        await work.stop()
    await channel.close()
