"""The door to the packets that pass this machine's interfaces: a packet socket (packet(7)) with a filter of ours.

It needs CAP_NET_RAW. Packets are taken as they pass a device: what comes in before any rewriting of ours, what leaves
behind it. What passes the loopback device is seen once. The kernel writes them into a ring that we read without asking it
(Documentation/networking/packet_mmap.rst, TPACKET_V2).
"""

import asyncio
import ctypes
import mmap
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias

from bascule.system.errors import MachineError

_ATTACH_FILTER: Final = 26
"""SO_ATTACH_FILTER (asm-generic/socket.h)."""
_PACKET, _RING, _STATISTICS, _VERSION = 263, 5, 6, 10
"""SOL_PACKET, PACKET_RX_RING, PACKET_STATISTICS and PACKET_VERSION (linux/socket.h, linux/if_packet.h)."""
_SECOND: Final = 1  # TPACKET_V2
_EVERYTHING: Final = 3  # ETH_P_ALL
_IP: Final = frozenset({0x0800, 0x86DD})
_LOOPBACK: Final = 772  # ARPHRD_LOOPBACK
_OUTGOING: Final = 4  # PACKET_OUTGOING

AT_ONCE: Final = 2000
"""Packets of one look."""
_MOST_BYTES: Final = 4 * 1024 * 1024
"""Of one look."""
_RING_SIZE: Final = 8 * 1024 * 1024
_PAGE: Final = 4096
_BEFORE: Final = 80
"""Bytes of a frame before the packet: its header, its link layer, and what aligns them."""
_LINK_AT: Final = 32
_OURS, _KERNELS = 1, bytes(4)
"""Of a frame's state: TP_STATUS_USER, TP_STATUS_KERNEL."""
_NANO: Final = 1_000_000_000

_INSTRUCTION: Final = struct.Struct("=HBBI")
_PROGRAM: Final = struct.Struct("@HP")
_COUNTS: Final = struct.Struct("=II")
_RING_REQUEST: Final = struct.Struct("=IIII")
_FRAME: Final = struct.Struct("=IIIHHII")
_LINK: Final = struct.Struct("=xx2siHBB8s")
_NOTHING: Final = ((0x06, 0, 0, 0),)
_STEP: Final = "capture packets"

Program: TypeAlias = Sequence[tuple[int, int, int, int]]
"""Instructions of the kernel's packet filter (`struct sock_filter`): operation, two jumps, a value."""


class TappedPacket(NamedTuple):
    """A packet as it passed a device, from its IP header on."""

    at: int
    """Nanoseconds since 1970."""
    interface: int
    """Its index."""
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
        """Return how many came too fast for us, since this was asked last. Raises MachineError."""
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
        try:
            attach(door, _NOTHING)  # what comes before the filter stands is not what was asked for
            tap = KernelTap(door, length)
            attach(door, program)
            tap.lost()
        except OSError as error:
            door.close()
            raise MachineError(_STEP, error.strerror or str(error)) from error
        return tap


class KernelTap:
    """One packet socket, and its ring of frames; each holds so many bytes of a packet. Raises OSError."""

    def __init__(self, door: socket.socket, length: int) -> None:
        self._door = door
        self._size, block = _sizes(_BEFORE + length)
        blocks = _RING_SIZE // block
        self._frames = blocks * (block // self._size)
        door.setsockopt(_PACKET, _VERSION, _SECOND.to_bytes(4, sys.byteorder))
        door.setsockopt(_PACKET, _RING, _RING_REQUEST.pack(block, blocks, self._size, self._frames))
        self._ring = mmap.mmap(door.fileno(), blocks * block)
        self._next = 0

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
        try:
            _, dropped = _COUNTS.unpack(self._door.getsockopt(_PACKET, _STATISTICS, _COUNTS.size))
        except OSError as error:
            raise MachineError(_STEP, error.strerror or str(error)) from error
        return int(dropped)

    def close(self) -> None:
        """Give the ring and the socket back."""
        self._ring.close()
        self._door.close()

    def _waiting(self) -> Sequence[TappedPacket]:
        """Take the frames that are ours now, and give them back to the kernel."""
        found: list[TappedPacket] = []
        size = 0
        for _ in range(AT_ONCE):
            at = self._next * self._size
            status, length, kept, _mac, start, seconds, rest = _FRAME.unpack_from(self._ring, at)
            if not status & _OURS or size > _MOST_BYTES:
                break
            protocol, interface, kind, direction, many, sender = _LINK.unpack_from(self._ring, at + _LINK_AT)
            data = self._ring[at + start : at + start + kept]
            self._ring[at : at + len(_KERNELS)] = _KERNELS
            self._next = (self._next + 1) % self._frames
            size += kept
            protocol = int.from_bytes(protocol, "big")
            if protocol in _IP and not (kind == _LOOPBACK and direction == _OUTGOING):
                moment = seconds * _NANO + rest
                found.append(TappedPacket(moment, interface, kind, protocol, direction, sender[:many], data, length))
        return found


def _sizes(frame: int) -> tuple[int, int]:
    """Return how large a frame must be that holds so much, and a block of frames: whole pages, without a gap."""
    if frame > _PAGE:
        whole = -(-frame // _PAGE) * _PAGE
        return whole, whole
    return 1 << (frame - 1).bit_length(), 16 * _PAGE


def attach(door: socket.socket, program: Program) -> None:
    """Have the kernel give a socket only what a filter takes. Raises OSError where it refuses the filter."""
    made = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*each) for each in program))
    door.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, _PROGRAM.pack(len(program), ctypes.addressof(made)))
