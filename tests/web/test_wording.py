"""Numbers and times as pages write them."""

from datetime import UTC, datetime

import pytest

from bascule.web.wording import NOTHING, moment, percent, rate, size, span


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1400, "1.4 kB"), (14_000, "14 kB"), (2_500_000, "2.5 MB"), (3e18, "3000 PB")],
)
def test_bytes_have_the_unit_that_reads_best(count: float, words: str) -> None:
    """With a digit behind the point where there is one before it."""
    assert size(count) == words


@pytest.mark.parametrize(("count", "words"), [(0, "0/s"), (0.3, "0.3/s"), (12.4, "12/s"), (12345, "12,345/s")])
def test_rates_are_exact_where_they_are_small(count: float, words: str) -> None:
    """And whole where they are not."""
    assert rate(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(-1, "0 s"), (59.9, "59 s"), (60, "1 min"), (11_520, "3 h 12 min"), (90_000, "1 d 1 h")]
)
def test_times_have_their_two_largest_units(seconds: float, words: str) -> None:
    """And no more."""
    assert span(seconds) == words


def test_what_is_not_there_is_a_dash() -> None:
    """Never the word None."""
    assert percent(None) == moment(None) == NOTHING
    assert percent(99.5) == "99.50 %"
    assert moment(datetime(2026, 3, 1, 12, 30, tzinfo=UTC)) == "2026-03-01 12:30:00"
