"""Asks a directory by a process of its own for each question, which may take its time only so long."""

import asyncio
from typing import Final

from bascule.directory.wire import Answer, Question, Silent
from bascule.system.channel import ChannelError
from bascule.system.child import Child
from bascule.system.children import Starts
from bascule.system.errors import MachineError

PATIENCE: Final = 8.0
"""Seconds that one server has, from the start of the process to its answer."""


async def ask(starts: Starts, question: Question, patience: float = PATIENCE) -> Answer:
    """Return what the server says; why it says nothing, where it does not."""
    try:
        child: Child[Answer] = await Child.start(starts, "directory", Answer)
    except MachineError as error:
        return Silent(fault=f"no process could be started to ask it: {error.cause}"[:300])
    try:
        async with asyncio.timeout(patience):
            await child.tell(question)
            answer = await child.channel.receive()
    except TimeoutError:
        return Silent(fault="it does not answer in time")
    except (OSError, ChannelError):
        return Silent(fault="the process that asked it broke off")
    finally:
        await child.end()
    return Silent(fault="the process that asked it died") if answer is None else answer
