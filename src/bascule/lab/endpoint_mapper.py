"""The endpoint mapper of a simulated server, with what may be wrong with one.

Source: C706, appendix O (the interface `ept`).
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from struct import Struct
from typing import Final

from bascule.dcerpc.mapping import ENDPOINT_MAPPER, MAP, NOT_REGISTERED, TCP_FLOOR, floors, interface_of, tower
from bascule.dcerpc.packets import Status, Syntax, align
from bascule.dcerpc.reading import Reader
from bascule.lab.faults import RpcFault
from bascule.lab.machine import Machine
from bascule.lab.rpc_server import Fault, Interface, Operation, serve_rpc
from bascule.lab.wire import Wire

WRONG_PORT: Final = 1000
"""By how much the port is off that `RpcFault.WRONG_PORT` registers, as if no static port were set."""

_LONG: Final = Struct("<I")
_ARRAY_HEAD: Final = Struct("<III")
_TOWER_HEAD: Final = Struct("<II")


async def serve_mapper(
    machine: Machine, ports: Mapping[Syntax, int], address: IPv4Address, also: Interface, wire: Wire
) -> None:
    """Hold one conversation of a machine's endpoint mapper, which tells what the machine has it tell."""
    await serve_rpc((endpoint_mapper(registered(ports, machine.rpc_fault), address), also), wire)


def registered(ports: Mapping[Syntax, int], fault: RpcFault | None) -> Mapping[Syntax, int]:
    """Return the ports that a mapper names where these are served."""
    match fault:
        case RpcFault.WRONG_PORT:
            return {interface: (port - WRONG_PORT) % 65536 or 1 for interface, port in ports.items()}
        case RpcFault.NOT_REGISTERED:
            return {}
        case _:
            return ports


def endpoint_mapper(ports: Mapping[Syntax, int], address: IPv4Address) -> Interface:
    """Return the interface that answers `ept_map` with the port of each interface at an address."""
    return Interface(syntax=ENDPOINT_MAPPER, operations={MAP: _map_operation(ports, address)})


def map_results(served: Sequence[bytes], maximum: int) -> bytes:
    """Return what `ept_map` answers: towers, or that nothing is registered."""
    count = len(served)
    references = b"".join(_LONG.pack(number) for number in range(1, count + 1))
    towers = b"".join(align(_TOWER_HEAD.pack(len(each), len(each)) + each) for each in served)
    status = _LONG.pack(0 if served else NOT_REGISTERED)
    return bytes(20) + _LONG.pack(count) + _ARRAY_HEAD.pack(maximum, 0, count) + references + towers + status


def _map_operation(ports: Mapping[Syntax, int], address: IPv4Address) -> Operation:
    def answer(arguments: bytes) -> bytes:
        asked, maximum = _arguments(arguments)
        wanted = floors(asked)
        over_tcp = any(floor.protocol == TCP_FLOOR for floor in wanted)
        served = [
            tower(interface, address, port)
            for interface, port in ports.items()
            if over_tcp and interface.serves(interface_of(wanted))
        ]
        return map_results(served[:maximum], maximum)

    return answer


def _arguments(data: bytes) -> tuple[bytes, int]:
    """Return the tower asked for and the most towers that the client takes."""
    reader = Reader(data)
    if reader.number(4):
        reader.take(16)  # an object's UUID, which nothing here is registered with
    if not reader.number(4):
        raise Fault(Status.PROTOCOL_ERROR)
    size, length = reader.number(4), reader.number(4)
    if size != length:
        raise Fault(Status.INVALID_BOUND)
    asked = reader.take(length)
    reader.align()
    reader.take(20)  # the entry handle
    return asked, reader.number(4)
