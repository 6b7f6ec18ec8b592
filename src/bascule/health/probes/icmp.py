"""`check icmp`: an echo is answered.

A ping socket needs no right where `net.ipv4.ping_group_range` names a group of ours; elsewhere a raw socket does, which
needs CAP_NET_RAW (icmp(7), raw(7)).
"""

import asyncio
import socket
from dataclasses import dataclass
from struct import Struct
from typing import Final, Self

from bascule.health.caller import Caller
from bascule.health.reasons import ProbeError

_HEADER: Final = Struct(">BBHHH")
"""Type, code, checksum, identifier, sequence number (RFC 792, RFC 4443)."""

_LONGEST: Final = 2048
"""Bytes of a packet that are looked at; ours are far shorter."""


@dataclass(frozen=True, slots=True)
class _Echo:
    """One echo request and what its reply looks like."""

    request_type: int
    reply_type: int
    identifier: int
    payload: bytes

    @classmethod
    def draw(cls, caller: Caller) -> Self:
        """Return an echo that nobody can guess who did not see it."""
        types = (8, 0) if caller.family is socket.AF_INET else (128, 129)
        return cls(*types, caller.random.getrandbits(16), caller.random.randbytes(16))

    def packet(self) -> bytes:
        """Return the request; the kernel puts in the checksum of ICMPv6, and identifiers of ping sockets."""
        bare = _HEADER.pack(self.request_type, 0, 0, self.identifier, 1) + self.payload
        return _HEADER.pack(self.request_type, 0, _checksum(bare), self.identifier, 1) + self.payload

    def answered_by(self, message: bytes) -> bool:
        """Return whether an ICMP message is the reply."""
        return message[:1] == bytes((self.reply_type,)) and message[_HEADER.size :] == self.payload


async def probe(caller: Caller) -> str:
    """Send one echo and wait for its reply. Raises ProbeError, OSError."""
    loop = asyncio.get_running_loop()
    echo = _Echo.draw(caller)
    with _open(caller) as ping:
        ping.settimeout(0)
        caller.limit_hops(ping)
        if caller.source is not None:
            ping.bind((str(caller.source), 0))
        ping.connect((str(caller.endpoint.address), 0))  # sets the peer, waits for nothing
        await loop.sock_sendall(ping, echo.packet())
        has_ip_header = ping.type == socket.SOCK_RAW and ping.family == socket.AF_INET
        while True:
            packet = await loop.sock_recv(ping, _LONGEST)
            if echo.answered_by(_without_ip_header(packet) if has_ip_header else packet):
                return "echo answered"


def _open(caller: Caller) -> socket.socket:
    protocol = socket.IPPROTO_ICMP if caller.family is socket.AF_INET else socket.IPPROTO_ICMPV6
    try:
        return socket.socket(caller.family, socket.SOCK_DGRAM, protocol)
    except PermissionError:
        pass  # net.ipv4.ping_group_range does not name us
    try:
        return socket.socket(caller.family, socket.SOCK_RAW, protocol)
    except PermissionError as error:
        raise ProbeError(
            "may not ping here: net.ipv4.ping_group_range names no group of the prober, and it lacks CAP_NET_RAW", ours=True
        ) from error


def _without_ip_header(packet: bytes) -> bytes:
    return packet[(packet[0] & 0x0F) * 4 :] if packet else b""


def _checksum(data: bytes) -> int:
    """Return the internet checksum of data of even length (RFC 1071)."""
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
