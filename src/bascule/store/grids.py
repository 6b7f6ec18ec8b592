"""What many places carried over some time, as a few bytes: columns of short numbers, compressed. Pure.

Four thousand places all busy take about six bytes for each of them and each moment; those that rest take next to none.
"""

import sys
import zlib
from array import array
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

Cell: TypeAlias = tuple[int, ...]
"""What one place carried in one moment, a number for each of `FIGURES`."""

FIGURES: Final = ("opened", "from_client", "from_host", "checks", "ups", "took", "sessions")
"""The columns. All but the last add up; of that the most counts, and it is one more than it says: 0 is not measured."""

SESSIONS: Final = len(FIGURES) - 1

_MANTISSA: Final = 10
_EXPONENTS: Final = 48
_LARGEST: Final = (1 << _MANTISSA) - 1 << _EXPONENTS
_VALUES: Final = tuple((code & (1 << _MANTISSA) - 1) << (code >> _MANTISSA) for code in range(_EXPONENTS + 1 << _MANTISSA))
_BYTES: Final = 2
_LEVEL: Final = 6
_MOST_BYTES: Final = 1 << 28
"""Of a grid that is unpacked: more than any of ours."""


def short(value: int) -> int:
    """Return a count as 16 bits: exact to 1023, above that the nearest of a thousand steps for each doubling."""
    if value < 1 << _MANTISSA:
        return max(0, value)
    value = min(value, _LARGEST)
    shift = value.bit_length() - _MANTISSA
    rounded = (value + (1 << shift - 1)) >> shift
    if rounded >> _MANTISSA:
        shift, rounded = shift + 1, rounded >> 1
    return min(shift << _MANTISSA | rounded, len(_VALUES) - 1)


def rounded(value: int) -> int:
    """Return a count as it comes back after it was packed: within 0.1 %."""
    return _VALUES[short(value)]


class Grid(NamedTuple):
    """Columns of `len(places) * moments` short numbers, those of one place behind each other."""

    places: tuple[int, ...]
    moments: int
    columns: tuple[Sequence[int], ...]

    def of(self, places: Container[int]) -> Iterator[tuple[int, Sequence[Sequence[int]]]]:
        """Yield those of these places that it has, each with its own columns, as counts."""
        for index, place in enumerate(self.places):
            if place in places:
                begin = index * self.moments
                yield place, [_counts(column[begin : begin + self.moments]) for column in self.columns]

    def cells(self) -> Mapping[int, Cell]:
        """Return what each place carried in all the moments together."""
        edges = range(0, len(self.places) * self.moments + 1, self.moments)
        columns = [
            [(max if figure == SESSIONS else sum)(counts[begin:end]) for begin, end in pairwise(edges)]
            for figure, counts in enumerate(map(_counts, self.columns))
        ]
        return dict(zip(self.places, zip(*columns, strict=True), strict=True))


def single(cells: Mapping[int, Cell]) -> Grid:
    """Return one moment of these places."""
    columns = [list(map(short, column)) for column in zip(*cells.values(), strict=True)] or [[]] * len(FIGURES)
    return Grid(tuple(cells), 1, tuple(columns))


def joined(singles: Mapping[int, Grid], moments: int, places: Iterable[int]) -> Grid:
    """Return moments, by their number from 0 on, as one grid of these places; zeros where there is none."""
    wanted = tuple(places)
    nothing = (0,) * len(wanted)
    rows: list[Sequence[Sequence[int]]] = []
    for moment in range(moments):
        grid = singles.get(moment)
        rows.append([nothing] * len(FIGURES) if grid is None else _picked(grid, wanted))
    return Grid(wanted, moments, tuple(_turned([row[figure] for row in rows]) for figure in range(len(FIGURES))))


def merged(first: Grid, second: Grid) -> Grid:
    """Return what two grids of as many moments hold together; of sessions what the second says, where it does."""
    columns: dict[int, Sequence[Sequence[int]]] = dict(first.of(frozenset(first.places)))
    for place, more in second.of(frozenset(second.places)):
        before = columns.get(place)
        columns[place] = more if before is None else _together(before, more)
    flat = ([number for of in columns.values() for number in of[figure]] for figure in range(len(FIGURES)))
    return Grid(tuple(columns), first.moments, tuple([short(number) for number in column] for column in flat))


def parts(grid: Grid, groups: Mapping[int, Iterable[int]]) -> Iterator[tuple[int, Grid]]:
    """Yield each group of places as a grid of its own; places that the grid lacks are left out."""
    begins = {place: index * grid.moments for index, place in enumerate(grid.places)}
    for group, places in groups.items():
        found = [place for place in places if place in begins]
        columns: list[list[int]] = [[] for _ in FIGURES]
        for place in found:
            for mine, all_of_them in zip(columns, grid.columns, strict=True):
                mine.extend(all_of_them[begins[place] : begins[place] + grid.moments])
        if found:
            yield group, Grid(tuple(found), grid.moments, tuple(columns))


def pack(grid: Grid) -> bytes:
    """Return a grid as bytes."""
    head = array("I", (len(grid.places), grid.moments, *grid.places))
    planes = []
    for column in grid.columns:
        shorts = array("H", column)
        if sys.byteorder == "big":
            shorts.byteswap()
        whole = shorts.tobytes()
        planes += [whole[place::_BYTES] for place in range(_BYTES)]  # bytes that are alike lie together
    if sys.byteorder == "big":
        head.byteswap()
    return zlib.compress(b"".join((head.tobytes(), *planes)), _LEVEL)


def unpack(packed: bytes) -> Grid:
    """Return a grid as it was. Raises ValueError for what was never packed."""
    try:
        stream = zlib.decompressobj()
        whole = stream.decompress(packed, _MOST_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    count, moments = _numbers("I", whole[:8])
    begin = 8 + 4 * count
    size = count * moments
    if len(whole) != begin + _BYTES * size * len(FIGURES):
        raise ValueError("a grid is not as long as it says")
    columns = []
    for place in range(begin, len(whole), _BYTES * size) if size else ():
        mixed = bytearray(_BYTES * size)
        for plane in range(_BYTES):
            mixed[plane::_BYTES] = whole[place + plane * size : place + (plane + 1) * size]
        column = _numbers("H", bytes(mixed))
        if max(column) >= len(_VALUES):
            raise ValueError("a number is too large")
        columns.append(column)
    return Grid(tuple(_numbers("I", whole[8:begin])), moments, tuple(columns) or ((),) * len(FIGURES))


def _together(before: Sequence[Sequence[int]], more: Sequence[Sequence[int]]) -> Sequence[Sequence[int]]:
    pairs = [list(zip(*both, strict=True)) for both in zip(before, more, strict=True)]
    return [*([a + b for a, b in column] for column in pairs[:SESSIONS]), [b or a for a, b in pairs[SESSIONS]]]


def _counts(shorts: Sequence[int]) -> Sequence[int]:
    return [_VALUES[each] for each in shorts]


def _numbers(code: str, whole: bytes) -> "array[int]":
    found = array(code)
    found.frombytes(whole)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def _picked(single: Grid, wanted: tuple[int, ...]) -> Sequence[Sequence[int]]:
    if single.places == wanted:
        return single.columns
    where = {place: index for index, place in enumerate(single.places)}
    indices = [where.get(place) for place in wanted]
    return [[0 if index is None else column[index] for index in indices] for column in single.columns]


def _turned(rows: Sequence[Sequence[int]]) -> Sequence[int]:
    return [number for place in zip(*rows, strict=True) for number in place]
