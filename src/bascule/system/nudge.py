"""Making both ends of a forgotten session speak, so that each meets a reset at once, also when it is idle.

A bare acknowledgement with made-up numbers goes to each end in the other's name. The end must answer it (RFC 9293,
3.10.7.4: a segment outside the window is acknowledged), that answer belongs to no session any more, and the rules meet it
with a reset whose numbers are exactly right.
"""

import socket
from collections.abc import Iterable, Sequence
from random import Random
from struct import pack
from typing import Final, Protocol

from bascule.system.ctnetlink import Flow
from bascule.system.errors import MachineError

_MARK: Final = 36  # SO_MARK
_HEADER_INCLUDED6: Final = 36  # IPV6_HDRINCL
_ACKNOWLEDGE: Final = 0x10
_WINDOW: Final = 1024
_HOPS: Final = 64


class Nudge(Protocol):
    """Sends nudges. Blocking, about 10,000 a second: call it from a thread."""

    def send(self, flows: Iterable[Flow]) -> int:
        """Send one for each flow, to its destination in the name of its source; return how many went out."""
        ...


class RawNudge:
    """Sends from raw sockets, which need CAP_NET_RAW, with a mark that keeps the packets out of connection tracking."""

    def __init__(self, mark: int, random: Random) -> None:
        self._mark = mark
        self._random = random

    def send(self, flows: Iterable[Flow]) -> int:
        """Send to all, going on past an end that no route leads to any more. Raises MachineError without the right."""
        by_version: dict[int, list[Flow]] = {}
        for flow in flows:
            by_version.setdefault(flow.source.version, []).append(flow)
        try:
            return sum(self._sent_all(version, chosen) for version, chosen in by_version.items())
        except OSError as error:
            raise MachineError("tell both ends that their session is over", str(error)) from error

    def _sent_all(self, version: int, flows: Sequence[Flow]) -> int:
        """Open a door of one IP version only where it is needed: a kernel may lack the other."""
        family = socket.AF_INET if version == 4 else socket.AF_INET6  # noqa: PLR2004 - IP version
        with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as door:
            if family is socket.AF_INET6:
                door.setsockopt(socket.IPPROTO_IPV6, _HEADER_INCLUDED6, 1)
            door.setsockopt(socket.SOL_SOCKET, _MARK, self._mark)
            return sum(self._sent(door, flow) for flow in flows)

    def _sent(self, door: socket.socket, flow: Flow) -> bool:
        try:
            door.sendto(self._packet(flow), (str(flow.destination), 0))
        except OSError:
            return False  # an end that cannot be reached learns it when it speaks next
        return True

    def _packet(self, flow: Flow) -> bytes:
        numbers = (self._random.getrandbits(32), self._random.getrandbits(32))
        ends = (flow.source_port, flow.destination_port)
        segment = pack("!HHIIBBHHH", *ends, *numbers, 5 << 4, _ACKNOWLEDGE, _WINDOW, 0, 0)
        source, destination = flow.source.packed, flow.destination.packed
        pseudo = source + destination + pack("!II", len(segment), socket.IPPROTO_TCP)
        segment = segment[:16] + pack("!H", checksum(pseudo + segment)) + segment[18:]
        if flow.source.version == 4:  # noqa: PLR2004 - IP version
            total = 20 + len(segment)
            head = pack("!BBHHHBBH", 0x45, 0, total, 0, 0, _HOPS, socket.IPPROTO_TCP, 0)
        else:
            head = pack("!IHBB", 6 << 28, len(segment), socket.IPPROTO_TCP, _HOPS)
        return head + source + destination + segment


def checksum(data: bytes) -> int:
    """Return the Internet checksum of an even number of bytes (RFC 1071)."""
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
