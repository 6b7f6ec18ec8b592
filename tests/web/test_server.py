"""Places come and go, sessions stay; and who says nothing is not waited for."""

import asyncio
import http.client
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bascule.engines.admin.keys import KeyPair, self_signed
from bascule.service.asking import AsyncClient
from bascule.web.application import application
from bascule.web.connection import Bounds
from bascule.web.server import PageServer, tls_context
from bed.pages import client_context

KEYS = self_signed(["localhost"], datetime.now(UTC))
OTHER = self_signed(["localhost"], datetime.now(UTC))


def listener() -> socket.socket:
    """Return a listening socket on a free port."""
    made = socket.create_server(("127.0.0.1", 0))
    made.settimeout(0)
    return made


@asynccontextmanager
async def running(server: PageServer) -> AsyncIterator[None]:
    """Run it meanwhile."""
    going_on = asyncio.create_task(server.run())
    try:
        yield
    finally:
        server.end()
        await going_on


class Session:
    """A session that is kept open."""

    def __init__(self, port: int, *, newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED) -> None:
        context = client_context()
        context.maximum_version = newest
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        plain = socket.create_connection(("127.0.0.1", port), timeout=10)
        try:
            self.connection.sock = tls = context.wrap_socket(plain)
        except OSError:
            plain.close()
            raise
        self.certificate = ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True) or b"")

    def asks(self, method: str = "GET", path: str = "/healthz") -> tuple[int, bytes]:
        """Return what it answers."""
        self.connection.request(method, path)
        with self.connection.getresponse() as answer:
            return answer.status, answer.read()

    def close(self) -> None:
        """End it."""
        self.connection.close()


async def opened(server: PageServer, number: int, keys: KeyPair = KEYS) -> int:
    """Open a place, and return its port."""
    made = listener()
    port: int = made.getsockname()[1]
    server.open(number, made, tls_context(keys.certificate, keys.key))
    return port


async def test_it_says_that_it_is_there_and_nothing_else() -> None:
    """To whoever asks, over TLS 1.2 at least."""
    server = PageServer(application(AsyncClient(Path("/nowhere"))))
    async with running(server):
        port = await opened(server, 1)
        with closing(await asyncio.to_thread(Session, port)) as session:
            assert await asyncio.to_thread(session.asks) == (200, b"ok\n")
            assert await asyncio.to_thread(session.asks, "HEAD") == (200, b"")
            assert (await asyncio.to_thread(session.asks, "POST"))[0] == 403
            assert (await asyncio.to_thread(session.asks, "GET", "/nothing"))[0] == 404
        with pytest.warns(DeprecationWarning, match="TLSv1_1"), pytest.raises(ssl.SSLError):
            await asyncio.to_thread(lambda: Session(port, newest=ssl.TLSVersion.TLSv1_1))


async def test_a_place_that_closes_keeps_its_sessions() -> None:
    """Nobody new comes in, and those who are in go on, beside those of other places."""
    server = PageServer(application(AsyncClient(Path("/nowhere"))))
    async with running(server):
        one, two = await opened(server, 1), await opened(server, 2, OTHER)
        with closing(await asyncio.to_thread(Session, one)) as old, closing(await asyncio.to_thread(Session, two)) as new:
            assert (old.certificate, new.certificate) == (KEYS.certificate.decode(), OTHER.certificate.decode())
            assert await asyncio.to_thread(old.asks) == (200, b"ok\n")
            server.close(1)
            assert server.numbers == {2}
            with pytest.raises(ConnectionRefusedError):
                await asyncio.to_thread(Session, one)
            for session in (old, new):
                assert await asyncio.to_thread(session.asks) == (200, b"ok\n")


async def test_the_end_ends_sessions_that_are_idle() -> None:
    """At once."""
    server = PageServer(application(AsyncClient(Path("/nowhere"))))
    async with running(server):
        port = await opened(server, 1)
        session = await asyncio.to_thread(Session, port)
        assert await asyncio.to_thread(session.asks) == (200, b"ok\n")
    with closing(session), pytest.raises((OSError, http.client.HTTPException)):
        await asyncio.to_thread(session.asks)


async def test_who_asks_nothing_is_not_waited_for() -> None:
    """Whoever has asked once may be silent for longer."""
    server = PageServer(application(AsyncClient(Path("/nowhere"))), bounds=Bounds(request=0.1))
    async with running(server):
        port = await opened(server, 1)
        silent, asked = [await asyncio.to_thread(Session, port) for _ in range(2)]
        with closing(silent), closing(asked):
            assert await asyncio.to_thread(asked.asks) == (200, b"ok\n")
            with suppress(ConnectionError):  # a reset is an end, too
                assert await asyncio.to_thread(silent.connection.sock.recv, 1) == b""
            assert await asyncio.to_thread(asked.asks) == (200, b"ok\n")
