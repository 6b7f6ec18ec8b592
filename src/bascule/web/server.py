"""Answering at several places at once, each with its own certificate; places come and go, sessions stay."""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from uvicorn import Config, Server

from bascule.service.sources import place
from bascule.web.connection import Arrival, Bounds, Conversation
from bascule.web.crowd import Crowd

KEPT_ALIVE: Final = 75.0
"""Seconds that a session may be silent between two requests."""

FIRST_REQUEST: Final = 15.0
"""Seconds that a client may take for the head of a request."""

_SWEEP: Final = 0.25
_LONGEST_HEAD: Final = 32 * 1024
"""Bytes of a request without its body."""

_AT_A_TIME: Final = 50
"""Clients that are taken in before those who are in get their turn again."""

_LAST_REQUESTS: Final = 5.0
"""Seconds that requests may take to their end when the server ends."""


@dataclass(frozen=True, slots=True)
class _Place:
    listener: socket.socket
    tls: ssl.SSLContext


def _nothing() -> None:
    """Do nothing."""


class PageServer:
    """Serves an application of ASGI at the places that it is given, over TLS 1.2 and newer.

    `ending` is called once when the server ends: whatever would go on for ever has to end then.
    """

    def __init__(
        self,
        application: Any,
        *,
        bounds: Bounds | None = None,
        crowd: Crowd | None = None,
        ending: Callable[[], None] = _nothing,
    ) -> None:
        self._config = Config(
            application,
            http="h11",
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=int(KEPT_ALIVE),
            timeout_graceful_shutdown=int(_LAST_REQUESTS),
            h11_max_incomplete_event_size=_LONGEST_HEAD,
        )
        self._config.load()
        self._server = Server(self._config)
        self._places: dict[int, _Place] = {}
        self._bounds = bounds or Bounds(request=FIRST_REQUEST)
        self._crowd = crowd or Crowd()
        self._ending = ending

    async def run(self) -> None:
        """Serve until `end`, or SIGTERM; then requests come to their end, and sessions are closed."""
        sweeping = asyncio.create_task(self._sweep())
        try:
            await self._server.serve(sockets=[])
        finally:
            sweeping.cancel()

    def end(self) -> None:
        """Answer nowhere any more, and have `run` return soon."""
        for number in self.numbers:
            self.close(number)
        self._server.should_exit = True

    @property
    def numbers(self) -> frozenset[int]:
        """Return the places where it answers."""
        return frozenset(self._places)

    def open(self, number: int, listener: socket.socket, tls: ssl.SSLContext) -> None:
        """Answer at a listening socket, which is the server's from now on. Raises OSError."""
        listener.setblocking(False)  # noqa: FBT003 - the library's own
        self._places[number] = opened = _Place(listener, tls)
        asyncio.get_running_loop().add_reader(listener, self._take_in, opened)

    def close(self, number: int) -> None:
        """Take no new session there; those that stand go on."""
        listener = self._places.pop(number).listener
        asyncio.get_running_loop().remove_reader(listener)
        listener.close()

    def _take_in(self, at: _Place) -> None:
        """Take in who has come, unless he has too many connections already."""
        for _ in range(_AT_A_TIME):
            try:
                connected, address = at.listener.accept()
            except OSError:  # nobody is left, or he has gone again
                return
            arrival = self._crowd.admit(place(str(address[0])), partial(Arrival, connected))
            if not isinstance(arrival, Arrival):
                connected.close()
                continue
            over = partial(self._crowd.gone, arrival)
            arrival.greet(at.tls, partial(Conversation, self._config, self._server.server_state, over), over)

    async def _sweep(self) -> None:
        """End connections that have been too slow: the library waits for them without an end."""
        ended = False
        while True:
            await asyncio.sleep(_SWEEP)
            if self._server.should_exit and not ended:
                ended = True
                self._ending()
            for connection in list(self._server.server_state.connections):
                if isinstance(connection, Conversation):
                    connection.look(self._bounds, ending=ended)


def tls_context(certificate: bytes, key: bytes) -> ssl.SSLContext:
    """Return what a listener shows of itself; both are PEM, and no file is written.

    Raises ssl.SSLError and ValueError for what is no certificate, or a key of another one; OSError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    with _in_memory(key) as key_file, _in_memory(certificate) as certificate_file:
        # OpenSSL takes its files by name; this name leads to our own memory.
        context.load_cert_chain(_name(certificate_file), _name(key_file), password=_no_password)
    return context


def _in_memory(content: bytes) -> Any:
    file = os.fdopen(os.memfd_create("pem"), "wb")
    file.write(content)
    file.flush()
    return file


def _name(file: Any) -> str:
    return f"/proc/self/fd/{file.fileno()}"


def _no_password() -> str:
    raise ValueError("the key is kept under a password")
