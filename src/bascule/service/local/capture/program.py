"""Has the kernel choose packets: a program of its packet filter (classic BPF, Documentation/networking/filter.rst).

It begins at the network header, as a packet socket of the kind SOCK_DGRAM has it. A packet whose ports are not to be seen
(ICMP, a later fragment, behind IPv6 extension headers) is chosen by its addresses alone.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from bascule.config.model import Address
from bascule.service.local.capture.sides import ANY_PORT, End, Side
from bascule.system.errors import MachineError

MOST_INSTRUCTIONS: Final = 4096
"""What the kernel takes (BPF_MAXINSNS)."""

_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE = 0x20, 0x28, 0x30
_LOAD_HALF_AT, _LOAD_MEMORY, _STORE, _X_HEADER = 0x48, 0x60, 0x02, 0xB1
_CONSTANT, _RETURN, _JUMP = 0x00, 0x06, 0x05
_EQUAL, _GREATER, _AT_LEAST, _BITS = 0x15, 0x25, 0x35, 0x45
_AND, _RIGHT = 0x54, 0x74

_SOURCE_PORT, _PORT = 0, 1
"""Places of the program's memory."""
_NO_PORT: Final = 0xFFFFFFFF
_TCP, _UDP = 6, 17
_IPV4, _IPV6 = 4, 6
_FRAGMENT: Final = 0x1FFF
_MOST_PORTS: Final = 60
"""Ranges tested in a row: a conditional jump skips 255 instructions."""


class Instruction(NamedTuple):
    """`struct sock_filter`: an operation, how many instructions to skip if it is true or false, and its value."""

    code: int
    true: int = 0
    false: int = 0
    value: int = 0


def program(sides: Sequence[Side], length: int) -> Sequence[Instruction]:
    """Return what chooses packets of these sides, and takes so many bytes of each.

    Raises MachineError where there are too many addresses and ports for the kernel.
    """
    version4 = [*_ports_of_ipv4(), *_chosen(sides, _IPV4, length), Instruction(_RETURN)]
    version6 = [*_ports_of_ipv6(), *_chosen(sides, _IPV6, length), Instruction(_RETURN)]
    made = [
        Instruction(_LOAD_BYTE, value=0),
        Instruction(_RIGHT, value=4),
        Instruction(_EQUAL, 0, 1, _IPV4),
        Instruction(_JUMP, value=2),
        Instruction(_EQUAL, 2, 0, _IPV6),
        Instruction(_RETURN),
        *[Instruction(_JUMP, value=1), Instruction(_JUMP, value=len(version4))],
        *version4,
        *version6,
    ]
    if len(made) > MOST_INSTRUCTIONS:
        raise MachineError("choose packets in the kernel", "too many addresses and ports: name one relay")
    return made


def _ports_of_ipv4() -> Iterator[Instruction]:
    """Load both ports into memory; none where there are none."""
    yield from _without_ports()
    yield Instruction(_LOAD_HALF, value=6)
    yield Instruction(_BITS, 8, 0, _FRAGMENT)
    yield Instruction(_LOAD_BYTE, value=9)
    yield Instruction(_EQUAL, 1, 0, _TCP)
    yield Instruction(_EQUAL, 0, 5, _UDP)
    yield Instruction(_X_HEADER, value=0)
    yield Instruction(_LOAD_HALF_AT, value=0)
    yield Instruction(_STORE, value=_SOURCE_PORT)
    yield Instruction(_LOAD_HALF_AT, value=2)
    yield Instruction(_STORE, value=_PORT)


def _ports_of_ipv6() -> Iterator[Instruction]:
    yield from _without_ports()
    yield Instruction(_LOAD_BYTE, value=6)
    yield Instruction(_EQUAL, 1, 0, _TCP)
    yield Instruction(_EQUAL, 0, 4, _UDP)
    yield Instruction(_LOAD_HALF, value=40)
    yield Instruction(_STORE, value=_SOURCE_PORT)
    yield Instruction(_LOAD_HALF, value=42)
    yield Instruction(_STORE, value=_PORT)


def _without_ports() -> Iterator[Instruction]:
    yield Instruction(_CONSTANT, value=_NO_PORT)
    yield Instruction(_STORE, value=_SOURCE_PORT)
    yield Instruction(_STORE, value=_PORT)


def _chosen(sides: Sequence[Side], version: int, length: int) -> Iterator[Instruction]:
    """Yield a test of each end, as where a packet comes from and as where it goes to."""
    source, to = (12, 16) if version == _IPV4 else (8, 24)
    for side in sides:
        for end in side.ends:
            if end.address.version == version:
                for here, there, port in ((source, to, _SOURCE_PORT), (to, source, _PORT)):
                    peer = () if side.peer is None else tuple(_address(side.peer, there))
                    yield from _tested([*peer, *_address(end.address, here)], end, port, length)


def _tested(addresses: Sequence[tuple[int, int]], end: End, port: int, length: int) -> Iterator[Instruction]:
    """Take a packet whose addresses fit, and one of whose ports does."""
    ranges = [] if ANY_PORT in end.ports else end.ports
    for first in range(0, max(1, len(ranges)), _MOST_PORTS):
        some = ranges[first : first + _MOST_PORTS]
        taking = [*_of_ports(some, port, length)] if some else [Instruction(_RETURN, value=length)]
        words = [
            instruction
            for index, (offset, word) in enumerate(addresses)
            for instruction in (
                Instruction(_LOAD_WORD, value=offset),
                Instruction(_EQUAL, 0, 2 * (len(addresses) - index - 1) + len(taking), word),
            )
        ]
        yield from (*words, *taking)


def _of_ports(ranges: Sequence[range], port: int, length: int) -> Iterator[Instruction]:
    yield Instruction(_LOAD_MEMORY, value=port)
    yield Instruction(_EQUAL, 0, 1, _NO_PORT)
    yield Instruction(_RETURN, value=length)
    for each in ranges:
        yield Instruction(_AT_LEAST, 0, 2, each.start)
        yield Instruction(_GREATER, 1, 0, each.stop - 1)
        yield Instruction(_RETURN, value=length)


def _address(address: Address, offset: int) -> Iterator[tuple[int, int]]:
    """Yield the words of an address, each with its place in a packet."""
    packed = address.packed
    for at in range(0, len(packed), 4):
        yield offset + at, int.from_bytes(packed[at : at + 4], "big")
