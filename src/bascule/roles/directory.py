"""The directory role: a process without rights that asks one server about one login, and ends."""

import argparse
import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Sequence
from contextlib import closing
from typing import Final

from bascule.directory.asking import answered
from bascule.directory.conversation import FaultError, LdapsConversation
from bascule.directory.wire import Answer, Question, Silent, shortened
from bascule.system.channel import Channel, ChannelError

LIFE: Final = 15
"""Seconds after which it is over, whatever a server does."""

_MEMORY: Final = 1 << 30
"""Bytes of address space: what a server sends ends somewhere."""

_LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Answer the parent's one question over the socket `--fd N`; return the exit code.

    0: answered, or there was no question. 1: the parent went away, or what came was not the parent's.
    """
    parser = argparse.ArgumentParser(prog="bascule role directory", description="Ask a directory for the parent process.")
    parser.add_argument("--fd", type=int, required=True, help="the connected socket that the parent left open for us")
    descriptor: int = parser.parse_args(arguments).fd
    signal.alarm(LIFE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it holds a password
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        asyncio.run(_serve(socket.socket(fileno=descriptor)))
    except (ChannelError, OSError) as error:
        _LOG.warning("the directory process lost its parent: %s", error)
        return 1
    return 0


async def _serve(connection: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=connection)
    channel: Channel[Question] = Channel(reader, writer, Question)
    question = await channel.receive()
    if question is not None:
        await channel.send(_answer(question))
    await channel.close()


def _answer(question: Question) -> Answer:
    """Ask; nothing else goes on in this process that it could hold up."""
    try:
        with closing(LdapsConversation(question.server)) as conversation:
            return answered(question, conversation)
    except FaultError as fault:
        return Silent(fault=shortened(str(fault)))
    except Exception as error:  # noqa: BLE001 - the edge to a library that reads what strangers send
        return Silent(fault=shortened(f"it answers in a way that is not understood ({type(error).__name__})"))
