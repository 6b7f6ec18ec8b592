"""A target holds only where its whole interval does."""

import pytest

from bench.figures import Figure
from bench.targets import Target, Verdict, judge

_COST = Figure("cost", "cost", "us")
_RATE = Figure("rate", "rate", "1/s", higher_is_better=True)


def _cost(bound: float, *, without: str = "", unjudged: str = "") -> Target:
    return Target(
        title="t",
        contender="ours",
        figure=_COST,
        bound=bound,
        beside=("theirs", "theirs too"),
        without=without,
        unjudged=unjudged,
    )


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [([2.0] * 5, Verdict.HOLDS), ([4.0] * 5, Verdict.MISSED), ([1.0, 2.0, 3.0, 4.0, 5.0], Verdict.OPEN)],
)
def test_at_most(ours: list[float], verdict: Verdict) -> None:
    """Two of ten hold a bound of 0.3, four of ten miss it, and rounds all around it leave it open."""
    rounds = {"ours": {"cost": ours}, "theirs": {"cost": [10.0] * 5}}
    assert judge(_cost(0.3), rounds).verdict == verdict


@pytest.mark.parametrize(("ours", "verdict"), [([9.0] * 5, Verdict.MISSED), ([9.6] * 5, Verdict.HOLDS)])
def test_at_least(ours: list[float], verdict: Verdict) -> None:
    """A rate must reach its share."""
    target = Target(title="t", contender="ours", figure=_RATE, bound=0.95, at_least=True, beside=("theirs",))
    assert judge(target, {"ours": {"rate": ours}, "theirs": {"rate": [10.0] * 5}}).verdict == verdict


def test_their_better_figure_counts() -> None:
    """The cheaper of two for a cost, the faster for a rate."""
    rounds = {
        "ours": {"cost": [5.0], "rate": [5.0]},
        "theirs": {"cost": [10.0], "rate": [10.0]},
        "theirs too": {"cost": [20.0], "rate": [20.0]},
    }
    assert judge(_cost(1), rounds).beside == "theirs"
    rate = Target(title="t", contender="ours", figure=_RATE, bound=1, beside=("theirs", "theirs too"))
    assert judge(rate, rounds).beside == "theirs too"


def test_what_no_balancer_costs_is_taken_away_from_both() -> None:
    """12 and 20 over 10 are 2 and 10: a fifth."""
    rounds = {"ours": {"cost": [12.0]}, "theirs": {"cost": [20.0]}, "none": {"cost": [10.0]}}
    found = judge(_cost(0.25, without="none"), rounds).found
    assert found is not None
    assert found.median == pytest.approx(0.2)


def test_what_was_not_measured_is_not_judged() -> None:
    """Neither without us nor without them nor without the path that is taken away."""
    assert judge(_cost(1), {"ours": {"cost": [1.0]}}).verdict == Verdict.UNKNOWN
    assert judge(_cost(1), {"theirs": {"cost": [1.0]}}).verdict == Verdict.UNKNOWN
    rounds = {"ours": {"cost": [1.0]}, "theirs": {"cost": [1.0]}}
    assert judge(_cost(1, without="none"), rounds).verdict == Verdict.UNKNOWN


def test_a_row_that_is_not_judged_prints_its_figure_all_the_same() -> None:
    """The reason stands in the place of the verdict."""
    row = judge(_cost(1, unjudged="not judged: 2 CPUs"), {"ours": {"cost": [5.0]}, "theirs": {"cost": [1.0]}})
    assert row.verdict == "not judged: 2 CPUs"
    assert row.found is not None
    assert row.found.median == 5.0


def test_a_bound_of_nothing() -> None:
    """No error at all holds; a single one in a round does not."""
    target = Target(title="t", contender="ours", figure=_COST, bound=0, every_round=True)
    assert judge(target, {"ours": {"cost": [0.0] * 10}}).verdict == Verdict.HOLDS
    row = judge(target, {"ours": {"cost": [0.0] * 9 + [0.5]}})
    assert row.verdict == Verdict.MISSED
    assert row.found is not None
    assert row.found.median == 0.5
