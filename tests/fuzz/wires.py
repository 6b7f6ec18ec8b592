"""Hostile bytes for what our own processes say to each other: the wires of all roles that a parent starts.

It is a finding when a decoder raises anything but ChannelError, when what it yields cannot be sent on, when a result of the
prober is not fit to be shown, or when a descriptor that came along stays open.
"""

import math
import os
import random
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

from bascule.engines.proxy.wire import DESCRIPTORS_AT_ONCE, FromParent, FromWorker, Listeners, Wire
from bascule.health import wire as probing
from bascule.herald import wire as telling
from bascule.herald.snmp import wire as snmp
from bascule.system.channel import ChannelError, Decoder, encode
from bascule.system.web_orders import Serve, Serving
from fuzz.damage import pieces
from fuzz.messages import stream, types
from fuzz.target import Target

Sent: TypeAlias = tuple[int, Sequence[tuple[bytes, int]]]
"""Which of `KINDS` is expected, and what comes: pieces, each with so many descriptors."""

OUTWARD: Final[Sequence[Any]] = (telling.Order, telling.Report, snmp.Order, snmp.Report)
KINDS: Final[Sequence[Any]] = (FromParent, FromWorker, probing.Order, probing.Probed, Serve, Serving, *OUTWARD)
PROXY: Final = frozenset({0, 1})
_TYPES: Final = types(KINDS)


@asynccontextmanager
async def opened() -> AsyncIterator[Target[Sent]]:
    """Need nothing."""
    yield Target(sent, tried)


def sent(chance: random.Random) -> Sent:
    """Return what a peer sends, mostly messages of the kind that is expected."""
    number = chance.randrange(len(KINDS))
    spoken = _TYPES[number] if chance.random() < 0.9 else chance.choice(_TYPES)
    chunks = [chunk for chunk in pieces(chance, stream(chance, spoken)) if chunk]
    return number, [(chunk, chance.choice((0, 0, 1, 1, 2, DESCRIPTORS_AT_ONCE))) for chunk in chunks]


async def tried(what: Sent) -> None:
    """Have the pieces read as a process of ours reads them."""
    number, chunks = what
    if number in PROXY:
        before = _descriptors()
        _over_a_socket(KINDS[number], chunks)
        assert _descriptors() == before, "a descriptor stays open"
        return
    decoder: Decoder[Any] = Decoder(KINDS[number])
    with suppress(ChannelError):
        for chunk, _ in chunks:
            for message in decoder.feed(chunk):
                _conveyed(message)


def _conveyed(message: Any) -> None:
    """Assert that a message of the prober's wire means something, or is refused as documented."""
    encode(message)
    if isinstance(message, probing.SetProbes):
        for ordered in message.probes:
            with suppress(ValueError):  # what is no address
                hash(probing.probe(ordered))
    if isinstance(message, probing.Probed):
        outcome = probing.outcome(message)
        assert outcome.reason.isprintable(), outcome.reason
        assert math.isfinite(outcome.seconds), outcome.seconds


def _over_a_socket(kind: Any, chunks: Sequence[tuple[bytes, int]]) -> None:
    """Send the pieces with descriptors over a pair of sockets, and take everything at the other end."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    null, listener = os.open(os.devnull, os.O_RDONLY), socket.socket()
    wire: Wire[Any] = Wire(far, kind)
    try:
        with suppress(ChannelError):
            for chunk, count in chunks:
                near.settimeout(0)
                socket.send_fds(near, [chunk], [listener.fileno(), null][:count] + [listener.fileno()] * (count - 2))
                _read(wire)
    finally:
        os.close(null)
        listener.close()
        near.close()
        wire.close()


def _read(wire: Wire[Any]) -> None:
    for message in wire.receive() or ():
        encode(message)
        if isinstance(message, Listeners):
            for _, taken in wire.take(message):
                taken.close()


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
