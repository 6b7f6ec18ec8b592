"""Medians of rounds, and how sure they are. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

RESAMPLES: Final = 2000
SEED: Final = 1
"""The bootstrap draws the same each time: the same rounds always give the same interval."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A median and its 90 % bootstrap interval."""

    median: float
    low: float
    high: float
    rounds: int


def estimate(values: Sequence[float]) -> Estimate:
    """Return the median of rounds, with its 90 % percentile bootstrap interval (Efron 1979).

    Raises ValueError where there is no round.
    """
    if not values:
        raise ValueError("no rounds, no median")
    draw = random.Random(SEED)
    medians = sorted(median(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return Estimate(median(values), quantile(medians, 0.05), quantile(medians, 0.95), len(values))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which that share of ordered values lies: the nearest rank, never one that did not occur."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def ratios(above: Sequence[float], below: Sequence[float]) -> Sequence[float]:
    """Return the quotients of two contenders' rounds, round by round: what troubles a whole round cancels out.

    Rounds in which the divisor is not above zero say nothing and are left out.
    """
    return [one / other for one, other in zip(above, below, strict=True) if other > 0]


def differences(values: Sequence[float], without: Sequence[float]) -> Sequence[float]:
    """Return what a contender costs over the same without it, round by round."""
    return [one - other for one, other in zip(values, without, strict=True)]
