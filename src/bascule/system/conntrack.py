"""The door to the kernel's table of sessions: raw netlink, since a general library takes 25 times as long per session.

Only what sessions of relays need: list and delete TCP states by mark. Attribute numbers are those of
include/uapi/linux/netfilter/nfnetlink_conntrack.h.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct
from typing import Final, Protocol

from bascule.system.errors import MachineError

Address = IPv4Address | IPv6Address

_NETFILTER: Final = 12  # NETLINK_NETFILTER
_CONNTRACK: Final = 1 << 8  # NFNL_SUBSYS_CTNETLINK
_GET, _DELETE = _CONNTRACK | 1, _CONNTRACK | 2
_REQUEST, _ACK, _DUMP = 0x001, 0x004, 0x300
_ERROR, _DONE = 2, 3
_HEADER: Final = Struct("=IHHIIBBH")  # nlmsghdr, nfgenmsg
_ATTRIBUTE: Final = Struct("=HH")
_ORIGINAL, _REPLY, _PROTOCOL_INFO, _MARK, _MARK_MASK = 1, 2, 4, 8, 21
_TUPLE_IP, _TUPLE_PROTOCOL = 1, 2
_SOURCE4, _DESTINATION4, _SOURCE6, _DESTINATION6 = 1, 2, 3, 4
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
_INFO_TCP, _TCP_STATE = 1, 1
_TYPE: Final = 0x3FFF
_NESTED: Final = 0x8000
_BUFFER: Final = 1 << 17
_QUEUE: Final = 1 << 22
_NO_ENTRY: Final = 2


class TcpState(IntEnum):
    """States of a tracked TCP session (enum tcp_conntrack)."""

    NONE = 0
    SYN_SENT = 1
    SYN_RECEIVED = 2
    ESTABLISHED = 3
    FIN_WAIT = 4
    CLOSE_WAIT = 5
    LAST_ACK = 6
    TIME_WAIT = 7
    CLOSE = 8
    SYN_SENT2 = 9


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction of a session: who sends to whom."""

    source: Address
    source_port: int
    destination: Address
    destination_port: int


@dataclass(frozen=True, slots=True)
class Session:
    """A TCP session as the kernel tracks it."""

    original: Flow
    """From the client to the listening address."""
    reply: Flow
    """From the host to the source that we gave the connection."""
    state: TcpState
    mark: int

    @property
    def established(self) -> bool:
        """Return whether both sides have agreed to it: only such a session can be idle, or be nudged."""
        return self.state not in (TcpState.NONE, TcpState.SYN_SENT, TcpState.SYN_RECEIVED, TcpState.SYN_SENT2)

    @property
    def living(self) -> bool:
        """Return whether it is more than the memory of a session that has ended."""
        return self.state not in (TcpState.NONE, TcpState.TIME_WAIT, TcpState.CLOSE)


class Conntrack(Protocol):
    """Lists and ends sessions of this network namespace. Blocking: call it from a thread."""

    def sessions(self, mark: int, mask: int = 0xFFFFFFFF) -> list[Session]:
        """Return the TCP sessions whose mark fits. Raises MachineError."""
        ...

    def delete_marked(self, mark: int, mask: int = 0xFFFFFFFF) -> None:
        """Forget every session whose mark fits. Raises MachineError."""
        ...

    def delete(self, session: Session) -> None:
        """Forget one session; one that is gone already is fine. Raises MachineError."""
        ...


class KernelConntrack:
    """Speaks to the kernel of the namespace in which it is first used."""

    def sessions(self, mark: int, mask: int = 0xFFFFFFFF) -> list[Session]:
        """Dump by mark: the kernel does the filtering."""
        found: list[Session] = []
        for family in (socket.AF_INET, socket.AF_INET6):
            body = _attribute(_MARK, mark.to_bytes(4, "big")) + _attribute(_MARK_MASK, mask.to_bytes(4, "big"))
            for payload in _ask(_GET, _REQUEST | _DUMP, family, body):
                session = _session(payload)
                if session is not None and session.mark & mask == mark & mask:
                    found.append(session)
        return found

    def delete_marked(self, mark: int, mask: int = 0xFFFFFFFF) -> None:
        """Flush by mark: one message, whatever the number of sessions."""
        body = _attribute(_MARK, mark.to_bytes(4, "big")) + _attribute(_MARK_MASK, mask.to_bytes(4, "big"))
        for _ in _ask(_DELETE, _REQUEST | _ACK, socket.AF_UNSPEC, body):
            pass

    def delete(self, session: Session) -> None:
        """Delete by the client's tuple."""
        flow = session.original
        version4 = flow.source.version == 4  # noqa: PLR2004 - IP version
        source, destination = (_SOURCE4, _DESTINATION4) if version4 else (_SOURCE6, _DESTINATION6)
        addresses = _attribute(source, flow.source.packed) + _attribute(destination, flow.destination.packed)
        ports = (
            _attribute(_NUMBER, bytes((socket.IPPROTO_TCP,)))
            + _attribute(_SOURCE_PORT, flow.source_port.to_bytes(2, "big"))
            + _attribute(_DESTINATION_PORT, flow.destination_port.to_bytes(2, "big"))
        )
        body = _attribute(_TUPLE_IP | _NESTED, addresses) + _attribute(_TUPLE_PROTOCOL | _NESTED, ports)
        family = socket.AF_INET if version4 else socket.AF_INET6
        for _ in _ask(_DELETE, _REQUEST | _ACK, family, _attribute(_ORIGINAL | _NESTED, body), missing_is_fine=True):
            pass


def _ask(kind: int, flags: int, family: int, body: bytes, *, missing_is_fine: bool = False) -> Iterator[memoryview]:
    """Send one message and yield the payload of each answer behind its headers."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER) as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _QUEUE)
            door.bind((0, 0))
            door.send(_HEADER.pack(_HEADER.size + len(body), kind, flags, 1, 0, family, 0, 0) + body)
            yield from _answers(door, missing_is_fine=missing_is_fine)
    except OSError as error:
        raise MachineError("read the sessions" if kind == _GET else "end sessions", str(error)) from error


def _answers(door: socket.socket, *, missing_is_fine: bool) -> Iterator[memoryview]:
    while True:
        for kind, payload in _messages(memoryview(door.recv(_BUFFER))):
            if kind == _DONE:
                return
            if kind == _ERROR:
                code = -int.from_bytes(payload[:4], "little", signed=True)
                if code and not (missing_is_fine and code == _NO_ENTRY):
                    raise OSError(code, os.strerror(code))
                return
            yield payload[4:]


def _messages(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    offset = 0
    while offset + 16 <= len(data):
        length = int.from_bytes(data[offset : offset + 4], "little")
        kind = int.from_bytes(data[offset + 4 : offset + 6], "little")
        yield kind, data[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def _attribute(kind: int, value: bytes) -> bytes:
    return (_ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value).ljust((len(value) + 7) & ~3, b"\0")


def _attributes(data: memoryview) -> Mapping[int, memoryview]:
    found: dict[int, memoryview] = {}
    offset = 0
    while offset + 4 <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size:
            break
        found[kind & _TYPE] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def _session(payload: memoryview) -> Session | None:
    """Return the session of a message, or None where it is not one of TCP."""
    attributes = _attributes(payload)
    original, reply = _flow(attributes[_ORIGINAL]), _flow(attributes[_REPLY])
    if original is None or reply is None:
        return None
    info = _attributes(attributes[_PROTOCOL_INFO]) if _PROTOCOL_INFO in attributes else {}
    tcp = _attributes(info[_INFO_TCP]) if _INFO_TCP in info else {}
    state = TcpState(tcp[_TCP_STATE][0]) if _TCP_STATE in tcp else TcpState.NONE
    mark = int.from_bytes(attributes[_MARK], "big") if _MARK in attributes else 0
    return Session(original, reply, state, mark)


def _flow(data: memoryview) -> Flow | None:
    parts = _attributes(data)
    addresses, ports = _attributes(parts[_TUPLE_IP]), _attributes(parts[_TUPLE_PROTOCOL])
    if ports[_NUMBER][0] != socket.IPPROTO_TCP:
        return None
    version4 = _SOURCE4 in addresses
    source, destination = (_SOURCE4, _DESTINATION4) if version4 else (_SOURCE6, _DESTINATION6)
    return Flow(
        ip_address(bytes(addresses[source])),
        int.from_bytes(ports[_SOURCE_PORT], "big"),
        ip_address(bytes(addresses[destination])),
        int.from_bytes(ports[_DESTINATION_PORT], "big"),
    )
