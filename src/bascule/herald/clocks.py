"""Asks time servers how late it is: SNTP (RFC 4330; the packet is RFC 5905's). A clock is never set."""

import asyncio
import secrets
import socket
from collections.abc import Callable
from struct import Struct
from typing import Final, NamedTuple

from bascule.herald.fault import FaultError

PORT: Final = 123
PATIENCE: Final = 3.0
"""Seconds that a server may take to answer."""

_PACKET: Final = Struct("!BBBb11I")
_REQUEST: Final = (4 << 3) | 3
"""Version 4, mode client (RFC 4330, 4)."""

_SINCE_1900: Final = 2_208_988_800
_ERA: Final = 2**32
_MODE_SERVER: Final = 4
_UNSYNCHRONISED: Final = 3
_LAST_STRATUM: Final = 15


class Offset(NamedTuple):
    """By how much a server's clock is ahead of ours."""

    seconds: float
    within: float
    """How far that may be wrong: half the time that the answer was on its way."""


def offset(answer: bytes, nonce: tuple[int, int], sent: float, received: float) -> Offset:
    """Return what an answer tells; `sent` and `received` are our clock's, seconds since 1970.

    `nonce` was in the question in the place of our time, which is nobody's business. Raises FaultError.
    """
    if len(answer) < _PACKET.size:
        raise FaultError("what answers is no time server")
    first, stratum, _, _, *words = _PACKET.unpack_from(answer)
    if first & 7 != _MODE_SERVER or (words[5], words[6]) != nonce:
        raise FaultError("what answers is no time server")
    if first >> 6 == _UNSYNCHRONISED or not 0 < stratum <= _LAST_STRATUM:
        raise FaultError("it does not know the time itself")
    came, left = _seconds(words[7], words[8], sent), _seconds(words[9], words[10], sent)
    return Offset(((came - sent) + (left - received)) / 2, max(0.0, (received - sent) - (left - came)) / 2)


async def ask(host: str, port: int = PORT, *, now: Callable[[], float]) -> Offset:
    """Ask a server. Raises FaultError, OSError, TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        (family, _, _, _, place), *_ = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        with socket.socket(family, socket.SOCK_DGRAM) as door:
            door.setblocking(False)  # noqa: FBT003 - its name for it
            door.connect(place)
            nonce = secrets.randbits(32), secrets.randbits(32)
            sent = now()
            await loop.sock_sendall(door, _PACKET.pack(_REQUEST, *([0] * 12), *nonce))
            answer = await loop.sock_recv(door, 512)
            return offset(answer, nonce, sent, now())


def _seconds(whole: int, part: int, near: float) -> float:
    """Return a time since 1970, of the era that is nearest to one (RFC 5905, 6)."""
    base = whole - _SINCE_1900 + part / _ERA
    return base + round((near - base) / _ERA) * _ERA
