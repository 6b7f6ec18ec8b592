"""The first of very many sessions, found without decoding the rest. Pure.

As in `census`: sessions of one mark, path and state are alike, so that of each message only what makes them alike, and what
they are ordered by, is cut out; the first of each kind and those that are wanted are decoded.
"""

import heapq
from collections.abc import Callable, Sequence
from enum import Enum
from struct import Struct
from typing import Final, NamedTuple

from bascule.system.census import BODY, HEAD, TOLD, layout_of
from bascule.system.ctnetlink import Session, session

_SPARE: Final = 4
"""How many times as many candidates are kept as are wanted, until they are sifted."""


class By(Enum):
    """What comes first."""

    AGE = "age"
    """The oldest; before them those of which the kernel did not note it."""
    BYTES = "bytes"
    """Those that have carried most, both ways together."""


_Kind = tuple[int, bytes, bytes, bytes, bytes, bytes, bytes]
_Candidate = tuple[int, int, bytes]


class Order(NamedTuple):
    """Which sessions somebody wants to see."""

    by: By
    limit: int
    """How many at most."""
    wanted: Callable[[Session], bool]
    """Which at all; asked of one session of each kind: it may go by mark, state, host and source."""


class Foremost:
    """Sifts the messages of one dump: `add` what comes, then take the `sessions`; `total` is how many were wanted."""

    def __init__(self, order: Order) -> None:
        self.total = 0
        self._by_age = order.by is By.AGE
        self._limit = order.limit
        self._wanted = order.wanted
        self._layouts: dict[int, Struct | None] = {}
        self._kinds: dict[_Kind, bool] = {}
        self._candidates: list[_Candidate] = []
        self._worst: int | None = None
        """No session with a higher rank is among the first."""

    def add(self, data: bytes) -> None:
        """Take what a netlink socket received; what tells of no session is passed over."""
        layouts, kinds, head, number, by_age = self._layouts, self._kinds, HEAD.unpack_from, int.from_bytes, self._by_age
        offset, end = 0, len(data)
        while offset + BODY <= end:
            length, kind = head(data, offset)
            if length < BODY or offset + length > end:
                return
            if kind == TOLD:
                layout = layouts.get(length)
                if layout is None:
                    self._meet(length, data[offset + BODY : offset + length])
                else:
                    path, one, two, first, sent, second, got, third, at = layout.unpack_from(data, offset + BODY)
                    wanted = kinds.get((length, path, one, two, first, second, third))
                    if wanted is None:
                        self._meet(length, data[offset + BODY : offset + length])
                    elif wanted:
                        self.total += 1
                        rank = number(at, "big") if by_age else -number(sent, "big") - number(got, "big")
                        if self._worst is None or rank < self._worst:
                            self._keep(rank, data[offset + BODY : offset + length])
            offset += (length + 3) & ~3

    def sessions(self) -> Sequence[Session]:
        """Return the first of them, in their order."""
        self._sift()
        found = (session(memoryview(told)) for _, _, told in self._candidates)
        return [each for each in found if each is not None]

    def _meet(self, length: int, told: bytes) -> None:
        """Take a session of a kind that was not met before, or that is laid out like no other of its length."""
        found, layout = session(memoryview(told)), layout_of(told)
        if found is None:
            return
        wanted = self._wanted(found)
        known = self._layouts.setdefault(length, layout)
        if layout is not None and known is not None and known.format == layout.format:
            path, one, two, first, _, second, _, third, _ = layout.unpack_from(told)
            self._kinds[length, path, one, two, first, second, third] = wanted
        if wanted:
            self.total += 1
            self._keep(found.started if self._by_age else -found.from_client - found.from_host, told)

    def _keep(self, rank: int, told: bytes) -> None:
        if self._limit:
            self._candidates.append((rank, self.total, told))
            if len(self._candidates) >= _SPARE * self._limit:
                self._sift()

    def _sift(self) -> None:
        """Leave the first alone, earlier messages before later ones of the same rank."""
        self._candidates = heapq.nsmallest(self._limit, self._candidates)
        if len(self._candidates) == self._limit and self._limit:
            self._worst = self._candidates[-1][0]
