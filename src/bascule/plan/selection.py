"""Which host takes which client: the kernel's hash, and the order of hosts behind each slot.

A client's address is hashed to one of `SLOTS` slots exactly as nftables does it, so that the kernel, the user-space
proxy and `bascule explain` name the same slot. Behind a slot stands an order of hosts that depends on the table's key,
the hosts' addresses and their weights alone: not on who is up, not on the node, not on the time. The first live host of
the order takes the slot. So a host that fails gives up its own slots only, spread over the others by weight, and gets
exactly those back.

Sources: `jhash` and `reciprocal_scale` of Linux (include/linux/jhash.h, include/linux/kernel.h); rendezvous hashing with
weights as in Schindelhauer and Schomaker, "Weighted distributed hash tables" (2005).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import shake_128
from math import log
from operator import itemgetter
from struct import Struct
from typing import Final

from bascule.config.model import Address

SLOTS: Final = 1024
"""Slots of a pool. Shares of two equal hosts differ by about 3 % (one standard deviation is 16 slots of 512)."""

_WORD: Final = 0xFFFFFFFF
_THREE_WORDS: Final = Struct("<III")
_KEY: Final = Struct(">I")
_PORT: Final = Struct(">H2x")
_DRAWS: Final = Struct(f">{SLOTS}Q")
_DRAW: Final = 8
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A host as selection sees it: where it is, and how much of the load it should take."""

    address: Address
    weight: int = 1
    """0 to `config.model.MAXIMUM_WEIGHT`; 0 takes no new clients."""


def slot_of(client: Address, *, key: int) -> int:
    """Return the slot of a client, as `jhash ip saddr mod 1024 seed KEY` computes it in the kernel."""
    return (_jhash(client.packed, seed=key) * SLOTS) >> 32


def slot_of_service(client: Address, listening: Address, port: int, *, key: int) -> int:
    """Return the slot of a client at one service, as `jhash ip saddr . ip daddr . tcp dport mod 1024 seed KEY` computes it.

    In a concatenation each field is padded with zero bytes to a multiple of four.
    """
    return (_jhash(client.packed + listening.packed + _PORT.pack(port), seed=key) * SLOTS) >> 32


def rank(candidates: Sequence[Candidate], *, key: int) -> Sequence[Sequence[Candidate]]:
    """Return, for each slot, the candidates that may take it, the first choice first.

    The order of any two candidates does not depend on the others, which is what keeps every other client in place when
    a host is added, removed, or fails.
    """
    weighted = [candidate for candidate in candidates if candidate.weight > 0]
    if not weighted:
        return [()] * SLOTS
    scores_by_slot = zip(*(_scores(candidate, key=key) for candidate in weighted), strict=True)
    return [
        tuple(candidate for _, candidate in sorted(zip(scores, weighted, strict=True), key=itemgetter(0)))
        for scores in scores_by_slot
    ]


def ranked(candidates: Sequence[Candidate], slot: int, *, key: int) -> Sequence[Candidate]:
    """Return what `rank` has for one slot, in a hundredth of its time."""
    weighted = [candidate for candidate in candidates if candidate.weight > 0]
    return sorted(weighted, key=lambda candidate: _score(_draw(candidate, slot, key=key), candidate.weight))


def deal(ranking: Sequence[Sequence[Candidate]], live: Collection[Address]) -> Sequence[Candidate | None]:
    """Return the candidate that takes each slot now; None where no candidate of the slot is live."""
    return [next((candidate for candidate in order if candidate.address in live), None) for order in ranking]


def _scores(candidate: Candidate, *, key: int) -> Sequence[float]:
    """Return the candidate's score for each slot; the smallest wins.

    A score is an exponential variate whose rate is the weight, so that a candidate wins in proportion to its weight.
    The variates come from one stream of SHAKE-128, eight bytes a slot.
    """
    draws = _DRAWS.unpack(shake_128(_KEY.pack(key) + candidate.address.packed).digest(_DRAWS.size))
    return [_score(draw, candidate.weight) for draw in draws]


def _draw(candidate: Candidate, slot: int, *, key: int) -> int:
    """Return the draw of a candidate for one slot."""
    stream = shake_128(_KEY.pack(key) + candidate.address.packed).digest((slot + 1) * _DRAW)
    return int.from_bytes(stream[-_DRAW:], "big")


def _score(draw: int, weight: int) -> float:
    return -log((draw + 0.5) / 2**64) / weight


def _jhash(data: bytes, *, seed: int) -> int:
    """Return Bob Jenkins' lookup3 hash of `data`, bit for bit as Linux computes it on a little-endian machine."""
    a = b = c = (0xDEADBEEF + len(data) + seed) & _WORD
    while len(data) > _THREE_WORDS.size:
        x, y, z = _THREE_WORDS.unpack_from(data)
        a, b, c = _mix((a + x) & _WORD, (b + y) & _WORD, (c + z) & _WORD)
        data = data[_THREE_WORDS.size :]
    if not data:
        return c
    x, y, z = _THREE_WORDS.unpack(data.ljust(_THREE_WORDS.size, b"\0"))
    return _final((a + x) & _WORD, (b + y) & _WORD, (c + z) & _WORD)


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    a = ((a - c) & _WORD) ^ _rotate(c, 4)
    c = (c + b) & _WORD
    b = ((b - a) & _WORD) ^ _rotate(a, 6)
    a = (a + c) & _WORD
    c = ((c - b) & _WORD) ^ _rotate(b, 8)
    b = (b + a) & _WORD
    a = ((a - c) & _WORD) ^ _rotate(c, 16)
    c = (c + b) & _WORD
    b = ((b - a) & _WORD) ^ _rotate(a, 19)
    a = (a + c) & _WORD
    c = ((c - b) & _WORD) ^ _rotate(b, 4)
    b = (b + a) & _WORD
    return a, b, c


def _final(a: int, b: int, c: int) -> int:
    c = ((c ^ b) - _rotate(b, 14)) & _WORD
    a = ((a ^ c) - _rotate(c, 11)) & _WORD
    b = ((b ^ a) - _rotate(a, 25)) & _WORD
    c = ((c ^ b) - _rotate(b, 16)) & _WORD
    a = ((a ^ c) - _rotate(c, 4)) & _WORD
    b = ((b ^ a) - _rotate(a, 14)) & _WORD
    return ((c ^ b) - _rotate(b, 24)) & _WORD


def _rotate(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (32 - bits))) & _WORD
