"""Packets with any source and destination, put on a wire towards one machine or sent by it; each with right checksums."""

import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from types import TracebackType
from typing import Final, Self, TypeAlias

from bed.node import Node

Address: TypeAlias = IPv4Address | IPv6Address

PROTOCOLS: Final = {"tcp": 6, "udp": 17, "icmp": 1, "icmp6": 58}
FIN: Final = 0x01
SYN: Final = 0x02
PSH: Final = 0x08
ACK: Final = 0x10
URG: Final = 0x20
_ETHERTYPE: Final = {4: b"\x08\x00", 6: b"\x86\xdd"}
_TTL: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A packet of TCP, UDP or ICMP; of ICMP the source port is the identifier, and the port its type."""

    source: Address
    source_port: int
    destination: Address
    port: int
    protocol: str
    flags: int = SYN
    data: bytes = bytes(12)
    """What a message of ICMP holds: of an error, the packet that it is about."""

    def packed(self) -> bytes:
        """Return it from the IP header on."""
        number, body = PROTOCOLS[self.protocol], self._body(0)
        body = self._body(_checksum(self._pseudo(number, len(body)) + body))
        if self.source.version == 4:
            head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, _TTL, number, 0)
            ends = self.source.packed + self.destination.packed
            return head[:10] + struct.pack("!H", _checksum(head + ends)) + ends + body
        head = struct.pack("!IHBB", 6 << 28, len(body), number, _TTL)
        return head + self.source.packed + self.destination.packed + body

    def _pseudo(self, number: int, length: int) -> bytes:
        if self.protocol == "icmp":
            return b""
        return self.source.packed + self.destination.packed + struct.pack("!II", length, number)

    def _body(self, checksum: int) -> bytes:
        match self.protocol:
            case "tcp":
                return struct.pack(
                    "!HHIIBBHHH", self.source_port, self.port, 1000, 0, 5 << 4, self.flags, 1024, checksum, 0
                )
            case "udp":
                return struct.pack("!HHHH", self.source_port, self.port, 8, checksum)
            case _:
                return struct.pack("!BBHHH", self.port, 0, checksum, self.source_port, 1) + self.data


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Wire:
    """Puts frames on the wire of a node's eth0, to the machine at an address there."""

    def __init__(self, node: Node, neighbour: str) -> None:
        node.run("ping", "-c1", "-W2", neighbour)
        (line,) = node.run("ip", "-o", "neigh", "show", "to", neighbour).stdout.splitlines()
        words = line.split()
        mac = bytes.fromhex(words[words.index("lladdr") + 1].replace(":", ""))
        self._head = mac + bytes.fromhex(node.run("cat", "/sys/class/net/eth0/address").stdout.strip().replace(":", ""))
        with node.entered():
            self._door = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._door.bind(("eth0", 0))

    def send(self, frame: Frame) -> None:
        """Send one."""
        self.send_packed(frame.packed(), frame.source.version)

    def send_packed(self, packed: bytes, version: int) -> None:
        """Send one that is packed already."""
        self._door.send(self._head + _ETHERTYPE[version] + packed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._door.close()


class Own:
    """Sends frames as a machine itself does."""

    def __init__(self, node: Node) -> None:
        with node.entered():
            self._doors = {
                4: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
                6: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW),
            }
        self._doors[4].setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

    def send(self, frame: Frame) -> None:
        """Send one; where the machine's own rules drop it, that is not an error."""
        with suppress(PermissionError):
            self._doors[frame.source.version].sendto(frame.packed(), (str(frame.destination), 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for door in self._doors.values():
            door.close()
