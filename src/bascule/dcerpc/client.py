"""How a client binds to interfaces at an RPC endpoint and calls their operations.

Everything that a server answers is bounded: the bytes of a packet, the packets of an answer, the bytes of them together.
How long it may take is the caller's to bound. Source: C706, 12.6.4; [MS-RPCE] 2.2.2.5 (bind_nak).
"""

from collections.abc import Mapping, Sequence
from struct import Struct
from types import MappingProxyType
from typing import Final

from bascule.dcerpc.packets import (
    FIRST,
    LAST,
    MAXIMUM_FRAGMENT,
    NDR,
    Packet,
    PacketType,
    Status,
    Stream,
    Syntax,
    receive,
    receive_fragment,
)
from bascule.dcerpc.reading import Reader, RpcError

MAXIMUM_FRAGMENTS: Final = 16
"""Packets of one answer; those of the mapper fit one."""

MAXIMUM_RESULTS: Final = 32 * 1024
"""Bytes of one answer's results."""

_BIND: Final = Struct("<HHIBxxx")
_CONTEXT: Final = Struct("<HBx")
_CALL: Final = Struct("<IHH")
_SYNTAX: Final = 20
_ABSTRACT_SYNTAX: Final = 1
_NAKS: Final[Mapping[int, str]] = MappingProxyType(
    {1: "temporary congestion", 2: "local limit exceeded", 4: "protocol version not supported", 8: "authentication"}
)


async def bind(stream: Stream, interfaces: Sequence[Syntax]) -> None:
    """Bind to interfaces, each under its index. Raises RpcError where the server refuses one, and what the stream does."""
    contexts = b"".join(
        _CONTEXT.pack(index, 1) + interface.pack() + NDR.pack() for index, interface in enumerate(interfaces)
    )
    body = _BIND.pack(MAXIMUM_FRAGMENT, MAXIMUM_FRAGMENT, 0, len(interfaces)) + contexts
    await stream.send(Packet(kind=PacketType.BIND, call=1, body=body).pack())
    answer = await receive(stream)
    match answer.kind:
        case PacketType.BIND_ACK:
            _accepted(Reader(answer.body), len(interfaces))
        case PacketType.BIND_NAK:
            reason = Reader(answer.body).number(2)
            raise RpcError(f"bind refused ({_NAKS.get(reason, f'reason {reason}')})")
        case PacketType.FAULT:
            raise _fault(answer)
        case _:
            raise RpcError(f"a packet of type {answer.kind} in answer to a bind")


async def call(stream: Stream, index: int, operation: int, arguments: bytes, *, number: int = 2) -> bytes:
    """Call an operation of the interface bound under an index, and return its results, from however many fragments.

    Raises RpcError when it fails, and what the stream raises. `number` tells the calls of one connection apart.
    """
    body = _CALL.pack(len(arguments), index, operation) + arguments
    await stream.send(Packet(kind=PacketType.REQUEST, call=number, body=body).pack())
    results = b""
    for count in range(MAXIMUM_FRAGMENTS):
        packet = await receive_fragment(stream)
        results += _part(packet, number, first=count == 0)
        if len(results) > MAXIMUM_RESULTS:
            raise RpcError(f"an answer of more than {MAXIMUM_RESULTS} bytes")
        if packet.flags & LAST:
            return results
    raise RpcError(f"an answer of more than {MAXIMUM_FRAGMENTS} fragments")


def _accepted(answer: Reader, count: int) -> None:
    """Read a bind_ack. Raises RpcError where it does not accept everything."""
    answer.take(8)  # sizes and group
    answer.take(answer.number(2))  # the secondary address
    answer.align()
    results = answer.number(1)
    answer.take(3)
    if results != count:
        raise RpcError(f"{results} results of a bind to {count}")
    for _ in range(count):
        result, reason = answer.number(2), answer.number(2)
        answer.take(_SYNTAX)
        if result:
            why = "it does not serve this interface" if reason == _ABSTRACT_SYNTAX else f"reason {reason}"
            raise RpcError(f"bind refused ({why})")


def _part(packet: Packet, number: int, *, first: bool) -> bytes:
    """Return the results that a fragment holds."""
    if packet.call != number:
        raise RpcError("an answer to another call")
    if packet.kind == PacketType.FAULT:
        raise _fault(packet)
    if packet.kind != PacketType.RESPONSE or packet.authenticated:
        raise RpcError(f"a packet of type {packet.kind} in answer to a call")
    if first is not bool(packet.flags & FIRST):
        raise RpcError("fragments out of order")
    body = Reader(packet.body)
    body.take(8)  # a hint of the length, which may lie; context; cancels
    return body.rest()


def _fault(packet: Packet) -> RpcError:
    body = Reader(packet.body)
    body.take(8)
    status = body.number(4)
    known = next((f" ({each.name.lower().replace('_', ' ')})" for each in Status if each == status), "")
    return RpcError(f"fault 0x{status:08x}{known}")
