"""Packets as a device shows them, made of addresses and ports."""

from ipaddress import ip_address
from struct import pack

from bascule.system.packet_tap import TappedPacket


def ip_packet(source: str, to: str, ports: tuple[int, int] = (0, 0), *, protocol: int = 6, fragment: int = 0) -> bytes:
    """Return an IP packet; of TCP with ten bytes of content."""
    first, second = ip_address(source), ip_address(to)
    transport = pack(">HH", *ports)
    if protocol == 6:
        transport += pack(">IIBBHHH", 0, 0, 5 << 4, 2, 1000, 0, 0) + b"0123456789"
    else:
        transport += pack(">HH", 8, 0)
    if first.version == 4:
        header = pack(">BBHHHBBH", 0x45, 0, 20 + len(transport), 0, fragment, 64, protocol, 0)
    else:
        header = pack(">IHBB", 6 << 28, len(transport), protocol, 64)
    return header + first.packed + second.packed + transport


def tapped(data: bytes, *, at: int = 1_700_000_000_123_456_789, interface: int = 1, out: bool = False) -> TappedPacket:
    """Return a packet as a tap gives it."""
    version4 = data[0] >> 4 == 4
    return TappedPacket(at, interface, 1, 0x0800 if version4 else 0x86DD, 4 if out else 0, b"\2\0\0\0\0\1", data, len(data))
