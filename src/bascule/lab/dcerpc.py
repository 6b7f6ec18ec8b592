"""DCE/RPC over TCP: its packets, and the values that stand in them.

Packets are little-endian, unauthenticated and of one fragment, which is how health checks and clients that only look speak.
Source: C706, chapter 12 (connection-oriented PDUs) and appendix E (status codes); [MS-RPCE] 2.2.2.
"""

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final, Protocol, Self
from uuid import UUID

MAXIMUM_FRAGMENT: Final = 5840
"""Bytes of a packet, as Windows offers."""

WHOLE: Final = 0x03
"""Flags of a packet that is first and last fragment at once."""

OBJECT_PRESENT: Final = 0x80
"""Flag of a call that names an object before its arguments."""

_VERSION: Final = 5
_LITTLE_ENDIAN: Final = 0x10
_HEADER: Final = Struct("<BBBBIHHI")
_VERSIONS: Final = Struct("<HH")


class PacketType(IntEnum):
    """The packets that are spoken here."""

    REQUEST = 0
    RESPONSE = 2
    FAULT = 3
    BIND = 11
    BIND_ACK = 12
    BIND_NAK = 13
    ALTER_CONTEXT = 14
    ALTER_CONTEXT_RESPONSE = 15


class Status(IntEnum):
    """Why a call failed."""

    INVALID_BOUND = 0x1C000007
    NO_SUCH_OPERATION = 0x1C010002
    UNKNOWN_INTERFACE = 0x1C010003
    PROTOCOL_ERROR = 0x1C01000B


@dataclass(frozen=True, slots=True)
class Syntax:
    """An interface, or a way of writing values, with its version."""

    uuid: UUID
    major: int
    minor: int

    def pack(self) -> bytes:
        """Return the 20 bytes that name it in a packet."""
        return self.uuid.bytes_le + _VERSIONS.pack(self.major, self.minor)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return what 20 bytes name. Raises ValueError or struct.error where they are not 20."""
        return cls(UUID(bytes_le=data[:16]), *_VERSIONS.unpack(data[16:]))

    def serves(self, asked: "Syntax") -> bool:
        """Tell whether a server of this version serves a client of that one: same major, and no older minor."""
        return self.uuid == asked.uuid and self.major == asked.major and self.minor >= asked.minor


NDR: Final = Syntax(UUID("8a885d04-1ceb-11c9-9fe8-08002b104860"), 2, 0)
"""The one way of writing values that is spoken here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A packet without its header's constants."""

    kind: int
    call: int
    body: bytes
    flags: int = WHOLE
    authenticated: bool = False

    def pack(self) -> bytes:
        """Return the packet as it goes over the wire."""
        length = _HEADER.size + len(self.body)
        return _HEADER.pack(_VERSION, 0, self.kind, self.flags, _LITTLE_ENDIAN, length, 0, self.call) + self.body


class Stream(Protocol):
    """Where packets come from."""

    async def exactly(self, length: int) -> bytes:
        """Return so many bytes."""
        ...


async def receive(stream: Stream) -> Packet:
    """Return the next packet. Raises ValueError for one that is not spoken here, and what the stream raises."""
    head = await stream.exactly(_HEADER.size)
    version, _, kind, flags, representation, length, authentication, call = _HEADER.unpack(head)
    if version != _VERSION or representation != _LITTLE_ENDIAN:
        raise ValueError("no little-endian DCE/RPC packet of version 5")
    if flags & WHOLE != WHOLE or not _HEADER.size <= length <= MAXIMUM_FRAGMENT:
        raise ValueError(f"a fragment, or a packet of {length} bytes")
    body = await stream.exactly(length - _HEADER.size)
    return Packet(kind=kind, call=call, body=body, flags=flags, authenticated=authentication > 0)


def align(data: bytes) -> bytes:
    """Return the data with zeros behind it up to the next multiple of four."""
    return data + bytes(-len(data) % 4)
