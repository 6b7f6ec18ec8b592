"""The door to the packets that pass this machine's interfaces: a packet socket (packet(7)) with a filter of ours.

It needs CAP_NET_RAW. Packets are taken as they pass a device: what comes in before any rewriting of ours, what leaves
behind it. What passes the loopback device is seen once.
"""

import asyncio
import ctypes
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from bascule.system.errors import MachineError

_ATTACH_FILTER, _ROOM_BEYOND, _NANOSECONDS = 26, 33, 35
"""SO_ATTACH_FILTER, SO_RCVBUFFORCE and SO_TIMESTAMPNS (asm-generic/socket.h)."""
_PACKET, _STATISTICS, _LENGTHS = 263, 6, 8
"""SOL_PACKET, PACKET_STATISTICS and PACKET_AUXDATA (linux/socket.h, linux/if_packet.h)."""
_EVERYTHING: Final = 3  # ETH_P_ALL
_IP: Final = frozenset({0x0800, 0x86DD})
_LOOPBACK: Final = 772  # ARPHRD_LOOPBACK
_OUTGOING: Final = 4  # PACKET_OUTGOING
_QUEUE: Final = 8 * 1024 * 1024
"""Bytes that wait for us in the kernel."""
AT_ONCE: Final = 1000
"""Packets of one look."""
_MOST_BYTES: Final = 4 * 1024 * 1024
"""Of one look."""
_NANO: Final = 1_000_000_000
_INSTRUCTION: Final = struct.Struct("=HBBI")
_PROGRAM: Final = struct.Struct("@HP")
_TIME: Final = struct.Struct("@qq")
_COUNTS: Final = struct.Struct("=II")
_AUXILIARY: Final = struct.Struct("=IIIHHHH")
_ROOM_FOR_WORDS: Final = socket.CMSG_SPACE(_TIME.size) + socket.CMSG_SPACE(_AUXILIARY.size)
_NOTHING: Final = ((0x06, 0, 0, 0),)
_STEP: Final = "capture packets"

Program: TypeAlias = Sequence[tuple[int, int, int, int]]
"""Instructions of the kernel's packet filter (`struct sock_filter`): operation, two jumps, a value."""


@dataclass(frozen=True, slots=True)
class TappedPacket:
    """A packet as it passed a device, from its IP header on."""

    at: int
    """Nanoseconds since 1970."""
    interface: str
    kind: int
    """Of the device's hardware (ARPHRD_…, if_arp.h)."""
    protocol: int
    """EtherType."""
    direction: int
    """0 to us, 1 to everybody, 2 to some, 3 to somebody else, 4 from us (packet(7))."""
    sender: bytes
    """Hardware address of whoever sent it on this link; none where the device has none."""
    data: bytes
    length: int
    """Bytes that it had."""


class Tap(Protocol):
    """Packets since it was opened."""

    async def packets(self, seconds: float) -> Sequence[TappedPacket]:
        """Return those that wait, `AT_ONCE` at most; none where none comes for some seconds. Raises MachineError."""
        ...

    def lost(self) -> int:
        """Return how many came too fast for us, since this was asked last."""
        ...

    def close(self) -> None:
        """Look no longer."""
        ...


class PacketTap(Protocol):
    """Opens taps."""

    def open(self, program: Program, length: int) -> Tap:
        """Return the packets of all interfaces that a filter takes, so many bytes of each at most. Raises MachineError."""
        ...


class KernelPacketTap:
    """Opens packet sockets in the network that we live in."""

    def open(self, program: Program, length: int) -> "KernelTap":
        """Open one."""
        try:
            door = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_EVERYTHING))
        except OSError as error:
            raise MachineError(_STEP, error.strerror or str(error)) from error
        tap = KernelTap(door, length)
        try:
            door.settimeout(0)
            attach(door, _NOTHING)
            while tap.one() is not None:
                pass  # what came before the filter stood is not what was asked for
            door.setsockopt(socket.SOL_SOCKET, _NANOSECONDS, 1)
            door.setsockopt(_PACKET, _LENGTHS, 1)
            _make_room(door)
            attach(door, program)
            tap.lost()
        except OSError as error:
            tap.close()
            raise MachineError(_STEP, error.strerror or str(error)) from error
        return tap


class KernelTap:
    """One packet socket, which takes so many bytes of each packet."""

    def __init__(self, door: socket.socket, length: int) -> None:
        self._door = door
        self._length = length

    async def packets(self, seconds: float) -> Sequence[TappedPacket]:
        """Wait for the first, and take what waits behind it."""
        found = self._waiting()
        if found:
            return found
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._door, ready.set)
        try:
            async with asyncio.timeout(seconds):
                await ready.wait()
        except TimeoutError:
            return ()
        finally:
            loop.remove_reader(self._door)
        return self._waiting()

    def lost(self) -> int:
        """Ask the kernel, which begins anew with every question."""
        _, dropped = _COUNTS.unpack(self._door.getsockopt(_PACKET, _STATISTICS, _COUNTS.size))
        return int(dropped)

    def close(self) -> None:
        """Close the socket."""
        self._door.close()

    def one(self) -> TappedPacket | None:
        """Return the next packet that waits. Raises OSError."""
        try:
            data, told, _, way = self._door.recvmsg(self._length, _ROOM_FOR_WORDS)
        except BlockingIOError:
            return None
        interface, protocol, direction, kind, sender = way
        words = {(level, what): word for level, what, word in told}
        stamp, lengths = words.get((socket.SOL_SOCKET, _NANOSECONDS)), words.get((_PACKET, _LENGTHS))
        seconds, rest = _TIME.unpack(stamp) if stamp else divmod(time.time_ns(), _NANO)
        length = _AUXILIARY.unpack_from(lengths)[1] if lengths else len(data)
        return TappedPacket(seconds * _NANO + rest, interface, kind, protocol, direction, sender, data, length)

    def _waiting(self) -> Sequence[TappedPacket]:
        found: list[TappedPacket] = []
        size = 0
        try:
            for _ in range(AT_ONCE):
                packet = self.one()
                if packet is None or size > _MOST_BYTES:
                    break
                if packet.protocol in _IP and not (packet.kind == _LOOPBACK and packet.direction == _OUTGOING):
                    found.append(packet)
                    size += len(packet.data)
        except OSError as error:
            raise MachineError(_STEP, error.strerror or str(error)) from error
        return found


def attach(door: socket.socket, program: Program) -> None:
    """Have the kernel give a socket only what a filter takes. Raises OSError where it refuses the filter."""
    made = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*each) for each in program))
    door.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, _PROGRAM.pack(len(program), ctypes.addressof(made)))


def _make_room(door: socket.socket) -> None:
    """Have much wait for us: beyond what anybody may, where we may."""
    try:
        door.setsockopt(socket.SOL_SOCKET, _ROOM_BEYOND, _QUEUE)
    except PermissionError:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _QUEUE)
