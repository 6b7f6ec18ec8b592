"""How much is measured comes from the environment."""

import pytest

from bed.command import BedError
from bench.amount import Amount


def test_ten_rounds_where_nothing_is_said() -> None:
    """The issue of a run is only worth something over enough rounds."""
    assert Amount.of({}) == Amount(rounds=10, seconds=1.0, idle_rounds=3)


def test_the_environment_says_otherwise() -> None:
    """Idle rounds are never more than all rounds."""
    assert Amount.of({"BENCH_ROUNDS": "2", "BENCH_SECONDS": "0.5"}) == Amount(rounds=2, seconds=0.5, idle_rounds=2)


@pytest.mark.parametrize("said", ["", "many", "0", "-1"])
def test_what_is_no_amount_is_refused(said: str) -> None:
    """With words that name the variables."""
    with pytest.raises(BedError, match="BENCH_ROUNDS"):
        Amount.of({"BENCH_ROUNDS": said})
