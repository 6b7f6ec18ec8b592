"""A line of blocks says how numbers went."""

from bascule.cli.sparkline import sparkline


def test_the_largest_is_the_highest() -> None:
    """Nothing is the lowest, a little is more than nothing, and what is not known is blank."""
    assert sparkline([0, 1, 400, 800, None, 0]) == "▁▂▅█ ▁"


def test_nothing_at_all() -> None:
    """Is flat."""
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([None, None]) == "  "
    assert sparkline([]) == ""
