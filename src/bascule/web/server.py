"""Answering at several places at once, each with its own certificate; places come and go, sessions stay."""

import asyncio
import os
import socket
import ssl
from typing import Any, Final
from weakref import WeakKeyDictionary

from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

KEPT_ALIVE: Final = 75.0
"""Seconds that a session may be silent between two requests."""

FIRST_REQUEST: Final = 15.0
"""Seconds that a client may take for its first request."""

_SWEEP: Final = 1.0

_HANDSHAKE: Final = 10.0
"""Seconds that a client may take for its TLS handshake, and for its farewell."""

_MOST_AT_ONCE: Final = 500
"""Connections; whoever comes when there are more is told so (503)."""

_BACKLOG: Final = 128
_LAST_REQUESTS: Final = 5.0
"""Seconds that requests may take to their end when the server ends."""


class PageServer:
    """Serves an application of ASGI at the places that it is given, over TLS 1.2 and newer."""

    def __init__(self, application: Any, *, first_request: float = FIRST_REQUEST) -> None:
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
            limit_concurrency=_MOST_AT_ONCE,
        )
        self._config.load()
        self._server = Server(self._config)
        self._listeners: dict[int, asyncio.Server] = {}
        self._first_request = first_request
        self._born: WeakKeyDictionary[H11Protocol, float] = WeakKeyDictionary()

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
        return frozenset(self._listeners)

    async def open(self, number: int, listener: socket.socket, tls: ssl.SSLContext) -> None:
        """Answer at a listening socket, which is the server's from now on. Raises OSError."""
        self._listeners[number] = await asyncio.get_running_loop().create_server(
            self._protocol,
            sock=listener,
            ssl=tls,
            backlog=_BACKLOG,
            ssl_handshake_timeout=_HANDSHAKE,
            ssl_shutdown_timeout=_HANDSHAKE,
        )

    def close(self, number: int) -> None:
        """Take no new session there; those that stand go on."""
        self._listeners.pop(number).close()

    def _protocol(self) -> asyncio.Protocol:
        made = H11Protocol(self._config, self._server.server_state, {})
        self._born[made] = asyncio.get_running_loop().time()
        return made

    async def _sweep(self) -> None:
        """Close the connections whose first request does not come: the library waits for it without an end."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP)
            for connection, born in list(self._born.items()):
                if loop.time() - born > self._first_request:
                    del self._born[connection]
                    if connection.cycle is None and connection in self._server.server_state.connections:
                        connection.transport.abort()


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
