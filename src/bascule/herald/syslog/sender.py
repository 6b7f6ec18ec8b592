"""One syslog server: a queue with an end, and whoever empties it, beginning anew when the server is away."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, cast

from bascule.herald.fault import FaultError, explained
from bascule.herald.syslog.line import counted
from bascule.herald.trust import trusting
from bascule.herald.wire import SyslogState, SyslogTarget, shortened
from bascule.system.clock import Clock

WAITING: Final = 10_000
"""Lines that wait for one server; when more come, the oldest are lost, and it is said how many."""

BATCH: Final = 100
"""Lines that are written at once."""

FIRST_PAUSE: Final = 1.0
LAST_PAUSE: Final = 60.0
"""Seconds before a server that is away is tried again: the first, doubled each time, and the last."""

_CONNECTS: Final = 10.0
_TAKES: Final = 30.0
"""Seconds that a server may take to connect, and to take a batch."""

_MOMENT: Final = 0.05
"""Seconds in which the answer of a machine comes where nobody listens."""


class Way(Protocol):
    """How lines get to a server."""

    async def send(self, lines: Sequence[bytes]) -> None:
        """Have the network take them. Raises OSError, FaultError."""
        ...

    async def closed(self) -> None:
        """Return when the server has closed; never where that cannot be known."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class _Datagrams(asyncio.DatagramProtocol):
    """RFC 5426: a line a datagram. That nobody listens is heard now and then, from the server's machine."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._fault: OSError | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is none by name

    def error_received(self, exc: Exception) -> None:
        self._fault = exc if isinstance(exc, OSError) else OSError(str(exc))

    async def send(self, lines: Sequence[bytes]) -> None:
        assert self._transport is not None
        for line in lines:
            self._transport.sendto(line)
            await asyncio.sleep(0)
        await asyncio.sleep(_MOMENT)
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault

    async def closed(self) -> None:
        await asyncio.Event().wait()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class _Stream:
    """RFC 6587 and RFC 5425: each line behind its length."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        writer.transport.set_write_buffer_limits(high=0)

    async def send(self, lines: Sequence[bytes]) -> None:
        self._writer.write(b"".join(map(counted, lines)))
        async with asyncio.timeout(_TAKES):
            await self._writer.drain()

    async def closed(self) -> None:
        try:
            while await self._reader.read(4096):
                pass  # a syslog server has nothing to say (RFC 5425, 4.3)
        except OSError:
            return

    def close(self) -> None:
        self._writer.transport.abort()


async def opened(target: SyslogTarget) -> Way:
    """Return a way to a server. Raises OSError, FaultError, TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(_CONNECTS):
        if target.transport == "udp":
            _, way = await loop.create_datagram_endpoint(_Datagrams, remote_addr=(target.host, target.port))
            return way
        context: ssl.SSLContext | None = None
        if target.transport == "tls":
            context = await asyncio.to_thread(trusting, target.authority)
        name = target.host if context else None
        reader, writer = await asyncio.open_connection(target.host, target.port, ssl=context, server_hostname=name)
    held = writer.get_extra_info("socket")
    held.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    held.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(_TAKES * 1000))
    return _Stream(reader, writer)


class Sender:
    """Sends what `add` is given while `run` runs; `report` hears when a server is away, and when it is back."""

    def __init__(
        self,
        target: SyslogTarget,
        *,
        clock: Clock,
        report: Callable[[SyslogState], Awaitable[None]],
        open_way: Callable[[SyslogTarget], Awaitable[Way]] = opened,
    ) -> None:
        self.target = target
        self._clock = clock
        self._report = report
        self._open = open_way
        self._waiting: deque[bytes] = deque()
        self._lost = 0
        self._come = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._fault = ""
        self._took = False
        """The server took a line since it was last connected to."""

    def add(self, line: bytes) -> None:
        """Take a line; where too many wait, the oldest makes room."""
        if len(self._waiting) == WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(line)
        self._come.set()
        self._empty.clear()

    async def emptied(self) -> None:
        """Return when nothing waits."""
        await self._empty.wait()

    async def run(self) -> None:
        """Go on until cancelled."""
        pause = FIRST_PAUSE
        while True:
            self._took = False
            try:
                await self._serve()
            except (OSError, FaultError) as error:
                await self._fails(error)
            pause = FIRST_PAUSE if self._took else pause
            await self._clock.sleep(pause)
            pause = min(2 * pause, LAST_PAUSE)

    async def _serve(self) -> None:
        """Send what comes until the server closes, which is no fault of one that took lines. Raises OSError, FaultError."""
        way = await self._open(self.target)
        closing = asyncio.ensure_future(way.closed())
        try:
            while not closing.done():
                self._come.clear()
                if self._waiting:
                    await self._send(way)
                else:
                    await _first(closing, self._come)
        finally:
            closing.cancel()
            way.close()
        if not self._took and self._waiting:
            raise FaultError("it closes the connection")

    async def _send(self, way: Way) -> None:
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        try:
            await way.send(batch)
        except BaseException:  # whatever it was goes on up, a cancellation too; what was not sent must not be lost
            self._put_back(batch)
            raise
        self._took = True
        if not self._waiting:
            self._empty.set()
        if self._fault or self._lost:
            self._fault, lost, self._lost = "", self._lost, 0
            await self._report(SyslogState(host=self.target.host, lost=lost))

    def _put_back(self, batch: Sequence[bytes]) -> None:
        self._waiting.extendleft(reversed(batch))
        while len(self._waiting) > WAITING:
            self._waiting.popleft()
            self._lost += 1

    async def _fails(self, error: Exception) -> None:
        """Say once that a server is away, and why."""
        fault = shortened(explained(error))
        if fault != self._fault:
            self._fault = fault
            await self._report(SyslogState(host=self.target.host, fault=fault))


async def _first(closing: "asyncio.Future[None]", come: asyncio.Event) -> None:
    """Return when the server has closed, or something has come."""
    coming: asyncio.Future[object] = asyncio.ensure_future(come.wait())
    ways: set[asyncio.Future[object] | asyncio.Future[None]] = {closing, coming}
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        coming.cancel()
