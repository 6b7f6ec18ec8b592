"""Medians and intervals say what rounds say, and the same each time."""

import random

import pytest

from bench.statistics import differences, estimate, quantile, ratios


def test_equal_rounds_leave_no_doubt() -> None:
    """Where every round gave the same, the interval is that value."""
    found = estimate([3.0] * 10)
    assert (found.median, found.low, found.high, found.rounds) == (3.0, 3.0, 3.0, 10)


def test_the_interval_holds_the_median_and_is_repeatable() -> None:
    """The same rounds always give the same interval, around their median and within what was measured."""
    values = [random.Random(7).gauss(100, 10) for _ in range(3)] + [90.0, 95.0, 100.0, 105.0, 110.0]
    first, again = estimate(values), estimate(list(values))
    assert first == again
    assert min(values) <= first.low <= first.median <= first.high <= max(values)


def test_the_interval_covers_the_true_median_about_nine_times_in_ten() -> None:
    """Over many runs of ten rounds the interval holds the true median nearly as often as it says."""
    draw = random.Random(11)
    hits = 0
    for _ in range(100):
        found = estimate([draw.gauss(50, 5) for _ in range(10)])
        hits += found.low <= 50 <= found.high
    assert hits >= 78


def test_no_rounds_have_no_median() -> None:
    """To ask for the median of nothing is a bug."""
    with pytest.raises(ValueError, match="no rounds"):
        estimate([])


def test_a_quantile_is_a_value_that_occurred() -> None:
    """The nearest rank, also at the very end."""
    ordered = [float(n) for n in range(1000)]
    assert [quantile(ordered, share) for share in (0.5, 0.99, 0.999, 1.0)] == [500.0, 990.0, 999.0, 999.0]


def test_rounds_are_compared_one_by_one() -> None:
    """A round that was slow for both does not count; one whose divisor is nothing is left out."""
    assert ratios([2.0, 20.0, 5.0], [1.0, 10.0, 0.0]) == [2.0, 2.0]
    assert differences([5.0, 8.0], [1.0, 2.0]) == [4.0, 6.0]
