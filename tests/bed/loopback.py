"""Little servers on loopback that behave as a test tells them to, well or badly."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address
from struct import Struct
from typing import TypeAlias

from bascule.plan.model import Endpoint

Script: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What a server does with one connection, which is closed afterwards."""


def says(data: bytes) -> Script:
    """Return a server that says this, and then listens until the client closes."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        while await reader.read(65536):
            pass

    return script


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Never say anything."""
    while await reader.read(65536):
        pass


async def closes(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accept, and close."""


async def resets(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept, and reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, Struct("ii").pack(1, 0))
    writer.transport.abort()


def drips(data: bytes, pause: float) -> Script:
    """Return a server that says this byte by byte, without end."""

    async def script(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            for byte in data:
                writer.write(bytes((byte,)))
                await writer.drain()
                await asyncio.sleep(pause)

    return script


def floods(data: bytes) -> Script:
    """Return a server that says this as fast as it can, without end."""

    async def script(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(0)  # the client shares our event loop

    return script


class Loopback:
    """Keeps the servers of one test, and ends them with it."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, script: Script, *, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Endpoint:
        """Start a server on a free port and return where it listens."""

        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._connections.add(task)
            with suppress(OSError, asyncio.CancelledError):  # a client that leaves is what probes are
                await script(reader, writer)
            writer.transport.abort() if tls else writer.close()

        server = await asyncio.start_server(connection, address, 0, ssl=tls)
        self._servers.append(server)
        return Endpoint(ip_address(address), server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """End every server and connection."""
        for server in self._servers:
            server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
