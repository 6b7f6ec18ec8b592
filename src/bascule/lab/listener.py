"""A listening port of a simulated server: one conversation for each connection, so many at a time."""

import asyncio
import ssl
from typing import Final

from bascule.lab.wire import BROKEN_PEER, MAXIMUM_LINE, Session, Trouble, Wire

MAXIMUM_SESSIONS: Final = 1000
"""Conversations at a time; a connection over the bound is closed at once."""


class Listener:
    """Accepts connections on one port and holds a conversation on each."""

    def __init__(
        self,
        session: Session,
        *,
        context: ssl.SSLContext | None = None,
        trouble: Trouble = lambda: None,
        maximum: int = MAXIMUM_SESSIONS,
    ) -> None:
        self._session = session
        self._maximum = maximum
        self._trouble = trouble
        self._context = context
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()
        self.accepted = 0
        """Connections so far."""

    async def open(self, address: str, port: int) -> int:
        """Listen, and return the port: the one asked for, or a free one for 0. Raises OSError when it is taken."""
        self._server = await asyncio.start_server(
            self._accept, address, port, limit=MAXIMUM_LINE, reuse_address=True, backlog=128
        )
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def close(self) -> None:
        """Stop listening and end every conversation where it stands."""
        if self._server is not None:
            self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if len(self._conversations) >= self._maximum:
            writer.transport.abort()
            return
        conversation = asyncio.create_task(self._hold(reader, writer))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            wire = Wire(reader, writer, self._trouble)
            await wire.begin(self._context)
            await self._session(wire)
            writer.close()
            await writer.wait_closed()
        except BROKEN_PEER:
            return  # the client's affair: the next one is served all the same
        finally:
            if not writer.transport.is_closing():  # Python 3.11.2 aborts no TLS that is closed already
                writer.transport.abort()
