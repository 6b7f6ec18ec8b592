"""Writes packets as a file that analysers read: pcapng (draft-ietf-opsawg-pcapng).

Its link layer is that of an "any" device (LINKTYPE_LINUX_SLL2), so that every kind of interface fits.
"""

import socket
from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Final

from bascule.config.model import Address
from bascule.system.packet_tap import TappedPacket

_SECTION, _INTERFACE, _NAMES, _STATISTICS, _PACKET = 0x0A0D0D0A, 1, 4, 5, 6
_MAGIC: Final = 0x1A2B3C4D
_COOKED: Final = 276
"""LINKTYPE_LINUX_SLL2 (www.tcpdump.org/linktypes.html)."""
_COMMENT, _PROGRAM, _NAME, _RESOLUTION, _FLAGS, _RECEIVED, _DROPPED = 1, 4, 2, 9, 2, 4, 5
_NANOSECONDS: Final = b"\x09"
_IN, _OUT = 1, 2
_OUTGOING: Final = 4
_LONGEST_ADDRESS: Final = 8

_HEADER: Final = Struct("<II")
_TRAILER: Final = Struct("<I")
_OPTION: Final = Struct("<HH")
_SECTION_BODY: Final = Struct("<IHHq")
_INTERFACE_BODY: Final = Struct("<HHI")
_PACKET_BODY: Final = Struct("<IIIII")
_STATISTICS_BODY: Final = Struct("<III")
_SLL2: Final = Struct(">HHIHBB8s")
_COUNT: Final = Struct("<Q")


class Writer:
    """One file, in pieces; `length` is how long any packet may be in it."""

    def __init__(self, *, program: str, comment: str, length: int) -> None:
        self._length = length
        self._program = program
        self._comment = comment
        self._interfaces: dict[int, int] = {}

    def begin(self, names: Mapping[Address, str]) -> bytes:
        """Return how the file begins; `names` are what people call addresses."""
        options = _options({_COMMENT: self._comment.encode(), _PROGRAM: self._program.encode()})
        section = _block(_SECTION, _SECTION_BODY.pack(_MAGIC, 1, 0, -1) + options)
        return section + (_block(_NAMES, b"".join(_names(names))) if names else b"")

    def packet(self, packet: TappedPacket, data: bytes) -> bytes:
        """Return a packet, with so much of it as shall be kept; before it its interface, where that is new."""
        made = b""
        number = self._interfaces.get(packet.interface)
        if number is None:
            number = self._interfaces[packet.interface] = len(self._interfaces)
            options = _options({_NAME: _called(packet.interface).encode(), _RESOLUTION: _NANOSECONDS})
            made = _block(_INTERFACE, _INTERFACE_BODY.pack(_COOKED, 0, self._length + _SLL2.size) + options)
        content = _cooked(packet) + data
        body = _PACKET_BODY.pack(number, *_time(packet.at), len(content), packet.length + _SLL2.size)
        way = _OUT if packet.direction == _OUTGOING else _IN
        options = _options({_FLAGS: way.to_bytes(4, "little")})
        return made + _block(_PACKET, body + _padded(content) + options)

    def end(self, at: int, received: int, lost: int) -> bytes:
        """Return how the file ends: how many packets there were until a time (ns since 1970), and how many are missing.

        All interfaces share one queue in the kernel, so the first one has the numbers of all.
        """
        if not self._interfaces:
            return b""
        options = _options({_RECEIVED: _COUNT.pack(received + lost), _DROPPED: _COUNT.pack(lost)})
        return _block(_STATISTICS, _STATISTICS_BODY.pack(0, *_time(at)) + options)


def _cooked(packet: TappedPacket) -> bytes:
    sender = packet.sender[:_LONGEST_ADDRESS]
    return _SLL2.pack(packet.protocol, 0, packet.interface, packet.kind, packet.direction, len(sender), sender)


def _called(interface: int) -> str:
    """Return what an interface is called; one that has gone meanwhile by its number."""
    try:
        return socket.if_indextoname(interface)
    except OSError:
        return f"interface {interface}"


def _names(names: Mapping[Address, str]) -> Iterator[bytes]:
    for address, name in names.items():
        value = address.packed + name.encode() + b"\0"
        yield _OPTION.pack(1 if address.version == 4 else 2, len(value)) + _padded(value)  # noqa: PLR2004 - IP version
    yield _OPTION.pack(0, 0)


def _time(at: int) -> tuple[int, int]:
    return at >> 32, at & 0xFFFFFFFF


def _options(options: Mapping[int, bytes]) -> bytes:
    told = b"".join(_OPTION.pack(code, len(value)) + _padded(value) for code, value in options.items())
    return told + _OPTION.pack(0, 0)


def _block(kind: int, body: bytes) -> bytes:
    length = _HEADER.size + len(body) + _TRAILER.size
    return _HEADER.pack(kind, length) + body + _TRAILER.pack(length)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
