"""The kernel's table of sessions, added up in one pass that decodes hardly any of them. Pure.

Sessions of one mark, path and state are alike but for their clients and bytes. Of each message only what makes them alike
is cut out, at places that the first one of its length has shown, and the first of each kind alone is decoded. That makes it
cheap enough for once a second.
"""

import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from itertools import pairwise
from struct import Struct
from sys import byteorder
from typing import Final, NamedTuple, Self

from bascule.system.ctnetlink import (
    CONNTRACK,
    FROM_CLIENT,
    FROM_HOST,
    MARK,
    PATH,
    PROTOCOL_INFO,
    TIMESTAMP,
    Session,
    places,
    session,
)

TOLD: Final = CONNTRACK  # IPCTNL_MSG_CT_NEW: what a dump consists of
HEAD: Final = Struct("=IH")
BODY: Final = 20
"""Where a session begins, behind nlmsghdr and nfgenmsg."""

_STATE_END: Final = 9
"""Of the value of CTA_PROTOINFO: the heads of CTA_PROTOINFO_TCP and of the state, and the state."""

_BYTES: Final = 16
"""Where the bytes stand in the value of a counter: behind the packets and two heads."""

_STARTED: Final = 4
"""Where the beginning stands in the value of CTA_TIMESTAMP: behind its head."""


class Path(NamedTuple):
    """What a port of ours must be the only one of: sessions from one source to one place."""

    source: bytes
    """The address that the host sees, packed."""
    host: bytes
    """Packed."""
    host_port: int
    protocol: int

    def __str__(self) -> str:
        return f"from {ip_address(self.source)} to {ip_address(self.host)} port {self.host_port}"


@dataclass(frozen=True, slots=True)
class Tally:
    """What sessions come to."""

    known: int = 0
    """All that are in the table, those included that have ended and are only remembered."""
    living: int = 0
    half_open: int = 0
    """Those that live, and that are not agreed upon yet (TCP)."""
    from_client: int = 0
    from_host: int = 0
    """Bytes of all that are known, since none of them has been told as ended."""
    begun: int = 0
    """Those of the known that began after the time that was asked for."""

    def __add__(self, other: Self) -> "Tally":
        return Tally(
            self.known + other.known,
            self.living + other.living,
            self.half_open + other.half_open,
            self.from_client + other.from_client,
            self.from_host + other.from_host,
            self.begun + other.begun,
        )


@dataclass(frozen=True)
class Census:
    """The sessions of one moment."""

    marks: Mapping[int, Tally] = field(default_factory=dict)
    paths: Mapping[tuple[int, Path], int] = field(default_factory=dict)
    """How many are known, by mark and path: so many ports of the source are taken there."""
    newest: int = 0
    """When the last of them began: nanoseconds since 1970 by the kernel's clock, 0 where it does not say."""

    @cached_property
    def living(self) -> Mapping[int, int]:
        """Return how many live, by mark."""
        return {mark: tally.living for mark, tally in self.marks.items()}


_Alike = tuple[bytes, ...]


class Counting:
    """Adds up the messages of one dump: `add` what comes, then take the `census`.

    `since` is the time after which a session counts as begun: nanoseconds since 1970 by the kernel's clock.
    """

    def __init__(self, *, since: int = 0) -> None:
        self._since, self._newest = since, 0
        self._layouts: dict[int, Struct | None] = {}
        self._sums: dict[_Alike, list[int]] = {}
        self._firsts: dict[_Alike, Session] = {}
        self._odd: list[Session] = []
        """Those whose message is laid out in another way than the first one of its length."""

    def add(self, data: bytes) -> None:
        """Take what a netlink socket received; what tells of no session is passed over."""
        layouts, sums, head, number = self._layouts, self._sums, HEAD.unpack_from, int.from_bytes
        since, newest = self._since, self._newest
        offset, end = 0, len(data)
        while offset + BODY <= end:
            length, kind = head(data, offset)
            if length < BODY or offset + length > end:
                return
            if kind == TOLD:
                layout = layouts.get(length)
                if layout is None:
                    self._meet(data[offset + BODY : offset + length])
                else:
                    path, one, two, first, sent, second, got, third, at = layout.unpack_from(data, offset + BODY)
                    known = sums.get((path, one, two, first, second, third))
                    if known is None:
                        self._meet(data[offset + BODY : offset + length])
                    else:
                        known[0] += 1
                        known[1] += number(sent, "big")
                        known[2] += number(got, "big")
                        started = number(at, "big")
                        if started > since:
                            known[3] += 1
                            newest = max(newest, started)
            offset += (length + 3) & ~3
        self._newest = max(self._newest, newest)

    def census(self) -> Census:
        """Return what all of it comes to."""
        marks: dict[int, Tally] = {}
        paths: Counter[tuple[int, Path]] = Counter()
        odd = [(each, [1, each.from_client, each.from_host, int(each.started > self._since)]) for each in self._odd]
        alike = [(self._firsts[key], sums) for key, sums in self._sums.items()]
        for like, (known, from_client, from_host, begun) in (*alike, *odd):
            living = known if like.living else 0
            half_open = living if like.protocol == socket.IPPROTO_TCP and not like.established else 0
            marks[like.mark] = marks.get(like.mark, Tally()) + Tally(
                known, living, half_open, from_client, from_host, begun
            )
            paths[like.mark, Path(like.source, like.host, like.host_port, like.protocol)] += known
        return Census(marks, paths, self._newest)

    def _meet(self, told: bytes) -> None:
        """Take a session of a kind that was not met before."""
        found, layout = session(memoryview(told)), layout_of(told)
        if found is None:
            return
        self._newest = max(self._newest, found.started)
        known = self._layouts.setdefault(BODY + len(told), layout)
        if layout is None or known is None or known.format != layout.format:
            self._odd.append(found)
        else:
            path, one, two, first, _, second, _, third, _ = layout.unpack_from(told)
            alike = path, one, two, first, second, third
            self._firsts[alike] = found
            self._sums[alike] = [1, found.from_client, found.from_host, int(found.started > self._since)]


def layout_of(told: bytes) -> Struct | None:
    """Return what cuts a message: the path, mark and state, then the bytes each way and the beginning behind their heads.

    What is not there has no length; None where the parts come in another order. Each part but the bytes begins with a head,
    so that another kind of message is told by it.
    """
    tuples = PATH.get(int.from_bytes(told[:2], byteorder))
    if tuples is None:
        return None
    start, length = tuples
    found = places(memoryview(told), start * 2, len(told))
    alike = [(found[MARK][0] - 4, 8)] if MARK in found else []
    alike += [(found[PROTOCOL_INFO][0] - 4, 4 + _STATE_END)] if PROTOCOL_INFO in found else []
    end = len(told)
    cuts = [(start, length), *sorted([*alike, *[(start + length, 0)] * (2 - len(alike))])]
    for kind, behind in ((FROM_CLIENT, _BYTES), (FROM_HOST, _BYTES), (TIMESTAMP, _STARTED)):
        at = found[kind][0] + behind if kind in found else end
        cuts += [(at - 4, 4), (at, 8)] if kind in found else [(end, 0), (end, 0)]
    gaps = [after - at - size for (at, size), (after, _) in pairwise([(0, 0), *cuts])]
    if min(gaps) < 0 or cuts[-1][0] + cuts[-1][1] > end:
        return None
    return Struct("=" + "".join(f"{gap}x{size}s" for gap, (_, size) in zip(gaps, cuts, strict=True)))
