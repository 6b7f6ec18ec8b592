"""The gate before every figure: what goes in comes out, byte for byte, whoever speaks first and whoever ends first.

`python -m bench.loads.exactness SEED ADDRESS PORT` runs many sessions at once through a contender and prints what was
wrong, a line each; nothing where nothing was. Sizes reach from nothing to 40 MiB; servers greet first; either side ends
its half first and still hears the other; some readers stall for a second.
"""

import random
import socket
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from struct import Struct
from typing import Final, Self

GREETING: Final = b"220 exact\r\n"
NOT_YET: Final = bytes(32)
"""Says that the server has not read to the end of that session."""
ORDER: Final = Struct("!BBQQQ")
_SIZES: Final = (0, 1, 63, 251, 1460, 4096, 65535, 65536, 262_145, 2 * 2**20)
_LARGE: Final = 40 * 2**20
_AT_ONCE: Final = 32
_PATIENCE: Final = 60
_READING: Final = 10
"""Seconds within which a server has read what a client has sent."""


class Who(IntEnum):
    """Who ends its half of a session first."""

    CLIENT = 1
    SERVER = 2
    ASKS = 3
    """Nobody: the client asks what the server has read on an earlier session."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a session shall carry."""

    ends: Who
    stalls: int
    """Seconds for which the readers do not read."""
    seed: int
    up: int
    down: int

    def packed(self) -> bytes:
        """Return it as the client says it."""
        return ORDER.pack(self.ends, self.stalls, self.seed, self.up, self.down)

    @classmethod
    def unpacked(cls, said: bytes) -> Self:
        """Return what a client said."""
        ends, stalls, seed, up, down = ORDER.unpack(said)
        return cls(Who(ends), stalls, seed, up, down)


def content(seed: int, size: int) -> bytes:
    """Return the bytes that belong to a seed."""
    return random.Random(seed).randbytes(size)


def orders(seed: int) -> list[Order]:
    """Return what the gate carries: each size each way, ended by either side, and a few large and stalled ones."""
    plain = [(ends, 0, up, down) for ends in (Who.CLIENT, Who.SERVER) for up in _SIZES for down in (*_SIZES[::3], up)]
    large = [(ends, 0, up, down) for ends in (Who.CLIENT, Who.SERVER) for up, down in ((_LARGE, 0), (0, _LARGE))]
    stalled = [(ends, 1, 4 * 2**20, 4 * 2**20) for ends in (Who.CLIENT, Who.SERVER)]
    every = (*stalled, *large, *plain)
    return [Order(ends, stalls, seed + 2 * n, up, down) for n, (ends, stalls, up, down) in enumerate(every)]


def wrong(place: tuple[str, int], order: Order) -> str:
    """Carry one session and return what was wrong with it; empty where nothing was."""
    try:
        heard = _carried(place, order)
        arrived = _arrived(place, order)
    except OSError as error:
        return f"{order}: {error}"
    if heard != GREETING + content(order.seed + 1, order.down):
        return f"{order}: the client heard {len(heard)} bytes that are not those that were sent"
    if arrived != GREETING + sha256(content(order.seed, order.up)).digest():
        return f"{order}: the server did not hear what was sent"
    return ""


def _carried(place: tuple[str, int], order: Order) -> bytes:
    with socket.create_connection(place, _PATIENCE) as session:
        sent = threading.Event()

        def send() -> None:
            with suppress(OSError):  # what is not sent is missed, here and by the server
                session.sendall(order.packed() + content(order.seed, order.up))
                if order.ends is Who.CLIENT:
                    session.shutdown(socket.SHUT_WR)
                sent.set()

        sending = threading.Thread(target=send)
        sending.start()
        if order.stalls:
            time.sleep(order.stalls)
        heard = _all(session)
        sending.join(_PATIENCE)
        if not sent.is_set():
            raise OSError("what the client sends is not taken")
        if order.ends is Who.SERVER:
            session.shutdown(socket.SHUT_WR)
    return heard


def _arrived(place: tuple[str, int], order: Order) -> bytes:
    """Return what the server says it has read; it is asked again while it is still reading."""
    deadline = time.monotonic() + _READING
    while True:
        with socket.create_connection(place, _PATIENCE) as asking:
            asking.sendall(Order(Who.ASKS, 0, order.seed, 0, 0).packed())
            said = _all(asking)
        if said != GREETING + NOT_YET or time.monotonic() > deadline:
            return said
        time.sleep(0.05)


def _all(session: socket.socket) -> bytes:
    parts = []
    while part := session.recv(1 << 18):
        parts.append(part)
    return b"".join(parts)


def main(arguments: Sequence[str]) -> int:
    """Run as the module says."""
    seed, address, port = arguments
    place = (address, int(port))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = [said for said in pool.map(lambda order: wrong(place, order), orders(int(seed))) if said]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
