"""One connection of a browser, from its TLS handshake on, with a bound to everything that it may be slow in."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

HANDSHAKE: Final = 10.0
"""Seconds that a client may take for its TLS handshake, and for its farewell."""

STALLED: Final = 30.0
"""Seconds that a client may take nothing of what is sent to it."""

FAREWELL: Final = 0.25
"""Seconds that an idle client may take for its farewell when the server ends."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds."""

    request: float
    """That a request may take until its head is there, from its first byte; of a new connection, from its first moment."""
    stalled: float = STALLED


class Conversation(H11Protocol):
    """HTTP/1.1 with one client, and since when something has not gone on."""

    def __init__(self, config: Config, state: ServerState, over: Callable[[], None]) -> None:
        super().__init__(config, state, {})
        self._over = over
        self._asking: float | None = self.loop.time()
        self._stalled: float | None = None
        self._closing: float | None = None

    def data_received(self, data: bytes) -> None:
        """Note when a request begins."""
        if self._idle and self._asking is None:
            self._asking = self.loop.time()
        super().data_received(data)
        if not self._idle:
            self._asking = None

    def pause_writing(self) -> None:
        """Note that the client takes nothing any more."""
        self._stalled = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that it does."""
        self._stalled = None
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that it is over."""
        super().connection_lost(exc)
        self._over()

    def look(self, bounds: Bounds, *, ending: bool) -> None:
        """End it where it has been too slow; where the server ends, wait for no farewell of a client that is idle."""
        now = self.loop.time()
        slow = self._idle and _longer(self._asking, now, bounds.request)
        if slow or _longer(self._stalled, now, bounds.stalled):
            self.transport.abort()
        elif ending and self._idle and self.transport.is_closing():
            self._closing = self._closing or now
            if now - self._closing >= FAREWELL:
                self.transport.abort()

    @property
    def _idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete


def _longer(since: float | None, now: float, bound: float) -> bool:
    return since is not None and now - since > bound


class Arrival:
    """A client that has connected: in its handshake first, then in conversation."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._greeting: asyncio.Task[None] | None = None
        self._begun = False
        self.conversation: Conversation | None = None

    def greet(self, tls: ssl.SSLContext, made: Callable[[], Conversation], over: Callable[[], None]) -> None:
        """Begin; `over` is called where no conversation comes of it."""
        self._greeting = asyncio.get_running_loop().create_task(self._greeted(tls, made, over))

    async def _greeted(self, tls: ssl.SSLContext, made: Callable[[], Conversation], over: Callable[[], None]) -> None:
        self._begun = True
        loop = asyncio.get_running_loop()
        try:
            given: tuple[Any, Conversation] = await loop.connect_accepted_socket(
                made, self._socket, ssl=tls, ssl_handshake_timeout=HANDSHAKE, ssl_shutdown_timeout=HANDSHAKE
            )
            self.conversation = given[1]
        except OSError:  # no TLS, or not soon enough (ssl.SSLError, TimeoutError and ConnectionError are such)
            over()
        except asyncio.CancelledError:
            over()
            raise

    def leave(self) -> None:
        """End it now."""
        if self.conversation is not None:
            self.conversation.transport.abort()
        elif self._greeting is not None:
            self._greeting.cancel()
            if not self._begun:  # from then on the loop closes it
                self._socket.close()
