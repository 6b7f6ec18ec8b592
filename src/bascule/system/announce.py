"""The door to a segment's neighbours: who has an address, and that we have one now.

IPv4: an ARP probe and an ARP announcement (RFC 5227, sections 2.1.1 and 2.3). IPv6: an unsolicited neighbour advertisement
(RFC 4861, section 7.2.6), written whole, since an address that was given this moment may not send yet.
"""

import errno
import select
import socket
import struct
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Protocol

from bascule.config.model import Address
from bascule.system.errors import MachineError

_ARP, _IPV6 = 0x0806, 0x86DD
_ETHERNET: Final = 1  # ARPHRD_ETHER
_EVERYBODY: Final = b"\xff" * 6
_ALL_NODES: Final = ip_address("ff02::1").packed
_ALL_NODES_ETHERNET: Final = b"\x33\x33\x00\x00\x00\x01"
_ICMPV6: Final = 58
_OVERRIDE: Final = 0x20000000
_PATIENCE: Final = 0.3
"""Seconds in which a neighbour answers. RFC 5227 waits for seconds; whoever deploys is waiting too."""
_MOST_ANSWERS: Final = 4096
"""Packets that are read while we wait: a busy segment must not keep us."""


class Neighbours(Protocol):
    """Asks and tells the segment of an interface. Both block: call them from a thread."""

    def holders(self, interface: str, addresses: Collection[Address]) -> Mapping[Address, str]:
        """Return which of these addresses another machine answers for, with its hardware address. Raises MachineError."""
        ...

    def announce(self, interface: str, address: Address) -> None:
        """Tell everybody that the address is here now. Raises MachineError."""
        ...


class EthernetNeighbours:
    """Speaks to them by packet sockets, which need CAP_NET_RAW; on other links than Ethernet there is nobody to ask."""

    def holders(self, interface: str, addresses: Collection[Address]) -> Mapping[Address, str]:
        """Ask for the IPv4 addresses, all at once; IPv6 ones are not asked for."""
        asked = {address.packed: address for address in addresses if isinstance(address, IPv4Address)}
        if not asked:
            return {}
        with _wire(interface, _ARP, "ask who has an address") as wire:
            own = _hardware(wire)
            if own is None:
                return {}
            for address in asked:
                wire.send(_EVERYBODY + own + struct.pack("!H", _ARP) + _arp(own, bytes(4), address))
            return {asked[sender]: mac for sender, mac in _answers(wire, own) if sender in asked}

    def announce(self, interface: str, address: Address) -> None:
        """Send one packet to everybody."""
        version4 = isinstance(address, IPv4Address)
        step = f"tell the segment of {interface} that {address} is here"
        with _wire(interface, _ARP if version4 else _IPV6, step) as wire:
            own = _hardware(wire)
            if own is None:
                return
            if isinstance(address, IPv6Address):
                wire.send(_ALL_NODES_ETHERNET + own + struct.pack("!H", _IPV6) + _advertisement(own, address))
            else:
                wire.send(_EVERYBODY + own + struct.pack("!H", _ARP) + _arp(own, address.packed, address.packed))


@contextmanager
def _wire(interface: str, protocol: int, step: str) -> Iterator[socket.socket]:
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol)) as wire:
            wire.bind((interface, protocol))
            yield wire
    except OSError as error:
        if error.errno == errno.ENETDOWN:
            raise MachineError(step, f"{interface} is down") from error
        raise MachineError(step, error.strerror or str(error)) from error


def _hardware(wire: socket.socket) -> bytes | None:
    """Return our own hardware address; None where the link is no Ethernet."""
    name = wire.getsockname()
    hardware: bytes = name[4]
    return hardware if name[3] == _ETHERNET else None


def _arp(own: bytes, sender: bytes, target: bytes) -> bytes:
    """Return an ARP request."""
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + own + sender + bytes(6) + target


def _answers(wire: socket.socket, own: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield who says that it has which address, until it is time."""
    until = time.monotonic() + _PATIENCE
    for _ in range(_MOST_ANSWERS):
        left = until - time.monotonic()
        if left <= 0 or not select.select([wire], [], [], left)[0]:
            return
        packet = wire.recv(64)[14:42]
        if len(packet) == 28 and packet[8:14] != own:  # noqa: PLR2004 - an ARP packet's length for Ethernet and IPv4
            yield packet[14:18], packet[8:14].hex(":")


def _advertisement(own: bytes, address: IPv6Address) -> bytes:
    """Return an IPv6 packet that tells all nodes of a neighbour."""
    body = struct.pack("!I", _OVERRIDE) + address.packed + b"\x02\x01" + own
    length = 4 + len(body)
    pseudo = address.packed + _ALL_NODES + struct.pack("!II", length, _ICMPV6)
    message = struct.pack("!BBH", 136, 0, _checksum(pseudo + b"\x88\x00\x00\x00" + body)) + body
    return struct.pack("!IHBB", 6 << 28, length, _ICMPV6, 255) + address.packed + _ALL_NODES + message


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of an even number of bytes."""
    words: tuple[int, ...] = struct.unpack(f"!{len(data) // 2}H", data)
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
