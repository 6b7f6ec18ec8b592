"""Round numbers and round times, and how figures are written."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bascule.web.charts.scale import Unit, heights, times, top, written

SINCE = datetime(2026, 3, 1, 10, 17, tzinfo=UTC)


@settings(deadline=None)
@given(st.floats(0, 1e15), st.sampled_from(sorted(set(Unit) - {Unit.PERCENT}, key=lambda unit: unit.name)))
def test_a_height_holds_the_largest(largest: float, unit: Unit) -> None:
    """And is at most twice as much, cut into a few parts of which the last is the height itself."""
    height = top(largest, unit)
    assert largest <= height * (1 + 1e-6)
    assert height <= max(4.0, 2 * largest)
    lines = heights(largest, unit)
    assert 1 <= len(lines) <= 5
    assert lines[-1].place == pytest.approx(1)
    assert [line.place for line in lines] == sorted(line.place for line in lines)


@pytest.mark.parametrize(
    ("largest", "unit", "words"),
    [
        (0, Unit.COUNT, ["1"]),
        (3, Unit.COUNT, ["1", "2", "3"]),
        (420, Unit.COUNT, ["200", "400", "600"]),
        (5_300, Unit.COUNT, ["2 k", "4 k", "6 k"]),
        (3_000_000, Unit.BYTES, ["1 MiB/s", "2 MiB/s", "3 MiB/s"]),
        (0.7, Unit.MILLISECONDS, ["0.2 ms", "0.4 ms", "0.6 ms", "0.8 ms"]),
        (97, Unit.PERCENT, ["25 %", "50 %", "75 %", "100 %"]),
        (12, Unit.RATE, ["5/s", "10/s", "15/s"]),
    ],
)
def test_lines_stand_at_round_numbers(largest: float, unit: Unit, words: Sequence[str]) -> None:
    """Of bytes at round numbers of what they are counted in."""
    assert [tick.words for tick in heights(largest, unit)] == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0, Unit.COUNT, "0"),
        (1234, Unit.COUNT, "1.23 k"),
        (999.6, Unit.RATE, "1000/s"),
        (1_500_000, Unit.RATE, "1.5 M/s"),
        (512, Unit.BYTES, "512 B/s"),
        (1024, Unit.BYTES, "1 KiB/s"),
        (12.34, Unit.MILLISECONDS, "12.3 ms"),
        (99.999, Unit.PERCENT, "99.99 %"),
        (100, Unit.PERCENT, "100 %"),
    ],
)
def test_figures_have_three_digits(value: float, unit: Unit, words: str) -> None:
    """And nothing is all of it that is not."""
    assert written(value, unit) == words


@pytest.mark.parametrize(
    ("span", "first", "step"),
    [
        (timedelta(hours=1), "10:20", timedelta(minutes=10)),
        (timedelta(days=1), "12:00", timedelta(hours=4)),
        (timedelta(days=7), "2 Mar", timedelta(days=1)),
    ],
)
def test_times_are_round(span: timedelta, first: str, step: timedelta) -> None:
    """Whatever time the drawing begins at, and never so many that they meet."""
    ticks = list(times(SINCE, SINCE + span))
    assert ticks[0].words == first
    assert 3 <= len(ticks) <= 8
    steps = [(after.place - before.place) * (span / step) for before, after in pairwise(ticks)]
    assert steps == pytest.approx([1] * len(steps))


def test_a_year_has_months() -> None:
    """Each at its first day."""
    assert [tick.words for tick in times(SINCE, SINCE + timedelta(days=365))] == [
        *("Apr", "Jun", "Aug", "Oct", "Dec", "Feb"),
    ]
