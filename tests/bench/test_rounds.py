"""Contenders take turns."""

from bench.rounds import turns


def test_every_second_round_goes_backwards() -> None:
    """A B C, C B A: a machine that warms up favours nobody."""
    assert list(turns("ABC", 3)) == [
        (0, "A"),
        (0, "B"),
        (0, "C"),
        (1, "C"),
        (1, "B"),
        (1, "A"),
        (2, "A"),
        (2, "B"),
        (2, "C"),
    ]
