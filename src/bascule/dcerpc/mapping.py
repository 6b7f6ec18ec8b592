"""What the endpoint mapper on port 135 is asked and answers: on which port a server serves an interface.

Source: C706, appendices L (towers) and O (the interface `ept`); [MS-RPCE] 2.2.1.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from struct import Struct
from typing import Final
from uuid import UUID

from bascule.dcerpc.packets import NDR, Syntax, align
from bascule.dcerpc.reading import Reader, RpcError

ENDPOINT_MAPPER: Final = Syntax(UUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), 3, 0)

PORT: Final = 135
"""Where every Windows has its endpoint mapper."""

MAP: Final = 3
"""Number of the operation `ept_map`."""

NOT_REGISTERED: Final = 0x16C9A0D6
"""Status of `ept_map` where nobody serves the interface."""

MAXIMUM_TOWERS: Final = 8
"""Towers that we ask for, and read of an answer."""

MAXIMUM_FLOORS: Final = 16
"""Floors of a tower that are read; TCP takes five."""

TCP_FLOOR: Final = b"\x07"
"""Protocol of the floor whose address is a TCP port, big-endian."""

INTERFACE_FLOOR: Final = b"\x0d"
"""First byte of a floor that names an interface, or a way of writing values."""

_IP_FLOOR, _RPC_FLOOR = b"\x09", b"\x0b"
_SHORT: Final = Struct("<H")
_LONG: Final = Struct("<I")
_LONGS: Final = Struct("<III")
_ENTRY_HANDLE: Final = 20


@dataclass(frozen=True, slots=True)
class Floor:
    """One floor of a tower: a protocol, and its address there."""

    protocol: bytes
    address: bytes

    def pack(self) -> bytes:
        """Return the floor as it stands in a tower."""
        return b"".join((_SHORT.pack(len(self.protocol)), self.protocol, _SHORT.pack(len(self.address)), self.address))


@dataclass(frozen=True, slots=True)
class Registration:
    """Where an interface is served over TCP, as a mapper says."""

    port: int
    address: IPv4Address | None = None
    """None where the tower has none. Clients go to the address that they asked, whatever stands here."""


def tower(interface: Syntax, address: IPv4Address, port: int) -> bytes:
    """Return the tower that says: this interface, over TCP, at this address and port; 0 asks for any."""
    floors = (
        Floor(INTERFACE_FLOOR + interface.pack()[:18], interface.pack()[18:]),
        Floor(INTERFACE_FLOOR + NDR.pack()[:18], NDR.pack()[18:]),
        Floor(_RPC_FLOOR, _SHORT.pack(0)),
        Floor(TCP_FLOOR, port.to_bytes(2, "big")),
        Floor(_IP_FLOOR, address.packed),
    )
    return _SHORT.pack(len(floors)) + b"".join(floor.pack() for floor in floors)


def floors(data: bytes) -> Sequence[Floor]:
    """Return a tower's floors. Raises RpcError for what is no tower."""
    reader = Reader(data)
    count = reader.number(2)
    if count > MAXIMUM_FLOORS:
        raise RpcError(f"a tower of {count} floors")
    return [Floor(reader.take(reader.number(2)), reader.take(reader.number(2))) for _ in range(count)]


def interface_of(wanted: Sequence[Floor]) -> Syntax:
    """Return the interface that a tower begins with. Raises RpcError where there is none."""
    if not wanted or wanted[0].protocol[:1] != INTERFACE_FLOOR:
        raise RpcError("a tower without an interface")
    return Syntax.unpack(wanted[0].protocol[1:] + wanted[0].address)


def question(interface: Syntax, *, most: int = MAXIMUM_TOWERS) -> bytes:
    """Return the arguments of `ept_map` that ask where an interface is served over TCP."""
    asked = tower(interface, IPv4Address(0), 0)
    no_object, reference = 0, 1
    head = _LONGS.pack(no_object, reference, len(asked)) + _LONG.pack(len(asked))
    return align(head + asked) + bytes(_ENTRY_HANDLE) + _LONG.pack(most)


def registrations(results: bytes, interface: Syntax, *, most: int = MAXIMUM_TOWERS) -> tuple[Registration, ...]:
    """Return what the results of `ept_map` say of an interface, none where it is not registered.

    Towers of other protocols and of other interfaces are left out. Raises RpcError for what is no such answer.
    """
    reader = Reader(results)
    reader.take(_ENTRY_HANDLE)
    reader.number(4)  # how many towers there are, which the array says again
    reader.take(8)  # its size and offset
    count = reader.number(4)
    if count > most:
        raise RpcError(f"{count} towers, where {most} were asked for")
    present = sum(reader.number(4) != 0 for _ in range(count))
    towers = [_tower(reader) for _ in range(present)]
    reader.align()
    status = reader.number(4)
    if status == NOT_REGISTERED:
        return ()
    if status:
        raise RpcError(f"status 0x{status:08x} of ept_map")
    found = (_registration(each, interface) for each in towers)
    return tuple(each for each in found if each is not None)


def _tower(reader: Reader) -> bytes:
    reader.align()
    size, length = reader.number(4), reader.number(4)
    if size != length:
        raise RpcError("a tower of two lengths")
    return reader.take(length)


def _registration(data: bytes, interface: Syntax) -> Registration | None:
    storeys = floors(data)
    if interface_of(storeys).uuid != interface.uuid:
        return None
    by_protocol = {floor.protocol: floor.address for floor in storeys}
    port = by_protocol.get(TCP_FLOOR, b"")
    address = by_protocol.get(_IP_FLOOR, b"")
    if len(port) != 2 or not any(port):  # noqa: PLR2004 - bytes of a port
        return None
    return Registration(int.from_bytes(port, "big"), IPv4Address(address) if len(address) == 4 else None)  # noqa: PLR2004
