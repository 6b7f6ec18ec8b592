"""Sessions as the kernel tells them: the messages of ctnetlink, read and written. Pure.

Attribute numbers are those of include/uapi/linux/netfilter/nfnetlink_conntrack.h. A message begins with the two tuples,
whose parts the kernel writes in one order (net/netfilter/nf_conntrack_netlink.c, ctnetlink_dump_tuples): they are read at
fixed places, since a full table is read in seconds and not in minutes that way. A tuple of another length is none of ours.
"""

import socket
from collections.abc import Iterator, Sequence
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct
from sys import byteorder
from typing import Final, NamedTuple

Address = IPv4Address | IPv6Address

CONNTRACK: Final = 1 << 8  # NFNL_SUBSYS_CTNETLINK
DELETE: Final = CONNTRACK | 2  # IPCTNL_MSG_CT_DELETE, asked for or told
GET: Final = CONNTRACK | 1  # IPCTNL_MSG_CT_GET
GET_STATISTICS_OF_PROCESSORS: Final = CONNTRACK | 4  # IPCTNL_MSG_CT_GET_STATS_CPU
GET_STATISTICS: Final = CONNTRACK | 5  # IPCTNL_MSG_CT_GET_STATS
HEADER: Final = Struct("=IHHIIBBH")  # nlmsghdr, nfgenmsg
_MESSAGE: Final = Struct("=IH")
_ATTRIBUTE: Final = Struct("=HH")
PROTOCOL_INFO, MARK, FROM_CLIENT, FROM_HOST = 4, 8, 9, 10
_ORIGINAL, _STATUS, _TIMEOUT, _ID = 1, 3, 7, 12
TIMESTAMP: Final = 20
_MARK_MASK = 21
_TUPLE_IP, _TUPLE_PROTOCOL = 1, 2
_SOURCE4, _DESTINATION4, _SOURCE6, _DESTINATION6 = 1, 2, 3, 4
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
_INFO_TCP, _TCP_STATE, _FLAGS_ORIGINAL, _FLAGS_REPLY = 1, 1, 4, 5
_COUNTER_BYTES, _STARTED, _STOPPED = 2, 1, 2
_SEEN_REPLY: Final = 0x02  # IPS_SEEN_REPLY
_ENTRIES, _MAXIMUM, _INSERT_FAILED, _DROPPED = 1, 2, 9, 10
_ASSURED: Final = 0x04  # IPS_ASSURED
_UNACKNOWLEDGED: Final = 0x10  # IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED
_TYPE: Final = 0x3FFF
_NESTED: Final = 0x8000
_CARRIED: Final = frozenset((socket.IPPROTO_TCP, socket.IPPROTO_UDP))

_PORTS: Final = "4x4xB3x4xH2x4xH2x"
_TUPLES: Final = {
    52: Struct(f">8x4x4s4x4s{_PORTS}8x4x4s4x4s{_PORTS}"),
    76: Struct(f">8x4x16s4x16s{_PORTS}8x4x16s4x16s{_PORTS}"),
}
"""Both tuples, by the length of the first: of IPv4 and of IPv6."""

PATH: Final = {52: (52, 42), 76: (76, 66)}
"""Where the second tuple begins, by the length of the first, and how long it is up to the host's port."""

CLIENT_AT: Final = 12
"""Where in a session's message the client's address stands, behind the headers."""

_LENGTH4: Final = 4
_MILLI: Final = 1_000_000
"""Nanoseconds of a millisecond."""

_U8, _U32, _U64 = Struct("B"), Struct(">I"), Struct(">Q")


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


_STATES: Final = {int(state): state for state in TcpState}
_UNANSWERED: Final = frozenset((TcpState.NONE, TcpState.SYN_SENT, TcpState.SYN_RECEIVED, TcpState.SYN_SENT2))
_UNACCEPTED: Final = _UNANSWERED - {TcpState.SYN_RECEIVED}
_REMEMBERED: Final = frozenset((TcpState.NONE, TcpState.TIME_WAIT, TcpState.CLOSE))


class Flow(NamedTuple):
    """One direction of a session: who sends to whom."""

    source: Address
    source_port: int
    destination: Address
    destination_port: int


class Session(NamedTuple):
    """A session as the kernel tracks it. Addresses are packed: a listing makes objects of those only that it shows."""

    protocol: int
    """IPPROTO_TCP or IPPROTO_UDP."""
    client: bytes
    client_port: int
    listen: bytes
    listen_port: int
    host: bytes
    host_port: int
    source: bytes
    """The address that the host sees: our own for a relay."""
    source_port: int
    state: TcpState
    """NONE for UDP."""
    mark: int
    id: int
    """The kernel's own name for it: tells it from most later ones between the same ports, for names can come again."""
    remaining: int
    """Seconds after which the kernel forgets it if nothing more is heard; 0 for one that it has forgotten by itself."""
    unacknowledged: bool
    """An end owes the other an acknowledgement, or its first word: the kernel waits less long."""
    from_client: int
    from_host: int
    """Bytes of IP packets each way; 0 where the kernel does not count."""
    answered: bool
    """The host has answered; not so where its only answer was a reset."""
    started: int
    stopped: int
    """Nanoseconds since 1970; 0 where the kernel does not note it."""

    @property
    def family(self) -> socket.AddressFamily:
        """Return AF_INET or AF_INET6."""
        return socket.AF_INET if len(self.client) == _LENGTH4 else socket.AF_INET6

    @property
    def original(self) -> Flow:
        """Return the flow from the client to the listening address."""
        return Flow(ip_address(self.client), self.client_port, ip_address(self.listen), self.listen_port)

    @property
    def reply(self) -> Flow:
        """Return the flow from the host to the source that we gave the connection."""
        return Flow(ip_address(self.host), self.host_port, ip_address(self.source), self.source_port)

    @property
    def identity(self) -> str:
        """Return sixteen hex digits that no other session has, neither now nor later between the same ports.

        Where the kernel does not note when sessions begin, it is its own name for the session alone that tells them apart.
        """
        return f"{self.id:08x}{self.started // _MILLI & 0xFFFF_FFFF:08x}"

    @property
    def established(self) -> bool:
        """Return whether both sides have agreed to it: only such a session can be idle, or be nudged."""
        return self.state not in _UNANSWERED

    @property
    def failed(self) -> bool:
        """Return whether it ended, or would end now, without the host having accepted it."""
        if self.protocol == socket.IPPROTO_UDP:
            return not self.answered
        return self.state in _UNACCEPTED or (self.state is TcpState.CLOSE and not self.answered)

    @property
    def living(self) -> bool:
        """Return whether it is more than the memory of a session that has ended."""
        return self.protocol == socket.IPPROTO_UDP or self.state not in _REMEMBERED


# --- reading ---------------------------------------------------------------------------------------------------------


def messages(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the kind of each message in what a netlink socket received, and what stands behind its first header."""
    offset = 0
    while offset + 16 <= len(data):
        length, kind = _MESSAGE.unpack_from(data, offset)
        if length < 16:  # noqa: PLR2004 - the header itself
            return
        yield kind, data[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def session(told: memoryview) -> Session | None:
    """Return the session of a message, behind its headers; None where it is not one of TCP or UDP."""
    layout = _TUPLES.get(int.from_bytes(told[:2], byteorder))
    if layout is None or len(told) < layout.size:
        return None
    client, listen, protocol, client_port, listen_port, host, source, _, host_port, source_port = layout.unpack_from(told)
    if protocol not in _CARRIED:
        return None
    found = places(told, layout.size, len(told))
    state, unacknowledged = _tcp(told, found)
    status = _number(_U32, told, found.get(_STATUS))
    return Session(
        protocol=protocol,
        client=client,
        client_port=client_port,
        listen=listen,
        listen_port=listen_port,
        host=host,
        host_port=host_port,
        source=source,
        source_port=source_port,
        state=state,
        mark=_number(_U32, told, found.get(MARK)),
        id=_number(_U32, told, found.get(_ID)),
        remaining=_number(_U32, told, found.get(_TIMEOUT)),
        unacknowledged=unacknowledged or not status & _ASSURED,
        from_client=_inner(told, found.get(FROM_CLIENT), _COUNTER_BYTES),
        from_host=_inner(told, found.get(FROM_HOST), _COUNTER_BYTES),
        answered=bool(status & _SEEN_REPLY),
        started=_inner(told, found.get(TIMESTAMP), _STARTED),
        stopped=_inner(told, found.get(TIMESTAMP), _STOPPED),
    )


_Place = tuple[int, int]
"""Where a value begins and ends."""


def places(told: memoryview, at: int, end: int) -> dict[int, _Place]:
    """Return where the value of each attribute stands, by its kind."""
    found: dict[int, _Place] = {}
    while at + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(told, at)
        if length < 4 or at + length > end:  # noqa: PLR2004 - the attribute's own head
            break
        found[kind & _TYPE] = at + 4, at + length
        at += (length + 3) & ~3
    return found


def _number(layout: Struct, told: memoryview, place: _Place | None) -> int:
    if place is None or place[1] - place[0] < layout.size:
        return 0
    number: int = layout.unpack_from(told, place[0])[0]
    return number


def _inner(told: memoryview, nest: _Place | None, kind: int) -> int:
    """Return a number of eight bytes that stands in a nest; 0 where it does not."""
    return 0 if nest is None else _number(_U64, told, places(told, *nest).get(kind))


def _tcp(told: memoryview, found: dict[int, _Place]) -> tuple[TcpState, bool]:
    """Return the state, and whether anything sent waits to be acknowledged."""
    info = found.get(PROTOCOL_INFO)
    tcp = None if info is None else places(told, *info).get(_INFO_TCP)
    if tcp is None:
        return TcpState.NONE, False
    parts = places(told, *tcp)
    state = _STATES.get(_number(_U8, told, parts.get(_TCP_STATE)), TcpState.NONE)
    flags = _number(_U8, told, parts.get(_FLAGS_ORIGINAL)) | _number(_U8, told, parts.get(_FLAGS_REPLY))
    return state, bool(flags & _UNACKNOWLEDGED)


class Statistics(NamedTuple):
    """How the whole table does, of all marks."""

    entries: int
    maximum: int
    """0 where the kernel does not say."""
    insert_failed: int
    dropped: int
    """Packets so far that got no state: no free port was left, or no room in the table."""

    @property
    def full(self) -> float:
        """Return the share of the table that is taken, 0 to 1."""
        return self.entries / self.maximum if self.maximum else 0.0


def statistics(whole: Sequence[memoryview], processors: Sequence[memoryview]) -> Statistics:
    """Return what these messages say, behind their headers: of the table, and of each processor."""

    def total(messages: Sequence[memoryview], kind: int) -> int:
        return sum(_number(_U32, told, places(told, 0, len(told)).get(kind)) for told in messages)

    return Statistics(
        entries=total(whole, _ENTRIES),
        maximum=total(whole, _MAXIMUM),
        insert_failed=total(processors, _INSERT_FAILED),
        dropped=total(processors, _DROPPED),
    )


# --- writing ---------------------------------------------------------------------------------------------------------


def request(kind: int, flags: int, body: bytes = b"", *, family: int = socket.AF_UNSPEC, number: int = 1) -> bytes:
    """Return a message to the kernel."""
    return HEADER.pack(HEADER.size + len(body), kind, flags, number, 0, family, 0, 0) + body


def marked(mark: int, mask: int) -> bytes:
    """Return the attributes that choose sessions by their mark: the kernel masks a session's, but not the one wanted."""
    return _attribute(MARK, (mark & mask).to_bytes(4, "big")) + _attribute(_MARK_MASK, mask.to_bytes(4, "big"))


def named(session: Session) -> bytes:
    """Return the attributes that name one session: the client's tuple, and the kernel's own name for it."""
    source, destination = (_SOURCE4, _DESTINATION4) if session.family is socket.AF_INET else (_SOURCE6, _DESTINATION6)
    addresses = _attribute(source, session.client) + _attribute(destination, session.listen)
    ports = (
        _attribute(_NUMBER, bytes((session.protocol,)))
        + _attribute(_SOURCE_PORT, session.client_port.to_bytes(2, "big"))
        + _attribute(_DESTINATION_PORT, session.listen_port.to_bytes(2, "big"))
    )
    body = _attribute(_TUPLE_IP | _NESTED, addresses) + _attribute(_TUPLE_PROTOCOL | _NESTED, ports)
    name = _attribute(_ID, session.id.to_bytes(4, "big")) if session.id else b""
    return _attribute(_ORIGINAL | _NESTED, body) + name


def _attribute(kind: int, value: bytes) -> bytes:
    return (_ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value).ljust((len(value) + 7) & ~3, b"\0")
