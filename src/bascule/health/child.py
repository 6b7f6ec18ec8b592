"""One life of the prober's process, from its start to its end."""

import asyncio
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Final, Self

from bascule.health import wire
from bascule.system.channel import Channel

_PATIENCE: Final = 5.0
"""Seconds that the prober has to take an order. One that stands still longer is ended; its death is then seen."""

_LAST_WORDS: Final = 1.0
"""Seconds that the process has to end by itself once it has closed its socket, so that its exit code can be told."""


class Child:
    """A running prober and the channel to it."""

    def __init__(self, process: Process, channel: Channel[wire.Report]) -> None:
        self._process = process
        self.channel = channel

    @classmethod
    async def start(cls, command: Callable[[int], Sequence[str]]) -> Self:
        """Start the process, which inherits one end of a socket pair. Raises OSError when it cannot be started."""
        ours, theirs = socket.socketpair()
        with ExitStack() as undo, theirs:
            undo.callback(ours.close)
            # A group of its own, so that ctrl-C reaches the parent alone, which then decides.
            process = await asyncio.create_subprocess_exec(
                *command(theirs.fileno()), pass_fds=[theirs.fileno()], process_group=0
            )
            undo.callback(process.kill)
            reader, writer = await asyncio.open_connection(sock=ours)
            undo.pop_all()
        return cls(process, Channel(reader, writer, wire.Report))

    @property
    def pid(self) -> int:
        """Return the process's id."""
        return self._process.pid

    async def tell(self, order: wire.Order) -> None:
        """Send an order; a process that does not take it is ended, and one that is gone is left to `end`."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.channel.send(order)
        except TimeoutError:
            self._kill()
        except OSError:
            return  # whoever listens to the channel sees its end too

    async def end(self) -> str:
        """Close the channel, which asks the process to end, see that it does, and return how it ended."""
        await self.channel.close()
        try:
            async with asyncio.timeout(_LAST_WORDS):
                code = await self._process.wait()
        except TimeoutError:
            self._kill()
            await self._process.wait()
            return "stood still and was ended"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def _kill(self) -> None:
        with suppress(ProcessLookupError):  # it may have ended a moment ago
            self._process.kill()
