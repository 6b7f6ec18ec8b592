"""A number is what somebody wrote, whole, or none."""

import pytest

from bascule.web.numbers import number_in


@pytest.mark.parametrize(("words", "number"), [("1", 1), ("007", 7), ("999", 999), ("0000000012", 12)])
def test_a_number_within_its_bounds(words: str, number: int) -> None:
    """Zeros may come first."""
    assert number_in(words, 1, 999) == number


@pytest.mark.parametrize("words", ["", "0", "1000", "-1", "1.0", "1e2", " 1", "٣", "²", "0000000001999", f"1{'0' * 5000}"])
def test_everything_else_is_none(words: str) -> None:
    """Also what begins like one, and what Python would not read."""
    assert number_in(words, 1, 999) is None
