"""The RPC endpoint mapper, port 135: on which port a server serves an interface.

Source: C706, appendices L (towers) and O (the interface `ept`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from struct import Struct
from typing import Final
from uuid import UUID

from bascule.lab.dcerpc import NDR, Status, Syntax, align
from bascule.lab.rpc_server import Fault, Interface, Operation

ENDPOINT_MAPPER: Final = Syntax(UUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), 3, 0)
MAP: Final = 3
"""Number of the operation `ept_map`."""

NOT_REGISTERED: Final = 0x16C9A0D6
"""Status of `ept_map` where nobody serves the interface."""

MAXIMUM_FLOORS: Final = 16
"""Floors of a tower that are read; TCP takes five."""

TCP_FLOOR: Final = b"\x07"
"""Protocol of the floor whose address is a TCP port, big-endian."""

_INTERFACE_FLOOR, _IP_FLOOR, _RPC_FLOOR = b"\x0d", b"\x09", b"\x0b"
_LONG: Final = Struct("<I")
_SHORT: Final = Struct("<H")
_TOWER_HEAD: Final = Struct("<II")
_ARRAY_HEAD: Final = Struct("<III")


@dataclass(frozen=True, slots=True)
class Floor:
    """One floor of a tower: a protocol, and its address there."""

    protocol: bytes
    address: bytes

    def pack(self) -> bytes:
        """Return the floor as it stands in a tower."""
        return b"".join((_SHORT.pack(len(self.protocol)), self.protocol, _SHORT.pack(len(self.address)), self.address))


def tower(interface: Syntax, address: IPv4Address, port: int) -> bytes:
    """Return the tower that says: this interface, over TCP, at this address and port; 0 asks for any."""
    floors = (
        Floor(_INTERFACE_FLOOR + interface.pack()[:18], interface.pack()[18:]),
        Floor(_INTERFACE_FLOOR + NDR.pack()[:18], NDR.pack()[18:]),
        Floor(_RPC_FLOOR, _SHORT.pack(0)),
        Floor(TCP_FLOOR, port.to_bytes(2, "big")),
        Floor(_IP_FLOOR, address.packed),
    )
    return _SHORT.pack(len(floors)) + b"".join(floor.pack() for floor in floors)


def floors(data: bytes) -> Sequence[Floor]:
    """Return a tower's floors. Raises struct.error or ValueError for what is no tower."""
    (count,) = _SHORT.unpack_from(data)
    if count > MAXIMUM_FLOORS:
        raise ValueError(f"a tower of {count} floors")
    parts = _parts(data[_SHORT.size :])
    return [Floor(next(parts), next(parts)) for _ in range(count)]


def endpoint_mapper(ports: Mapping[Syntax, int], address: IPv4Address) -> Interface:
    """Return the interface that answers `ept_map` with the port of each interface at an address."""
    return Interface(syntax=ENDPOINT_MAPPER, operations={MAP: _map_operation(ports, address)})


def _map_operation(ports: Mapping[Syntax, int], address: IPv4Address) -> Operation:
    def answer(arguments: bytes) -> bytes:
        asked, maximum = _arguments(arguments)
        wanted = floors(asked)
        over_tcp = any(floor.protocol == TCP_FLOOR for floor in wanted)
        served = [
            tower(interface, address, port)
            for interface, port in ports.items()
            if over_tcp and interface.serves(_interface_of(wanted))
        ]
        return _results(served[:maximum], maximum)

    return answer


def _arguments(data: bytes) -> tuple[bytes, int]:
    """Return the tower asked for and the most towers that the client takes."""
    offset = _LONG.size
    if _LONG.unpack_from(data)[0]:
        offset += 16  # an object's UUID, which nothing here is registered with
    if not _LONG.unpack_from(data, offset)[0]:
        raise Fault(Status.PROTOCOL_ERROR)
    size, length = _TOWER_HEAD.unpack_from(data, offset + _LONG.size)
    begin = offset + _LONG.size + _TOWER_HEAD.size
    if size != length or begin + length > len(data):
        raise Fault(Status.INVALID_BOUND)
    behind = begin + length + -length % 4 + 20  # the tower's padding and the entry handle
    return data[begin : begin + length], _LONG.unpack_from(data, behind)[0]


def _interface_of(wanted: Sequence[Floor]) -> Syntax:
    if not wanted or wanted[0].protocol[:1] != _INTERFACE_FLOOR:
        raise ValueError("a tower without an interface")
    return Syntax.unpack(wanted[0].protocol[1:] + wanted[0].address)


def _results(served: Sequence[bytes], maximum: int) -> bytes:
    count = len(served)
    references = b"".join(_LONG.pack(number) for number in range(1, count + 1))
    towers = b"".join(align(_TOWER_HEAD.pack(len(each), len(each)) + each) for each in served)
    status = _LONG.pack(0 if served else NOT_REGISTERED)
    return bytes(20) + _LONG.pack(count) + _ARRAY_HEAD.pack(maximum, 0, count) + references + towers + status


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield what follows each length. Raises ValueError where it is cut short."""
    while True:
        (length,) = _SHORT.unpack_from(data)
        if len(data) < _SHORT.size + length:
            raise ValueError("a tower that is cut short")
        yield data[_SHORT.size : _SHORT.size + length]
        data = data[_SHORT.size + length :]
