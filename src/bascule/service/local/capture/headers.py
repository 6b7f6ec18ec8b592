"""Reads of a packet who sends it to whom, and where its headers end. Total: whatever the network sends."""

from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import Final, NamedTuple

_PORTS: Final = Struct(">HH")
_FRAGMENT: Final = 0x1FFF
_TCP, _UDP = 6, 17
_IPV4, _IPV6 = 4, 6
_IPV6_HEADER, _UDP_HEADER = 40, 8
_TCP_OFFSET: Final = 12

LONGEST_HEADERS: Final = 60 + 60
"""Bytes: of IPv4 and of TCP, with all options."""


class Headers(NamedTuple):
    """Both ends of a packet, as sessions name them: `10.2.0.50:443`, `[2001:db8::1]:443`."""

    source: str
    to: str
    length: int
    """Bytes of all headers, and whatever cannot be told from them."""


def headers(packet: bytes) -> Headers | None:
    """Return what a packet says that begins with its IP header; None where it is none, or has no ports to be seen."""
    version = packet[0] >> 4 if packet else 0
    if version == _IPV4 and len(packet) >= 20:  # noqa: PLR2004 - the shortest header (RFC 791)
        if int.from_bytes(packet[6:8], "big") & _FRAGMENT:
            return None
        source, to = str(IPv4Address(packet[12:16])), str(IPv4Address(packet[16:20]))
        protocol, at = packet[9], (packet[0] & 15) * 4
    elif version == _IPV6 and len(packet) >= _IPV6_HEADER:
        source, to = f"[{IPv6Address(packet[8:24])}]", f"[{IPv6Address(packet[24:40])}]"
        protocol, at = packet[6], _IPV6_HEADER
    else:
        return None
    if protocol not in (_TCP, _UDP) or len(packet) < at + _PORTS.size:
        return None
    first, second = _PORTS.unpack_from(packet, at)
    return Headers(f"{source}:{first}", f"{to}:{second}", at + _transport(packet[at:], protocol))


def _transport(segment: bytes, protocol: int) -> int:
    if protocol == _UDP or len(segment) <= _TCP_OFFSET:
        return _UDP_HEADER
    return (segment[_TCP_OFFSET] >> 4) * 4
