"""One connection of a simulated server: lines and blocks with bounded lengths and a bounded wait."""

import asyncio
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from bascule.lab.faults import ServiceFault

MAXIMUM_LINE: Final = 8192
"""Bytes of a line with its end; a longer one ends the connection."""

IDLE_SECONDS: Final = 1800.0
"""How long a client may say nothing, where its service does not say else."""

SLOW_SECONDS: Final = 1.0
"""Before anything that a slow service says."""

BROKEN_PEER: Final = (OSError, EOFError, TimeoutError, ValueError, struct.error, asyncio.LimitOverrunError)
"""What reading from a client that is gone, silent or speaks another language raises: its connection ends, no more."""


Trouble: TypeAlias = Callable[[], ServiceFault | None]
"""Tells what is wrong with a service now."""


class Wire:
    """A connection that reads and writes with bounds; every method may raise one of `BROKEN_PEER`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trouble: Trouble = lambda: None) -> None:
        self._reader = reader
        self._writer = writer
        self._trouble = trouble
        self.encrypted = writer.get_extra_info("ssl_object") is not None
        self.patience = IDLE_SECONDS
        """Seconds that the client may say nothing."""

    async def line(self) -> str:
        """Return the next line without its end; bytes that are not ASCII come as question marks."""
        async with asyncio.timeout(self.patience):
            line = await self._reader.readuntil(b"\n")
        await self._stand_still(ServiceFault.HALF_OPEN)
        return line.rstrip(b"\r\n").decode("ascii", "replace")

    async def exactly(self, length: int) -> bytes:
        """Return so many bytes; the caller bounds the length."""
        async with asyncio.timeout(self.patience):
            data = await self._reader.readexactly(length)
        await self._stand_still(ServiceFault.HALF_OPEN)
        return data

    async def send(self, data: bytes) -> None:
        """Send bytes, and wait while the client is too slow to take them."""
        if self._trouble() is ServiceFault.SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        self._writer.write(data)
        async with asyncio.timeout(self.patience):
            await self._writer.drain()

    async def say(self, *lines: str) -> None:
        """Send lines, each with the network's line end."""
        await self.send("".join(f"{line}\r\n" for line in lines).encode("ascii", "replace"))

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on in TLS."""
        async with asyncio.timeout(IDLE_SECONDS):
            await self._writer.start_tls(context)
        self.encrypted = True

    async def begin(self, context: ssl.SSLContext | None) -> None:
        """Open the conversation, in TLS from the first byte where there is a context; fail as the service does.

        With nothing wrong, TLS is begun before the event loop turns: what the client sends at once is not read as text.
        """
        if self._trouble() is ServiceFault.RESETS:
            raise ConnectionResetError("cut on demand")
        await self._stand_still(ServiceFault.HANGS)
        if context is not None:
            await self.start_tls(context)

    async def _stand_still(self, fault: ServiceFault) -> None:
        """While this is what is wrong, do nothing until the client leaves."""
        while self._trouble() is fault:
            if not await self._reader.read(MAXIMUM_LINE):
                raise EOFError

    @property
    def peer(self) -> str:
        """Return the address that the connection comes from."""
        name = self._writer.get_extra_info("peername")
        return str(name[0]) if name else "unknown"

    @property
    def port(self) -> int:
        """Return the port of ours that the connection came to."""
        port: int = self._writer.get_extra_info("sockname")[1]
        return port


Session: TypeAlias = Callable[[Wire], Awaitable[None]]
"""A conversation with one client; it ends when the coroutine does, or with one of `BROKEN_PEER`."""
