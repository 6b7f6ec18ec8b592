"""Figures at three finenesses, each as bounded as it says: what comes is kept by ten seconds, ten minutes and days.

A moment comes as one row of all places. When a block of moments is over, it is turned: the hosts of each relay get a row,
and so do all sums, so that a drawing reads a row or two for each block; and all of it together becomes one moment of the
next tier.
"""

import json
import sqlite3
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from bascule.store.database import Database
from bascule.store.grids import Cell, Grid, joined, merged, pack, parts, single, unpack

DAY: Final = 86_400
YEAR: Final = 365 * DAY

AHEAD: Final = DAY
"""Seconds that a moment may lie in the future: a clock that was wrong and is set right leaves such ones behind."""


class Tier(NamedTuple):
    """One fineness."""

    number: int
    step: int
    """Seconds of a moment."""
    moments: int
    """Of a block."""
    kept: int
    """Seconds."""
    most: int
    """Bytes of all blocks; where there would be more, the oldest go."""

    @property
    def span(self) -> int:
        """Return the seconds of a block, which is a moment of the next tier."""
        return self.step * self.moments


TIERS: Final = (
    Tier(0, 10, 60, DAY, 300_000_000),
    Tier(1, 600, 144, YEAR, 650_000_000),
    Tier(2, DAY, 64, YEAR, 20_000_000),
)

TABLES: Final = (
    """
    CREATE TABLE recent (
        tier INTEGER NOT NULL,
        at INTEGER NOT NULL,
        packed BLOB NOT NULL,
        UNIQUE (tier, at)
    ) STRICT
    """,
    "CREATE TABLE blocks (id INTEGER PRIMARY KEY, packed BLOB NOT NULL) STRICT",
    """
    CREATE TABLE sizes (
        tier INTEGER NOT NULL,
        block INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (tier, block)
    ) STRICT, WITHOUT ROWID
    """,
)

_TIER: Final = 60
_BLOCK: Final = 32
_ROW: Final = 40
"""Bytes that a row takes beside what it holds, and a share of a page that is not full."""

_KEEP: Final = "INSERT INTO recent (tier, at, packed) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET packed = excluded.packed"
_KEEP_BLOCK: Final = "INSERT INTO blocks (id, packed) VALUES (?, ?) ON CONFLICT DO UPDATE SET packed = excluded.packed"
_KEEP_SIZE: Final = "INSERT INTO sizes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes"


class Run(NamedTuple):
    """What one place carried over some moments in a row."""

    at: int
    """When the first begins, a Unix time."""
    step: int
    columns: Sequence[Sequence[int]]
    """See `grids.FIGURES`."""


def keep(change: sqlite3.Connection, at: int, cells: Mapping[int, Cell], groups: Mapping[int, Sequence[int]]) -> bool:
    """Add the moment that begins at a Unix time, and forget what is too old, or too much; return whether a day was over.

    `groups` are the places that lie together, by the place that names the group.
    """
    finest = TIERS[0]
    _append(change, finest, at - at % finest.step, single(cells))
    turned = [_turn(change, tier, at, groups) for tier in TIERS]
    if turned[0]:
        for tier in TIERS:
            _forget(change, tier, at)
    return turned[1]


def reach(database: Database, tier: Tier, now: int) -> int:
    """Return the Unix time that a tier reaches back to, whether or not anything was measured then. Raises MachineError."""
    query = "SELECT coalesce(sum(bytes), 0), coalesce(min(block), 0) FROM sizes WHERE tier = ?"
    ((size, block),) = database.read(query, (tier.number,))
    since = now - tier.kept - tier.span
    return max(since, block * tier.span) if size > tier.most // 2 else since


def runs(
    database: Database, tier: Tier, since: int, until: int, wanted: Mapping[int, Sequence[int]]
) -> Iterator[tuple[int, Run]]:
    """Yield what places carried, in no order, each run with its place; `wanted` are places by their group.

    Runs may begin before `since` and end after `until`. Raises MachineError, and ValueError for what we never wrote.
    """
    blocks = range(since // tier.span, -(-until // tier.span))
    for group, places in wanted.items():
        ids = {_id(tier, block, group): block for block in blocks}
        query = "SELECT blocks.id, packed FROM json_each(?) AS asked JOIN blocks ON blocks.id = asked.value"
        for number, packed in database.read(query, (json.dumps([*ids]),)):
            yield from _runs(unpack(packed), ids[number] * tier.span, tier.step, places)
    all_of_them = frozenset(place for places in wanted.values() for place in places)
    recent = "SELECT tier, at, packed FROM recent WHERE tier <= ? AND at >= ? AND at < ?"
    for number, at, packed in database.read(recent, (tier.number, since, until)):
        yield from _runs(unpack(packed), at, TIERS[number].step, all_of_them)


def _runs(grid: Grid, at: int, step: int, places: Container[int]) -> Iterator[tuple[int, Run]]:
    for place, columns in grid.of(places):
        yield place, Run(at, step, columns)


def _id(tier: Tier, block: int, group: int) -> int:
    return tier.number << _TIER | block << _BLOCK | group


def _append(change: sqlite3.Connection, tier: Tier, at: int, grid: Grid) -> None:
    found = change.execute("SELECT packed FROM recent WHERE tier = ? AND at = ?", (tier.number, at)).fetchone()
    whole = grid if found is None else merged(unpack(found[0]), grid)
    change.execute(_KEEP, (tier.number, at, pack(whole)))


def _turn(change: sqlite3.Connection, tier: Tier, now: int, groups: Mapping[int, Sequence[int]]) -> bool:
    """Turn the blocks of a tier that are over; return whether there was one."""
    over = now - now % tier.span
    rows = change.execute("SELECT at, packed FROM recent WHERE tier = ? AND at < ?", (tier.number, over)).fetchall()
    blocks: dict[int, dict[int, Grid]] = {}
    for at, packed in rows:
        blocks.setdefault(at // tier.span, {})[at % tier.span // tier.step] = unpack(packed)
    for block, singles in blocks.items():
        places = dict.fromkeys(place for grid in singles.values() for place in grid.places)
        grid = joined(singles, tier.moments, places)
        size = 0
        for group, part in parts(grid, groups):
            number = _id(tier, block, group)
            found = change.execute("SELECT packed FROM blocks WHERE id = ?", (number,)).fetchone()
            packed = pack(part if found is None else merged(unpack(found[0]), part))
            change.execute(_KEEP_BLOCK, (number, packed))
            size += len(packed) + _ROW
        change.execute(_KEEP_SIZE, (tier.number, block, size))
        if tier is not TIERS[-1]:
            _append(change, TIERS[tier.number + 1], block * tier.span, single(grid.cells()))
    change.execute("DELETE FROM recent WHERE tier = ? AND at < ?", (tier.number, over))
    return bool(blocks)


def _forget(change: sqlite3.Connection, tier: Tier, now: int) -> None:
    """Forget what is too old, what a wrong clock left in the future, and the oldest of what is too much."""
    first, last = (now - tier.kept) // tier.span, (now + AHEAD) // tier.span
    sizes = change.execute("SELECT block, bytes FROM sizes WHERE tier = ? ORDER BY block DESC", (tier.number,)).fetchall()
    size = 0
    for block, its in sizes:
        size += its
        if not first <= block <= last or size > tier.most:
            change.execute("DELETE FROM blocks WHERE id >= ? AND id < ?", (_id(tier, block, 0), _id(tier, block + 1, 0)))
            change.execute("DELETE FROM sizes WHERE tier = ? AND block = ?", (tier.number, block))
    change.execute("DELETE FROM recent WHERE tier = ? AND at > ?", (tier.number, now + AHEAD))
