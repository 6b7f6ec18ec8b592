"""One connection of a simulated server: lines and blocks with bounded lengths and a bounded wait."""

import asyncio
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

MAXIMUM_LINE: Final = 8192
"""Bytes of a line with its end; a longer one ends the connection."""

IDLE_SECONDS: Final = 1800.0
"""How long a client may say nothing; Exchange's own for IMAP and POP3 after login."""

BROKEN_PEER: Final = (OSError, EOFError, TimeoutError, ValueError, struct.error, asyncio.LimitOverrunError)
"""What reading from a client that is gone, silent or speaks another language raises: its connection ends, no more."""


class Wire:
    """A connection that reads and writes with bounds; every method may raise one of `BROKEN_PEER`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.encrypted = writer.get_extra_info("ssl_object") is not None

    async def line(self) -> str:
        """Return the next line without its end; bytes that are not ASCII come as question marks."""
        async with asyncio.timeout(IDLE_SECONDS):
            line = await self._reader.readuntil(b"\n")
        return line.rstrip(b"\r\n").decode("ascii", "replace")

    async def exactly(self, length: int) -> bytes:
        """Return so many bytes; the caller bounds the length."""
        async with asyncio.timeout(IDLE_SECONDS):
            return await self._reader.readexactly(length)

    async def send(self, data: bytes) -> None:
        """Send bytes, and wait while the client is too slow to take them."""
        self._writer.write(data)
        async with asyncio.timeout(IDLE_SECONDS):
            await self._writer.drain()

    async def say(self, *lines: str) -> None:
        """Send lines, each with the network's line end."""
        await self.send("".join(f"{line}\r\n" for line in lines).encode("ascii", "replace"))

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on in TLS."""
        async with asyncio.timeout(IDLE_SECONDS):
            await self._writer.start_tls(context)
        self.encrypted = True

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
