"""Messages between our own processes as a stream for asyncio; `frames` says how each travels."""

import asyncio
from typing import Any, Generic, TypeVar

from bascule.system.frames import MAXIMUM_FRAME, ChannelError, Decoder, encode

__all__ = ["Channel", "ChannelError", "Decoder", "encode"]

Message = TypeVar("Message")


class Channel(Generic[Message]):
    """A stream of messages for asyncio; `Message` is what the peer sends, in frames of at most `maximum` bytes."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        kind: Any,
        *,
        maximum: int = MAXIMUM_FRAME,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder: Decoder[Message] = Decoder(kind, maximum=maximum)
        self._ready: list[Message] = []

    async def send(self, message: object) -> None:
        """Send a message, and wait while the peer is too slow to take it. Raises OSError when it is gone."""
        self._writer.write(encode(message))
        await self._writer.drain()

    def offer(self, message: object) -> None:
        """Send a message that may be missed: it is dropped where the peer has not taken all that came before, or is gone.

        Never waits.
        """
        transport = self._writer.transport
        if not transport.is_closing() and not transport.get_write_buffer_size():
            self._writer.write(encode(message))

    async def receive(self) -> Message | None:
        """Return the next message, or None when the peer has closed. Raises ChannelError, OSError."""
        while not self._ready:
            data = await self._reader.read(65536)
            if not data:
                return None
            self._ready.extend(self._decoder.feed(data))
        return self._ready.pop(0)

    async def close(self) -> None:
        """Close our side and wait until it is gone."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return  # a peer that is gone already has closed it for us
