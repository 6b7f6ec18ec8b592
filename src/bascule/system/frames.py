"""Messages between our own processes: length-prefixed msgpack with a version byte.

A frame is four bytes of length (big endian, of what follows), one byte of version, and a msgpack body. The length is
bounded, so that a broken or hostile peer cannot make us hold more than `MAXIMUM_FRAME` bytes.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Any, Final, Generic, TypeVar

import msgspec

VERSION: Final = 1
MAXIMUM_FRAME: Final = 16 * 1024 * 1024
"""Bytes of version and body. The plan of 300 relays with 16 hosts each takes about one."""

_LENGTH: Final = Struct(">I")

Message = TypeVar("Message")


class ChannelError(Exception):
    """The peer sent what is no message of ours; the connection must be closed."""


def encode(message: object) -> bytes:
    """Return the frame of a message (a msgspec Struct or a tagged union's member)."""
    body = msgspec.msgpack.encode(message)
    if len(body) + 1 > MAXIMUM_FRAME:
        raise ChannelError(f"a message of {len(body)} bytes is too long to send")
    return _LENGTH.pack(len(body) + 1) + bytes((VERSION,)) + body


class Decoder(Generic[Message]):
    """Cuts what arrives on a stream into messages of one type (a Struct, or a union of tagged Structs)."""

    def __init__(self, kind: Any, *, maximum: int = MAXIMUM_FRAME) -> None:
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(kind)
        self._maximum = maximum
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take more bytes of the stream and yield each message that is now whole.

        Raises ChannelError for a frame that is too long, of another version, or no message of the expected type.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if not 1 <= length <= self._maximum:
                raise ChannelError(f"a frame of {length} bytes, of at most {self._maximum}")
            if len(self._buffer) < _LENGTH.size + length:
                return
            frame = bytes(self._buffer[_LENGTH.size : _LENGTH.size + length])
            del self._buffer[: _LENGTH.size + length]
            yield self._message(frame)

    def _message(self, frame: bytes) -> Message:
        if frame[0] != VERSION:
            raise ChannelError(f"the peer speaks version {frame[0]} of the protocol, we speak {VERSION}")
        try:
            return self._decoder.decode(memoryview(frame)[1:])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ChannelError(f"not a message: {error}") from error
