"""What a start makes of a deployment that it finds under way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bascule.deploy.resumption import STARTS, Resumption, resumption
from bascule.store.pending import Pending, Stage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TESTED = Pending(stage=Stage.TESTING, base=3, text=b"x", author="alice", message="", until=NOON + timedelta(seconds=60))


def test_where_nothing_is_under_way_nothing_is_done() -> None:
    """What was committed runs, and there is nothing to tell."""
    assert resumption(None, NOON) == Resumption(None)


def test_one_that_has_time_left_goes_on() -> None:
    """With the time that it had, and one start more."""
    assert resumption(TESTED, NOON) == Resumption(replace(TESTED, starts=1))


def test_the_third_start_within_its_time_takes_it_back() -> None:
    """It may be what ends us."""
    found = TESTED
    for _ in range(STARTS):
        resumed = resumption(found, NOON).pending
        assert resumed is not None
        found = resumed
    assert resumption(found, NOON) == Resumption(None, "Bascule has started 3 times within its time")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (replace(TESTED, until=NOON), "its time was over while Bascule did not run"),
        (replace(TESTED, stage=Stage.APPLYING), "Bascule ended while it was put into effect"),
        (replace(TESTED, stage=Stage.REVERTING), "Bascule ended while it was taken back"),
    ],
)
def test_what_is_over_or_half_done_is_taken_back(found: Pending, why: str) -> None:
    """People know what was committed."""
    assert resumption(found, NOON) == Resumption(None, why)
