"""Judges rounds by targets: a target holds when the whole interval does. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bench.figures import Figure, Rounds
from bench.statistics import Estimate, differences, estimate, ratios


class Verdict(StrEnum):
    """What rounds say of a target."""

    HOLDS = "holds"
    MISSED = "missed"
    OPEN = "open: the interval reaches across"
    UNKNOWN = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bound for one contender's figure, by itself or beside others'."""

    title: str
    contender: str
    figure: Figure
    bound: float
    at_least: bool = False
    """Whether the figure must be so much at least; else at most."""
    beside: Sequence[str] = ()
    """Whose figure divides it, the best of them; where there is none the figure itself is judged."""
    without: str = ""
    """What both cost over: the contender whose rounds are taken from theirs; empty for the figure as it is."""
    every_round: bool = False
    """Whether the worst round counts, not the median: for what must never happen."""
    unjudged: str = ""
    """Why it is printed and not judged; empty where it is judged."""


@dataclass(frozen=True, slots=True)
class Row:
    """A target and what came out."""

    target: Target
    beside: str
    """Which of the others was the best; empty where there is none."""
    found: Estimate | None
    verdict: str


def judge(target: Target, rounds: Rounds) -> Row:
    """Return what the rounds say of a target."""
    best = _best(target, rounds)
    values = _values(rounds, target.contender, target)
    if not values or (target.beside and not best):
        return Row(target, best, None, Verdict.UNKNOWN)
    if best:
        values = ratios(values, _values(rounds, best, target))
    if not values:
        return Row(target, best, None, Verdict.UNKNOWN)
    found = _worst(target, values) if target.every_round else estimate(values)
    return Row(target, best, found, target.unjudged or _verdict(target, found))


def _verdict(target: Target, found: Estimate) -> Verdict:
    sign = -1 if target.at_least else 1
    worst, best = sorted((sign * found.low, sign * found.high), reverse=True)
    if worst <= sign * target.bound:
        return Verdict.HOLDS
    return Verdict.MISSED if best > sign * target.bound else Verdict.OPEN


def _worst(target: Target, values: Sequence[float]) -> Estimate:
    """Return the worst round in the place of an estimate: that one decides."""
    worst = min(values) if target.at_least else max(values)
    return Estimate(worst, worst, worst, len(values))


def _best(target: Target, rounds: Rounds) -> str:
    medians = {name: estimate(values).median for name in target.beside if (values := _values(rounds, name, target))}
    if not medians:
        return ""
    choose = max if target.figure.higher_is_better else min
    return choose(medians, key=lambda name: medians[name])


def _values(rounds: Rounds, contender: str, target: Target) -> Sequence[float]:
    values = rounds.get(contender, {}).get(target.figure.name, ())
    if not target.without:
        return values
    without = rounds.get(target.without, {}).get(target.figure.name, ())
    return differences(values, without) if len(values) == len(without) else ()


HAPROXY: Final = ("HAProxy, splice", "HAProxy, no splice")
"""Its better figure counts."""
