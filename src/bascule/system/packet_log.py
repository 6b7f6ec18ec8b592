"""The door to packets that rules log: nflog of netfilter, read from a netlink socket.

Messages and attributes are those of linux/netfilter/nfnetlink_log.h; headers of packets those of RFC 791, 8200, 9293.
One process at a time may listen to a group in a network namespace; it needs CAP_NET_ADMIN.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from errno import EBUSY, ENOBUFS, EPERM
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct, error
from typing import Final, Protocol, TypeAlias

from bascule.system.errors import MachineError

Address: TypeAlias = IPv4Address | IPv6Address

NFLOG_GROUP: Final = 1866
"""Ours, among the 65,536 groups: where the rules of the firewall send what they log, with their ident as the prefix."""

_NETFILTER: Final = 12  # NETLINK_NETFILTER
_PACKET, _CONFIG = 4 << 8, 4 << 8 | 1  # NFULNL_MSG_PACKET, NFULNL_MSG_CONFIG
_REQUEST_ACK: Final = 1 | 4  # NLM_F_REQUEST, NLM_F_ACK
_HEADER: Final = Struct("=IHHIIBBH")  # nlmsghdr, nfgenmsg
_MESSAGE: Final = Struct("=IHHII")
_ATTRIBUTE: Final = Struct("=HH")
_TYPE: Final = 0x7FFF
_COMMAND, _MODE = 1, 2  # NFULA_CFG_CMD, NFULA_CFG_MODE
_BIND, _COPY_PACKET = 1, 2
_IN, _OUT, _PAYLOAD, _PREFIX = 4, 5, 9, 10
_COPIED: Final = 128
"""Bytes of each packet: its headers."""
_DATAGRAM: Final = 1 << 16
_QUEUE: Final = 1 << 20
_AT_ONCE: Final = 256
"""Datagrams that are read before others have their turn."""
_TAKEN: Final = "another process listens to them already, or this user may not"
_WITH_PORTS: Final = frozenset((socket.IPPROTO_TCP, socket.IPPROTO_UDP))
_PROTOCOLS: Final = {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 51: "ah", 58: "icmp6"}
_IPV4, _IPV6 = 4, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedPacket:
    """A packet that a rule logged."""

    prefix: str
    """What the rule says."""
    source: Address
    to: Address
    protocol: str
    """`tcp`, `udp`, `icmp`, `icmp6`, …; the number of one without a name."""
    source_port: int | None = None
    port: int | None = None
    entered: int = 0
    """Index of the interface that it came in by; 0 is none."""
    leaves: int = 0


class PacketLog(Protocol):
    """Tells of logged packets while it is followed."""

    def follow(self, heard: Callable[[LoggedPacket], None], lost: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `heard` with each packet, in the running event loop, and `lost` where there were too many for us.

        Raises MachineError where the kernel does not tell us, or tells another process.
        """
        ...


class KernelPacketLog:
    """Hears them from the kernel."""

    @contextmanager
    def follow(self, heard: Callable[[LoggedPacket], None], lost: Callable[[], None]) -> Iterator[None]:
        """Take the group for ourselves."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER) as door:
            try:
                door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _QUEUE)
                door.bind((0, 0))
                door.settimeout(1)
                for attribute in (_attribute(_COMMAND, bytes([_BIND])), _attribute(_MODE, _mode())):
                    _configure(door, attribute)
                door.settimeout(0)
            except OSError as failed:
                raise MachineError("listen to packets that rules log", failed.strerror or str(failed)) from failed
            loop.add_reader(door, _hear, door, heard, lost)
            try:
                yield
            finally:
                loop.remove_reader(door)


def _configure(door: socket.socket, attribute: bytes) -> None:
    """Ask for one setting of our group. Raises OSError where the kernel refuses."""
    length = _HEADER.size + len(attribute)
    group = socket.htons(NFLOG_GROUP)
    door.send(_HEADER.pack(length, _CONFIG, _REQUEST_ACK, 0, 0, socket.AF_UNSPEC, 0, group) + attribute)
    answer = door.recv(_DATAGRAM)
    (code,) = Struct("=i").unpack_from(answer, _MESSAGE.size)
    if code:
        raise OSError(-code, _TAKEN if -code in (EBUSY, EPERM) else os.strerror(-code))


def _mode() -> bytes:
    """Return how much of each packet is copied (struct nfulnl_msg_config_mode)."""
    return Struct(">IBB").pack(_COPIED, _COPY_PACKET, 0)


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def _hear(door: socket.socket, heard: Callable[[LoggedPacket], None], lost: Callable[[], None]) -> None:
    for _ in range(_AT_ONCE):
        try:
            datagram = door.recv(_DATAGRAM)
        except BlockingIOError:
            return
        except OSError as failed:
            if failed.errno != ENOBUFS:
                raise
            lost()
            continue
        for packet in logged(datagram):
            heard(packet)


def logged(datagram: bytes) -> Iterator[LoggedPacket]:
    """Yield the packets that a datagram of the kernel tells of; what cannot be read as one is passed over."""
    at = 0
    while at + _MESSAGE.size <= len(datagram):
        length, kind, *_ = _MESSAGE.unpack_from(datagram, at)
        if length < _MESSAGE.size or at + length > len(datagram):
            return
        if kind == _PACKET:
            packet = _packet(dict(_attributes(datagram[at + _HEADER.size : at + length])))
            if packet is not None:
                yield packet
        at += length + -length % 4


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < _ATTRIBUTE.size or at + length > len(data):
            return
        yield kind & _TYPE, data[at + _ATTRIBUTE.size : at + length]
        at += length + -length % 4


def _packet(told: dict[int, bytes]) -> LoggedPacket | None:
    payload = told.get(_PAYLOAD, b"")
    try:
        version = payload[0] >> 4
        if version == _IPV4:
            source, to = ip_address(payload[12:16]), ip_address(payload[16:20])
            protocol, rest = payload[9], (payload[0] & 15) * 4
        elif version == _IPV6:
            source, to = ip_address(payload[8:24]), ip_address(payload[24:40])
            protocol, rest = payload[6], 40
        else:
            return None
        ports = Struct(">HH").unpack_from(payload, rest) if protocol in _WITH_PORTS else (None, None)
    except (IndexError, ValueError, error):
        return None
    return LoggedPacket(
        prefix=told.get(_PREFIX, b"").rstrip(b"\0").decode(errors="replace"),
        source=source,
        to=to,
        protocol=_PROTOCOLS.get(protocol, str(protocol)),
        source_port=ports[0],
        port=ports[1],
        entered=_index(told.get(_IN)),
        leaves=_index(told.get(_OUT)),
    )


def _index(told: bytes | None) -> int:
    return 0 if told is None else int.from_bytes(told, "big")
