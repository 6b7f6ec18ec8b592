"""Reads of a packet who is at its ends, and where its headers stop. Total: whatever the network sends."""

from ipaddress import ip_address
from typing import Final, NamedTuple

_FRAGMENT: Final = 0x1FFF
_TCP, _UDP = 6, 17
_IPV4, _IPV6 = 4, 6
_IPV4_HEADER, _IPV6_HEADER, _UDP_HEADER = 20, 40, 8
_TCP_OFFSET: Final = 12
_PORTS: Final = 4

LONGEST_HEADERS: Final = 60 + 60
"""Bytes: of IPv4 and of TCP, with all options."""


class Headers(NamedTuple):
    """What a packet with ports says of itself."""

    ends: bytes
    """Both ends, address and port, in an order that does not tell who sends."""
    length: int
    """Bytes of all headers."""


def headers(packet: bytes) -> Headers | None:
    """Return what a packet says that begins with its IP header; None where it is none, or has no ports to be seen."""
    version = packet[0] >> 4 if packet else 0
    if version == _IPV4 and len(packet) >= _IPV4_HEADER:
        if int.from_bytes(packet[6:8], "big") & _FRAGMENT:
            return None
        source, to, protocol, at = packet[12:16], packet[16:20], packet[9], (packet[0] & 15) * 4
    elif version == _IPV6 and len(packet) >= _IPV6_HEADER:
        source, to, protocol, at = packet[8:24], packet[24:40], packet[6], _IPV6_HEADER
    else:
        return None
    if protocol not in (_TCP, _UDP) or len(packet) < at + _PORTS:
        return None
    length = _UDP_HEADER
    if protocol == _TCP and len(packet) > at + _TCP_OFFSET:
        length = (packet[at + _TCP_OFFSET] >> 4) * 4
    return Headers(_ordered(source + packet[at : at + 2], to + packet[at + 2 : at + _PORTS]), at + length)


def ends_of(one: str, other: str) -> bytes:
    """Return the ends of packets between two places, as sessions name them: `10.2.0.50:443`, `[2001:db8::1]:443`.

    Raises ValueError for what is none.
    """
    return _ordered(_place(one), _place(other))


def _place(words: str) -> bytes:
    address, _, port = words.rpartition(":")
    return ip_address(address.strip("[]")).packed + int(port).to_bytes(2, "big")


def _ordered(one: bytes, other: bytes) -> bytes:
    return one + other if one < other else other + one
