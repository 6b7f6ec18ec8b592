"""The next clients go where the fewest sessions are."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.plan.least import AHEAD, deal_by_load, fill, share_after
from bascule.plan.selection import SLOTS


def test_level_hosts_share_alike() -> None:
    """With nothing to make up for, each gets its half."""
    assert fill({0: 1.0, 1: 1.0}, {0: 10, 1: 10}) == {0: AHEAD / 2, 1: AHEAD / 2}


def test_the_empty_host_is_filled_first() -> None:
    """A host far below the others takes all of the next connections."""
    assert fill({0: 1.0, 1: 1.0}, {0: 500, 1: 0}) == {0: 0, 1: AHEAD}


def test_weights_are_sessions_that_count_less() -> None:
    """A host of weight 3 is level with thrice the sessions."""
    given_ = fill({0: 1.0, 1: 3.0}, {0: 100, 1: 300})
    assert abs(given_[1] - 3 * given_[0]) <= 4


@given(st.dictionaries(st.integers(0, 15), st.integers(0, 10_000), min_size=1, max_size=16))
def test_every_connection_goes_somewhere(sessions: dict[int, int]) -> None:
    """All slots are dealt, to hosts that take clients alone."""
    slots = deal_by_load(dict.fromkeys(sessions, 1.0), sessions)
    assert len(slots) == SLOTS
    assert set(slots) <= set(sessions)


@pytest.mark.parametrize("pause", [1, 3])
def test_two_equal_hosts_stay_level(pause: int) -> None:
    """50 arrivals a second that live 1 to 30 s: within 5 % of the pool and 4 after the start, however often one deals."""
    random = Random(20261122)
    ends: list[tuple[float, int]] = []
    sessions: Counter[int] = Counter()
    place = 0
    slots = deal_by_load({0: 1.0, 1: 1.0}, sessions)
    for second in range(120):
        if second % pause == 0:
            slots = deal_by_load({0: 1.0, 1: 1.0}, sessions, begun=50 * pause)
        for arrival in range(50):
            now = second + arrival / 50
            for end in [each for each in ends if each[0] <= now]:
                ends.remove(end)
                sessions[end[1]] -= 1
            host = slots[place]
            place = (place + 1) % SLOTS
            sessions[host] += 1
            ends.append((now + random.uniform(1, 30), host))
        if second >= 5:
            assert abs(sessions[0] - sessions[1]) <= 0.05 * sum(sessions.values()) + 4, f"second {second}: {sessions}"


def test_more_connections_than_slots_are_dealt_in_the_same_shares() -> None:
    """A slot stands for several: a host that is 2,000 sessions below gets 2,000 of the next 20,000 more than the other."""
    slots = Counter(deal_by_load({0: 1.0, 1: 1.0}, {0: 2000, 1: 0}, begun=10_000))
    assert slots.total() == SLOTS
    assert abs(slots[1] - slots[0] - SLOTS / 10) <= 4


def test_slow_start_grows_and_never_is_nothing() -> None:
    """At first a hundredth, then in step with the time, then all."""
    assert [share_after(seconds, 30.0) for seconds in (0, 3, 15, 30, 99)] == [0.01, 0.1, 0.5, 1.0, 1.0]
    assert share_after(0, 0) == 1.0
