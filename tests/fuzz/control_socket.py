"""Hostile local peers for the control socket.

Each says something like requests, in pieces, and ends in one way or another. It is a finding when the server does not close
the connection, says what is no answer, writes of a fault of its own, or lets an exception out.
"""

import asyncio
import logging
import random
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from struct import Struct
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

from bascule.service.catalogue import REQUESTS
from bascule.service.failures import Failure, OperationFailed, Unavailable
from bascule.service.peer import Peer
from bascule.service.permissions import Role
from bascule.service.replies import REPLIES, Reply
from bascule.service.request import Answer, Context, Request
from bascule.service.server import ControlServer, open_listener
from bascule.system.channel import Decoder
from fuzz.damage import pieces
from fuzz.messages import stream, types
from fuzz.target import Target

Said: TypeAlias = tuple[Sequence[bytes], str]
"""What a peer says, piece by piece, and how it ends: `half` hears what comes, `close` and `reset` do not."""

PATIENCE: Final = 0.2
"""Seconds that the server gives a peer."""
_RESET_ON_CLOSE: Final = Struct("ii").pack(1, 0)
_REQUEST: Final = types([REQUESTS])[0]


class _Faults(logging.Handler):
    """Keeps what the server writes of faults of its own, and what the event loop was left with."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of the log."""
        self.seen.append(logging.Formatter().format(record))

    def uncaught(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Keep an exception that nobody caught."""
        self.seen.append(f"{context.get('message')}: {context.get('exception')!r}")


class _PretendedService:
    """Does nothing of what it is asked, and says so."""

    async def ask(self, _: Context, __: Request[Answer], /) -> Answer:
        """Refuse."""
        raise OperationFailed(Unavailable(message="not here"))

    async def follow(self, context: Context, request: Request[Answer], /) -> AsyncGenerator[Answer, None]:
        """Refuse at the first answer."""
        yield await self.ask(context, request)


async def _forget(*_: object) -> None:
    """Keep no audit log."""


async def _anybody(_: Peer) -> Role:
    """Let everybody do everything."""
    return Role.ADMINISTRATOR


@asynccontextmanager
async def opened() -> AsyncIterator[Target[Said]]:
    """Start a server that does nothing but understand."""
    log, faults = logging.getLogger("fuzz.control_socket"), _Faults()
    log.addHandler(faults)
    log.propagate = False
    asyncio.get_running_loop().set_exception_handler(faults.uncaught)
    with TemporaryDirectory(prefix="bascule-") as directory:
        path = Path(directory) / "control.sock"
        server = ControlServer(_PretendedService(), recognize=_anybody, note=_forget, log=log, patience=PATIENCE)
        await server.start(open_listener(path))
        try:
            yield Target(said, _peer(path, faults.seen))
        finally:
            await server.close()
            log.removeHandler(faults)


def said(chance: random.Random) -> Said:
    """Return what a peer says and how it ends."""
    return pieces(chance, stream(chance, _REQUEST)), chance.choice(("half", "half", "half", "close", "reset", "wait"))


def _peer(path: Path, faults: Sequence[str]) -> Callable[[Said], Awaitable[None]]:
    async def tried(what: Said) -> None:
        chunks, end = what
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(0)
            await asyncio.get_running_loop().sock_connect(peer, str(path))
            await _say(peer, chunks)
            if end == "half":
                peer.shutdown(socket.SHUT_WR)
            if end == "reset":
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            if end in {"half", "wait"}:
                _judge(await _heard(peer))
        await asyncio.sleep(0)
        assert not faults, faults

    return tried


async def _say(peer: socket.socket, chunks: Sequence[bytes]) -> None:
    with suppress(ConnectionError):  # the server may have heard enough
        for chunk in chunks:
            await asyncio.get_running_loop().sock_sendall(peer, chunk)
            await asyncio.sleep(0)


async def _heard(peer: socket.socket) -> bytes:
    """Return all that the server says until it closes, which it must within its patience."""
    heard = b""
    async with asyncio.timeout(PATIENCE + 5):
        with suppress(ConnectionResetError):  # it closed with words of ours unread
            while data := await asyncio.get_running_loop().sock_recv(peer, 65536):
                heard += data
    return heard


def _judge(heard: bytes) -> None:
    """Assert that what was heard is one answer, or nothing."""
    answers = list(Decoder[Reply](REPLIES).feed(heard))
    assert len(answers) <= 1, answers
    assert all(isinstance(answer, Failure) for answer in answers), answers
