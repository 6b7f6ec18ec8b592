"""How an RPC server answers at an endpoint: binds to the interfaces it serves, and calls of their operations.

Source: C706, 12.6.4 (the packets), 9.5.1 (a context is accepted or refused on its own); [MS-RPCE] 2.2.2.5 (bind_nak).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct
from typing import Final, TypeAlias

from bascule.dcerpc.packets import MAXIMUM_FRAGMENT, NDR, OBJECT_PRESENT, Packet, PacketType, Status, Syntax, align, receive
from bascule.lab.wire import Wire

_BIND: Final = Struct("<HHIBxxx")
_BIND_ACK: Final = Struct("<HHIH")
_BIND_NAK: Final = Struct("<HBBB")
_CONTEXT: Final = Struct("<HBx")
_RESULT: Final = Struct("<HH20s")
_CALL: Final = Struct("<IHH")
_ANSWER: Final = Struct("<IHBx")
_FAULT: Final = Struct("<IHBxII")
_SYNTAX: Final = 20
_OBJECT: Final = 16
_AUTHENTICATION_NOT_RECOGNIZED: Final = 8


class Fault(Exception):  # noqa: N818 - the protocol's own word
    """A call that is answered with a fault."""

    def __init__(self, status: Status) -> None:
        super().__init__(f"{status.name} (0x{status:08x})")
        self.status = status


Operation: TypeAlias = Callable[[bytes], bytes]
"""Takes a call's arguments and returns its results, both as NDR writes them. Raises Fault, struct.error, ValueError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """An interface that a server offers, with its operations by number."""

    syntax: Syntax
    operations: Mapping[int, Operation] = field(default_factory=dict)


class _Reason(IntEnum):
    """Why a presentation context is refused."""

    ABSTRACT_SYNTAX = 1
    TRANSFER_SYNTAXES = 2


async def serve_rpc(interfaces: Sequence[Interface], wire: Wire) -> None:
    """Hold one conversation at an endpoint until the client leaves or sends what is not spoken here."""
    association = Association(interfaces, port=wire.port)
    while True:
        await wire.send(association.answer(await receive(wire)).pack())


class Association:
    """One client's connection to an endpoint: the interfaces it has bound, and the answers to its packets."""

    def __init__(self, interfaces: Sequence[Interface], *, port: int) -> None:
        self._interfaces = interfaces
        self._port = port
        self._bound: dict[int, Interface] = {}

    def answer(self, packet: Packet) -> Packet:
        """Return the answer to a packet. Raises ValueError or struct.error for one that no client should send."""
        match packet.kind:
            case PacketType.BIND | PacketType.ALTER_CONTEXT if packet.authenticated:
                refusal = _BIND_NAK.pack(_AUTHENTICATION_NOT_RECOGNIZED, 1, 5, 0)  # one version is spoken: 5.0
                return Packet(kind=PacketType.BIND_NAK, call=packet.call, body=refusal)
            case PacketType.BIND:
                return Packet(kind=PacketType.BIND_ACK, call=packet.call, body=self._bind(packet.body))
            case PacketType.ALTER_CONTEXT:
                return Packet(kind=PacketType.ALTER_CONTEXT_RESPONSE, call=packet.call, body=self._bind(packet.body))
            case PacketType.REQUEST if not packet.authenticated:
                return self._call(packet)
            case _:
                raise ValueError(f"a packet of type {packet.kind}, which is not spoken here")

    def _bind(self, body: bytes) -> bytes:
        _, _, group, count = _BIND.unpack_from(body)
        offset = _BIND.size
        results = b""
        for _ in range(count):  # at most 255 by its byte, and fewer by the packet's bound
            context, transfers = _CONTEXT.unpack_from(body, offset)
            begin = offset + _CONTEXT.size
            offset = begin + _SYNTAX * (1 + transfers)
            asked, *offered = (Syntax.unpack(body[at : at + _SYNTAX]) for at in range(begin, offset, _SYNTAX))
            results += self._result(context, asked, offered)
        address = f"{self._port}\0".encode()
        head = _BIND_ACK.pack(MAXIMUM_FRAGMENT, MAXIMUM_FRAGMENT, group or 1, len(address))
        return align(head + address) + bytes((count, 0, 0, 0)) + results

    def _result(self, context: int, asked: Syntax, offered: Sequence[Syntax]) -> bytes:
        interface = next((each for each in self._interfaces if each.syntax.serves(asked)), None)
        if interface is None:
            return _refused(_Reason.ABSTRACT_SYNTAX)
        if NDR not in offered:
            return _refused(_Reason.TRANSFER_SYNTAXES)
        self._bound[context] = interface
        return _RESULT.pack(0, 0, NDR.pack())

    def _call(self, packet: Packet) -> Packet:
        _, context, operation = _CALL.unpack_from(packet.body)
        arguments = packet.body[_CALL.size + (_OBJECT if packet.flags & OBJECT_PRESENT else 0) :]
        try:
            results = self._operation(context, operation)(arguments)
        except Fault as fault:
            body = _FAULT.pack(0, context, 0, fault.status, 0)
            return Packet(kind=PacketType.FAULT, call=packet.call, body=body)
        body = _ANSWER.pack(len(results), context, 0) + results
        return Packet(kind=PacketType.RESPONSE, call=packet.call, body=body)

    def _operation(self, context: int, operation: int) -> Operation:
        if context not in self._bound:
            raise Fault(Status.UNKNOWN_INTERFACE)
        if operation not in self._bound[context].operations:
            raise Fault(Status.NO_SUCH_OPERATION)
        return self._bound[context].operations[operation]


def _refused(reason: _Reason) -> bytes:
    return _RESULT.pack(2, reason, bytes(_SYNTAX))  # 2 is "provider rejection"
