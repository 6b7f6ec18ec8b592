"""Whether a share has come to a level, told once: it must fall well below before it counts as below. Pure."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

SLACK = 0.05
"""By how much a share must fall below a level to have left it."""

Thing = TypeVar("Thing")


def level(share: float, levels: Sequence[float], before: int) -> int:
    """Return how many of the levels, in rising order, a share has come to; `before` is what this returned last."""
    reached = sum(share >= each for each in levels)
    kept = sum(share >= each - SLACK for each in levels)
    return max(reached, min(before, kept))


def levels_of(shares: Mapping[Thing, float], levels: Sequence[float], before: Mapping[Thing, int]) -> Mapping[Thing, int]:
    """Return the level of each thing that has come to any."""
    now = {thing: level(share, levels, before.get(thing, 0)) for thing, share in shares.items()}
    return {thing: reached for thing, reached in now.items() if reached}
