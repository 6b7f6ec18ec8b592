"""DCE/RPC over TCP: its packets, and the values that stand in them.

Packets are little-endian and unauthenticated, which is how health checks and clients that only look speak.
Source: C706, chapter 12 (connection-oriented PDUs) and appendix E (status codes); [MS-RPCE] 2.2.2.
"""

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final, Protocol, Self
from uuid import UUID

from bascule.dcerpc.reading import Reader, RpcError

MAXIMUM_FRAGMENT: Final = 5840
"""Bytes of a packet, as Windows offers."""

FIRST: Final = 0x01
LAST: Final = 0x02
WHOLE: Final = FIRST | LAST
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

    ACCESS_DENIED = 0x00000005
    INVALID_BOUND = 0x1C000007
    NO_SUCH_OPERATION = 0x1C010002
    UNKNOWN_INTERFACE = 0x1C010003
    PROTOCOL_ERROR = 0x1C01000B
    SERVER_TOO_BUSY = 0x1C010014


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
        """Return what 20 bytes name. Raises RpcError where they are fewer."""
        reader = Reader(data)
        return cls(UUID(bytes_le=reader.take(16)), reader.number(2), reader.number(2))

    def serves(self, asked: "Syntax") -> bool:
        """Tell whether a server of this version serves a client of that one: same major, and no older minor."""
        return self.uuid == asked.uuid and self.major == asked.major and self.minor >= asked.minor

    def __str__(self) -> str:
        return f"{self.uuid} v{self.major}.{self.minor}"


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
    """Where packets come from and go to."""

    async def exactly(self, length: int) -> bytes:
        """Return so many bytes."""
        ...

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        ...


async def receive_fragment(stream: Stream) -> Packet:
    """Return the next packet, be it whole or a fragment: at most `MAXIMUM_FRAGMENT` bytes are read for it.

    Raises RpcError for one that is not spoken here, and what the stream raises.
    """
    head = await stream.exactly(_HEADER.size)
    version, _, kind, flags, representation, length, authentication, call = _HEADER.unpack(head)
    if version != _VERSION:
        raise RpcError("no DCE/RPC packet of version 5")
    if representation != _LITTLE_ENDIAN:
        raise RpcError("a packet that is not little-endian")
    if not _HEADER.size <= length <= MAXIMUM_FRAGMENT:
        raise RpcError(f"a packet of {length} bytes")
    body = await stream.exactly(length - _HEADER.size)
    return Packet(kind=kind, call=call, body=body, flags=flags, authenticated=authentication > 0)


async def receive(stream: Stream) -> Packet:
    """Return the next packet, which must be whole. Raises as `receive_fragment`."""
    packet = await receive_fragment(stream)
    if packet.flags & WHOLE != WHOLE:
        raise RpcError("a fragment")
    return packet


def align(data: bytes) -> bytes:
    """Return the data with zeros behind it up to the next multiple of four."""
    return data + bytes(-len(data) % 4)
