"""One life of a process of ours that we speak with, from its start to its end."""

import asyncio
import signal
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Final, Generic, Self, TypeVar

from bascule.system.channel import Channel
from bascule.system.children import Started, Starts

Report = TypeVar("Report")

_PATIENCE: Final = 5.0
"""Seconds that the process has to take an order. One that stands still longer is ended; its death is then seen."""

GIVEN: Final = b"\0"
"""The byte that sockets go beside."""

_LAST_WORDS: Final = 1.0
"""Seconds that the process has to end by itself once it has closed its socket, so that its exit code can be told."""


class Child(Generic[Report]):
    """A running process and the channel to it; `Report` is what it says."""

    def __init__(self, starts: Starts, process: Started, channel: Channel[Report]) -> None:
        self._starts = starts
        self._process = process
        self.channel = channel

    @classmethod
    async def start(cls, starts: Starts, role: str, kind: Any, given: Sequence[socket.socket] | None = None) -> Self:
        """Start a role, which inherits one end of a socket pair and says what is of a kind.

        Sockets that are `given` go before everything else, beside one byte (SCM_RIGHTS). Raises MachineError when it cannot
        be started.
        """
        ours, theirs = socket.socketpair()
        with ExitStack() as undo, theirs:
            undo.callback(ours.close)
            process = await starts.start(role, handed=theirs)
            if given is not None:
                socket.send_fds(ours, [GIVEN], [each.fileno() for each in given])
            reader, writer = await asyncio.open_connection(sock=ours)
            undo.pop_all()
        return cls(starts, process, Channel(reader, writer, kind))

    @property
    def pid(self) -> int:
        """Return the process's id."""
        return self._process.pid

    async def tell(self, order: object) -> None:
        """Send an order; a process that does not take it is ended, and one that is gone is left to `end`."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.channel.send(order)
        except TimeoutError:
            await self._kill()
        except OSError:
            return  # whoever listens to the channel sees its end too

    async def end(self) -> str:
        """Close the channel, which asks the process to end, see that it does, and return how it ended."""
        await self.channel.close()
        return await ending(self._starts, self._process)

    async def _kill(self) -> None:
        await self._starts.kill(self._process)


async def ending(starts: Starts, process: Started) -> str:
    """See that a process ends whose socket is closed, and return how it did."""
    try:
        async with asyncio.timeout(_LAST_WORDS):
            await process.wait()
    except TimeoutError:
        await starts.kill(process)
        await process.wait()
        return "stood still and was ended"
    finally:
        process.close()
    code = process.status
    if code is None:
        return "ended"
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
