"""How a client binds to interfaces at an RPC endpoint and calls their operations."""

from collections.abc import Sequence
from ipaddress import IPv4Address
from struct import Struct

from bascule.lab.dcerpc import MAXIMUM_FRAGMENT, NDR, Packet, PacketType, Syntax, align, receive
from bascule.lab.endpoint_mapper import MAP, TCP_FLOOR, floors, tower
from bascule.lab.exchange_rpc import INQUIRE_PRINCIPAL_NAME
from bascule.lab.wire import Wire

_BIND = Struct("<HHIBxxx")
_CONTEXT = Struct("<HBx")
_CALL = Struct("<IHH")
_ANSWER = Struct("<IHBx")
_LONG = Struct("<I")
_LONGS = Struct("<III")
_LONGEST_NAME = 256


async def bind(wire: Wire, interfaces: Sequence[Syntax]) -> None:
    """Bind to interfaces, each under its index. Raises ValueError where the server refuses one."""
    contexts = b"".join(
        _CONTEXT.pack(index, 1) + interface.pack() + NDR.pack() for index, interface in enumerate(interfaces)
    )
    body = _BIND.pack(MAXIMUM_FRAGMENT, MAXIMUM_FRAGMENT, 0, len(interfaces)) + contexts
    answer = await _exchange(wire, Packet(kind=PacketType.BIND, call=1, body=body))
    results = answer.body[-24 * len(interfaces) :]
    if answer.kind != PacketType.BIND_ACK or any(results[at] for at in range(0, len(results), 24)):
        raise ValueError("the server does not serve these interfaces")


async def call(wire: Wire, index: int, operation: int, arguments: bytes) -> bytes:
    """Call an operation of the interface bound under an index. Raises ValueError when it fails."""
    body = _CALL.pack(len(arguments), index, operation) + arguments
    answer = await _exchange(wire, Packet(kind=PacketType.REQUEST, call=2, body=body))
    if answer.kind != PacketType.RESPONSE:
        raise ValueError(f"operation {operation} fails: {answer.body.hex()}")
    return answer.body[_ANSWER.size :]


async def principal_name(wire: Wire, index: int) -> str:
    """Ask the management interface, bound under an index, who the server is: `exchangeMDB/EX1.lab.local`."""
    results = await call(wire, index, INQUIRE_PRINCIPAL_NAME, bytes(4) + _LONG.pack(_LONGEST_NAME))
    _, _, length = _LONGS.unpack_from(results)
    return results[_LONGS.size : _LONGS.size + length].rstrip(b"\0").decode("ascii")


async def mapped_port(wire: Wire, index: int, interface: Syntax) -> int:
    """Ask the endpoint mapper, bound under an index, for an interface's port. Raises ValueError where it knows none."""
    asked = tower(interface, IPv4Address(0), 0)
    arguments = _LONGS.pack(0, 1, len(asked)) + align(_LONG.pack(len(asked)) + asked) + bytes(20) + _LONG.pack(1)
    results = await call(wire, index, MAP, arguments)
    if _LONG.unpack_from(results, 20)[0] == 0:
        raise ValueError("the endpoint mapper knows no port")
    (length,) = _LONG.unpack_from(results, 44)
    for floor in floors(results[48 : 48 + length]):
        if floor.protocol == TCP_FLOOR:
            return int.from_bytes(floor.address, "big")
    raise ValueError("the endpoint mapper names no TCP port")


async def _exchange(wire: Wire, packet: Packet) -> Packet:
    await wire.send(packet.pack())
    return await receive(wire)
