"""What strangers send is bounded in length and in time, and nothing of it is taken for something else."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from bascule.service.asking import AsyncClient
from bascule.web.application import application
from bascule.web.connection import Bounds
from bascule.web.crowd import Crowd
from bascule.web.server import PageServer
from bed.pages import client_context
from web.test_server import opened, running

ASKS = b"GET /healthz HTTP/1.1\r\nhost: here\r\n"
POST = b"POST /login HTTP/1.1\r\nhost: here\r\norigin: https://here\r\ncontent-type: application/x-www-form-urlencoded\r\n"


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Have a TLS session."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_context(), limit=2**14)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def answered(port: int, sent: bytes) -> bytes:
    """Return all that comes back until the server closes."""
    async with connected(port) as (reader, writer), asyncio.timeout(5):
        writer.write(sent)
        found = b""
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                found += data
        return found


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Tell whether the server ends it soon."""
    try:
        async with asyncio.timeout(3):
            while await reader.read(65536):
                pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Return where the pages answer, with nobody behind them."""
    server = PageServer(application(AsyncClient(Path("/nowhere"))), bounds=Bounds(request=0.3))
    async with running(server):
        yield await opened(server, 1)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /healthz HTTP/1.1\r\nhost: here\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nGET /x",
        b"GET /healthz HTTP/1.1\r\nhost: here\r\ncontent-length: 0x5\r\n\r\nGET /x",
        b"GET /healthz HTTP/1.1\r\nhost: here\r\ncontent-length: -1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: here\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: here\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: here\r\nhost: there\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: here\r\nx\x00: y\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: here\r\n\r\n",
        b"GET /" + b"x" * 300_000 + b" HTTP/1.1\r\nhost: here\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: here\r\nx: " + b"y" * 300_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
    ids=range(13),
)
async def test_what_can_be_read_in_two_ways_is_refused(port: int, sent: bytes) -> None:
    """Once, and the connection ends: no second request can hide in the first (RFC 9112, section 11.2)."""
    answer = await answered(port, sent)
    heads = answer.count(b"HTTP/1.1 ")
    assert heads <= 2  # a request that was understood as far as its head may have been refused before its body was bad
    assert b"HTTP/1.1 200" not in answer
    assert b"HTTP/1.1 4" in answer or answer == b""


async def test_a_length_and_chunks_are_one_request(port: int) -> None:
    """Chunks count where both stand there (RFC 9112, 6.3); what follows is a request of its own, and no other's."""
    sent = POST + b"content-length: 3\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n"
    answer = await answered(port, sent)
    assert answer.count(b"HTTP/1.1 ") == 1


async def test_strangers_send_no_more_than_a_form(port: int) -> None:
    """A megabyte at the door is not even read."""
    answer = await answered(port, POST + b"content-length: 1000000\r\nconnection: close\r\n\r\n" + b"x" * 100_000)
    assert answer.startswith(b"HTTP/1.1 413")


async def test_a_head_that_trickles_is_not_waited_for(port: int) -> None:
    """Neither the first nor a later one: each byte does not begin the time anew."""
    async with connected(port) as (reader, writer), connected(port) as (other, second):
        second.write(ASKS + b"\r\n")
        await other.readuntil(b"ok\n")
        for one in (writer, second):
            one.write(ASKS)

        async def trickle() -> None:
            with suppress(ConnectionError):
                while True:
                    for one in (writer, second):
                        one.write(b"x: y\r\n")
                    await asyncio.sleep(0.05)

        trickling = asyncio.create_task(trickle())
        assert all(await asyncio.gather(is_closed(reader), is_closed(other)))
        trickling.cancel()


async def test_whoever_sends_a_body_that_nobody_reads_is_not_waited_for(port: int) -> None:
    """The answer comes at once, and the connection ends soon after."""
    async with connected(port) as (reader, writer):
        writer.write(b"POST /x HTTP/1.1\r\nhost: here\r\norigin: https://elsewhere\r\ncontent-length: 100000\r\n\r\nx")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 403")
        writer.write(b"x")
        assert await is_closed(reader)


async def test_whoever_takes_nothing_is_let_go() -> None:
    """An answer is not kept for somebody who does not read it."""
    ended = asyncio.Event()

    async def flood(_: Request) -> StreamingResponse:
        async def much() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 65536
                    await asyncio.sleep(0)
            finally:
                ended.set()

        return StreamingResponse(much())

    server = PageServer(Starlette(routes=[Route("/", flood)]), bounds=Bounds(request=5, stalled=0.2))
    async with running(server), connected(await opened(server, 1)) as (_, writer), asyncio.timeout(5):
        writer.write(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
        await ended.wait()


async def test_handshakes_that_go_nowhere_keep_nobody_out() -> None:
    """Of one source there are so many; whoever has fewest comes in, also where all places are taken."""

    async def ok(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    server = PageServer(Starlette(routes=[Route("/", ok)]), crowd=Crowd(most=20, most_of_one=15))
    async with running(server):
        port = await opened(server, 1)
        silent = [await asyncio.to_thread(_silent, port, f"127.0.0.{2 + n % 2}") for n in range(60)]
        try:
            answer = await answered(port, b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n")
            assert answer.endswith(b"ok")
        finally:
            for each in silent:
                each.close()


def _silent(port: int, source: str) -> socket.socket:
    """Return a connection of somebody who says nothing."""
    made = socket.socket()
    made.settimeout(5)
    made.bind((source, 0))
    made.connect(("127.0.0.1", port))
    return made
