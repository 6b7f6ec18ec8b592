"""RPC servers on loopback that say what a test has them say."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address
from typing import Final

from bascule.dcerpc.mapping import ENDPOINT_MAPPER, MAP, Floor, floors, interface_of, tower
from bascule.dcerpc.packets import NDR, Packet, PacketType, Syntax
from bascule.dcerpc.reading import Reader
from bascule.lab.endpoint_mapper import map_results
from bascule.lab.rpc_server import Interface, serve_rpc
from bascule.lab.wire import BROKEN_PEER, Session, Wire
from bed.loopback import Script

HERE: Final = IPv4Address("127.0.0.1")


def scripted(session: Session) -> Script:
    """Return a simulated server's conversation as a script of loopback."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(*BROKEN_PEER):
            await session(Wire(reader, writer))

    return script


def serves(*interfaces: Syntax) -> Script:
    """Return an endpoint at which interfaces can be bound to."""
    return scripted(lambda wire: serve_rpc([Interface(syntax=each) for each in interfaces], wire))


def maps(towers: Mapping[Syntax, Sequence[bytes]]) -> Script:
    """Return an endpoint mapper that answers with these towers, whatever they say."""

    def answer(arguments: bytes) -> bytes:
        reader = Reader(arguments)
        reader.take(12)
        asked = interface_of(floors(reader.take(reader.number(4))))
        return map_results(next((each for syntax, each in towers.items() if syntax.uuid == asked.uuid), ()), 8)

    return answers(answer)


def answers(operation: Callable[[bytes], bytes]) -> Script:
    """Return an endpoint mapper whose `ept_map` is this."""
    mapper = Interface(syntax=ENDPOINT_MAPPER, operations={MAP: operation})
    return scripted(lambda wire: serve_rpc([mapper], wire))


def after_bind(data: Callable[[], Sequence[bytes]] | bytes, *, endless: bool = False) -> Script:
    """Return a mapper that accepts a bind, and answers the first call with these bytes."""

    async def session(wire: Wire) -> None:
        await wire.send(accepted())
        for piece in [data] if isinstance(data, bytes) else data():
            await wire.send(piece)
        while endless and isinstance(data, bytes):
            await wire.send(data)
            await asyncio.sleep(0)  # the client shares our event loop
        while True:
            await wire.exactly(1)

    return scripted(session)


def accepted(count: int = 1) -> bytes:
    """Return a bind_ack that accepts."""
    body = bytes((0xD0, 0x16, 0xD0, 0x16, 1, 0, 0, 0, 4, 0)) + b"135\0" + bytes(2) + bytes((count, 0, 0, 0))
    return Packet(kind=PacketType.BIND_ACK, call=1, body=body + (bytes(4) + NDR.pack()) * count).pack()


def response(results: bytes, *, flags: int = 3, call: int = 2) -> bytes:
    """Return a packet that answers a call."""
    return Packet(kind=PacketType.RESPONSE, call=call, body=bytes(8) + results, flags=flags).pack()


def over(protocol: bytes, interface: Syntax, address: bytes) -> bytes:
    """Return a tower whose fourth floor is of another protocol than TCP."""
    storeys = list(floors(tower(interface, HERE, 1)))
    storeys[3] = Floor(protocol, address)
    return len(storeys).to_bytes(2, "little") + b"".join(storey.pack() for storey in storeys)
