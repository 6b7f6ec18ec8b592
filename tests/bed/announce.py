"""Saying that an address has moved, as the node does that takes it over."""

import socket
import struct
from ipaddress import ip_address

from bed.node import Node

_ARP = 0x0806
_BROADCAST = b"\xff" * 6


def announce(node: Node, *addresses: str, nic: int = 0) -> None:
    """Tell everybody on the segment that this node has these IPv4 addresses (gratuitous ARP, RFC 5227 section 3)."""
    with node.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP)) as wire:
        wire.bind((f"eth{nic}", _ARP))
        own: bytes = wire.getsockname()[4]
        for address in addresses:
            packed = ip_address(address).packed
            request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + own + packed + bytes(6) + packed
            wire.send(_BROADCAST + own + struct.pack("!H", _ARP) + request)
