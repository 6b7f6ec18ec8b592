"""Hostile servers for what speaks DCE/RPC, without a network: every decision of the decoder is reached much faster so.

It is a finding when anything but RpcError is raised, when its words are not fit to be shown, when more is read than is
bounded, or when what is read of an answer is no port.
"""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from bascule.dcerpc.client import MAXIMUM_FRAGMENTS, MAXIMUM_RESULTS, bind, call
from bascule.dcerpc.interfaces import EMSMDB, NSPI
from bascule.dcerpc.mapping import MAP, MAXIMUM_TOWERS, question, registrations, tower
from bascule.dcerpc.packets import MAXIMUM_FRAGMENT
from bascule.dcerpc.reading import RpcError
from bascule.lab.endpoint_mapper import map_results
from bed.rpc import accepted, over, response
from fuzz.damage import damaged
from fuzz.target import Target

MOST_READ: Final = MAXIMUM_RESULTS + MAXIMUM_FRAGMENTS * MAXIMUM_FRAGMENT
"""Bytes of one conversation with a mapper."""

_HOST: Final = IPv4Address("10.80.2.1")
_TOWERS: Final = (
    tower(EMSMDB, _HOST, 59532),
    tower(EMSMDB, IPv4Address("192.0.2.7"), 6123),
    tower(NSPI, _HOST, 59533),
    over(b"\x0f", EMSMDB, b"\\pipe\\emsmdb\0"),
    b"",
)


@dataclass(frozen=True)
class Said:
    """What a server says, before anybody asks: its answer to the bind, and to the call."""

    to_bind: bytes
    to_call: bytes


class _Gone(Exception):  # noqa: N818 - an end, no error
    """There is nothing more to read."""


class _Server:
    """Says all it has, then leaves; counts what is read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.read = 0

    async def exactly(self, length: int) -> bytes:
        """Return the next bytes."""
        self.read += length
        if self.read > len(self._data):
            raise _Gone
        return self._data[self.read - length : self.read]

    async def send(self, data: bytes) -> None:
        """Hear nothing."""


@asynccontextmanager
async def opened() -> AsyncIterator[Target[Said]]:
    """Need nothing."""
    yield Target(said, tried)


def said(chance: random.Random) -> Said:
    """Return what a mapper says, nearly right."""
    towers = [damaged(chance, each) if chance.random() < 0.3 else each for each in chance.choices(_TOWERS, k=3)]
    results = map_results(towers[: chance.randint(0, 3)], 8)
    if chance.random() < 0.5:
        results = damaged(chance, results)
    whole = b"".join(_fragments(chance, results))
    return Said(
        to_bind=damaged(chance, accepted(chance.choice((1, 1, 1, 2)))) if chance.random() < 0.3 else accepted(),
        to_call=damaged(chance, whole) if chance.random() < 0.5 else whole,
    )


def _fragments(chance: random.Random, results: bytes) -> Sequence[bytes]:
    step = chance.choice((len(results), 5000, 40, 8, 1))
    cuts = range(0, len(results), max(1, step))
    parts = [results[at : at + step] for at in cuts] * chance.choice((1, 1, 1, 20))
    last = len(parts) - 1
    return [response(part, flags=(number == 0) + 2 * (number == last)) for number, part in enumerate(parts)]


async def tried(what: Said) -> None:
    """Ask the mapper as the probe does."""
    server, words = _Server(what.to_bind + what.to_call), ""
    try:
        await bind(server, [EMSMDB])
        found = registrations(await call(server, 0, MAP, question(EMSMDB)), EMSMDB)
    except RpcError as error:
        words = str(error)
    except _Gone:
        pass
    else:
        assert len(found) <= MAXIMUM_TOWERS, found
        assert all(0 < each.port < 65536 for each in found), found
    assert words.isprintable(), words
    assert len(words) < 100, words
    assert server.read <= MOST_READ, server.read
