"""Columns of short numbers: what comes back is what was packed, within a thousandth."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bascule.store.grids import FIGURES, Grid, joined, merged, pack, parts, rounded, short, single, unpack

cells = st.tuples(*[st.integers(0, 1 << 50)] * len(FIGURES))
grids = st.dictionaries(st.integers(0, 1 << 31), cells, max_size=5).map(single)
SEVEN = len(FIGURES)


@settings(deadline=None)
@given(st.integers(0, 1 << 57))
def test_a_number_keeps_three_places(value: int) -> None:
    """Exact to 1023, within a thousandth above; rounding twice is rounding once."""
    assert abs(rounded(value) - value) <= (0 if value < 1024 else value / 1000)
    assert rounded(rounded(value)) == rounded(value)


def test_what_is_no_count_is_none() -> None:
    """Neither less than nothing nor more than fits."""
    assert rounded(-5) == 0
    assert rounded(1 << 80) == rounded(1 << 70) > 1 << 57


@settings(max_examples=40, deadline=None)
@given(grids)
def test_a_grid_comes_back(grid: Grid) -> None:
    """Empty ones too."""
    back = unpack(pack(grid))
    assert (back.places, back.moments) == (grid.places, grid.moments)
    assert [[*column] for column in back.columns] == [[*column] for column in grid.columns]


def test_moments_are_joined() -> None:
    """Places that a moment lacks, and moments that lack, are nothing; of sessions the most counts, all else adds up."""
    first, third = single({7: (1,) * SEVEN, 8: (2,) * SEVEN}), single({8: (3,) * SEVEN})
    grid = joined({0: first, 2: third}, 3, (7, 8))
    assert dict(grid.of({8})) == {8: [[2, 0, 3]] * SEVEN}
    assert grid.cells() == {7: (1,) * SEVEN, 8: (5, 5, 5, 5, 5, 5, 3)}
    ((group, part),) = parts(grid, {8: [8, 9], 20: [20]})
    assert (group, part.places, dict(part.of({8}))) == (8, (8,), {8: [[2, 0, 3]] * SEVEN})


def test_two_of_the_same_time_add_up() -> None:
    """Of sessions the later says."""
    both = merged(single({7: (1,) * SEVEN, 8: (9,) * SEVEN}), single({7: (2,) * SEVEN}))
    assert both.cells() == {7: (3, 3, 3, 3, 3, 3, 2), 8: (9,) * SEVEN}


@pytest.mark.parametrize("packed", [b"", b"something else", zlib.compress(b"\1\0\0\0\1\0\0\0"), zlib.compress(b"abc")])
def test_what_was_never_packed_is_refused(packed: bytes) -> None:
    """However it is wrong."""
    with pytest.raises(ValueError, match=r"."):
        unpack(packed)


def test_a_number_that_none_of_ours_is_refused() -> None:
    """Rather than taken for another."""
    largest = Grid((1,), 1, tuple([0xFFFF] for _ in FIGURES))
    with pytest.raises(ValueError, match="too large"):
        unpack(pack(largest))


def test_what_rests_takes_next_to_nothing() -> None:
    """An hour of sixteen idle hosts is less than a hundred bytes; sixteen busy ones stay under eight bytes a moment."""
    idle = Grid(tuple(range(16)), 360, tuple([1] * (16 * 360) for _ in FIGURES))
    assert len(pack(idle)) < 200
    numbers = [short((number * 2_654_435_761) % 5_000_000) for number in range(16 * 60)]
    small = [number % 60 for number in numbers]
    busy = Grid(tuple(range(16)), 60, (small, numbers, numbers[::-1], [2] * 960, [2] * 960, small[::-1], small))
    assert len(pack(busy)) < 8 * 960
