"""The SNMP role: a process without rights that answers whoever may ask how it goes, and sends traps."""

import argparse
import asyncio
import logging
import os
import socket
from collections.abc import Sequence
from typing import Final

from bascule.herald.snmp.agent import Agent
from bascule.herald.snmp.wire import Fault, Order, Picture, Settings, Trap
from bascule.system.channel import Channel, ChannelError
from bascule.system.child import GIVEN

_LOG = logging.getLogger(__name__)
_MOST_DOORS: Final = 2
"""One for each IP version."""


def main(arguments: Sequence[str]) -> int:
    """Answer at the sockets that come first over the socket `--fd N`, until the parent closes it; return the exit code.

    0: the parent closed. 1: it went away in mid-message, or what came was not the parent's.
    """
    parser = argparse.ArgumentParser(prog="bascule role snmp", description="Answer by SNMP for the parent process.")
    parser.add_argument("--fd", type=int, required=True, help="the connected socket that the parent left open for us")
    descriptor: int = parser.parse_args(arguments).fd
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # what strangers send is no news
    code = 0
    try:
        asyncio.run(_serve(socket.socket(fileno=descriptor)))
    except* (ChannelError, OSError) as errors:
        _LOG.warning("the SNMP process lost its parent: %s", errors.exceptions[0])
        code = 1
    return code


async def _serve(connection: socket.socket) -> None:
    doors = _doors(connection)
    reader, writer = await asyncio.open_connection(sock=connection)
    channel: Channel[Order] = Channel(reader, writer, Order)
    settings = await channel.receive()
    if not isinstance(settings, Settings):
        raise ChannelError("the first order is no setting")

    async def report(fault: Fault) -> None:
        if not writer.is_closing():
            await channel.send(fault)

    agent = Agent(settings, doors, report)
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(agent.send_traps())
        while (order := await channel.receive()) is not None:
            match order:
                case Picture():
                    agent.show(order)
                case Trap():
                    agent.trap(order)
        sending.cancel()
    agent.close()
    await channel.close()


def _doors(connection: socket.socket) -> Sequence[socket.socket]:
    """Return the sockets that the parent opened. Raises ChannelError, OSError."""
    connection.setblocking(True)  # noqa: FBT003 - its name for it
    data, descriptors, _, _ = socket.recv_fds(connection, len(GIVEN), _MOST_DOORS)
    for descriptor in descriptors:
        os.set_blocking(descriptor, False)
    if data != GIVEN or not descriptors:
        raise ChannelError("no socket came to answer at")
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]
