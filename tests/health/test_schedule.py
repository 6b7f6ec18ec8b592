from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.health.schedule import FIRST_SPREAD, Rhythm, Spread

HOSTS = 1000
INTERVAL = 5.0


def moments(rhythm: Rhythm) -> Iterator[float]:
    """Yield when a target is probed whose probes take no time."""
    at = rhythm.first
    while True:
        yield at
        at = rhythm.after(at)


def most_within(starts: list[float], window: float) -> int:
    """Return the most starts that any stretch of time of that length holds."""
    starts = sorted(starts)
    return max(bisect_left(starts, start + window) - place for place, start in enumerate(starts))


@pytest.fixture
def thousand() -> list[Rhythm]:
    """Return the rhythms of a thousand hosts that come at once."""
    return Spread().rhythms([INTERVAL] * HOSTS, now=0)


def test_a_thousand_hosts_are_never_probed_at_once(thousand: list[Rhythm]) -> None:
    """Ten a 50 ms are the mean; no 50 ms see more than 15, save the first second with its 50 more."""
    starts = [at for rhythm in thousand for at in islice(moments(rhythm), 6)]
    assert most_within([start for start in starts if start < FIRST_SPREAD], 0.05) <= 65
    assert most_within([start for start in starts if start >= FIRST_SPREAD], 0.05) <= 15


def test_each_host_once_per_interval(thousand: list[Rhythm]) -> None:
    """After the first probe each turn of the grid has exactly one, and the gap is never longer than the interval."""
    for rhythm in thousand:
        first, *grid = islice(moments(rhythm), 8)
        assert 0 <= first <= FIRST_SPREAD
        assert 0 < grid[0] - first <= INTERVAL
        assert [int(at // INTERVAL) for at in grid] == list(range(int(grid[0] // INTERVAL), int(grid[0] // INTERVAL) + 7))


def test_few_new_hosts_are_probed_at_once() -> None:
    """Three hosts are known in the time that their servers take."""
    assert [rhythm.first for rhythm in Spread().rhythms([5, 5, 5], now=7)] == [7, 7.001, 7.002]


def test_ten_thousand_new_hosts_start_within_a_second() -> None:
    """The first round is spread, but no longer than a second."""
    firsts = [rhythm.first for rhythm in Spread().rhythms([5.0] * 10_000, now=0)]
    assert firsts[0] == 0
    assert firsts[-1] < FIRST_SPREAD


def test_hosts_that_come_one_by_one_stay_apart() -> None:
    """Phases do not depend on who else comes in the same moment."""
    spread = Spread()
    phases = sorted(spread.rhythms([1.0], now=0)[0].phase for _ in range(100))
    assert min(later - earlier for earlier, later in pairwise(phases)) > 0.003


@given(
    phase=st.floats(0, 1e5),
    interval=st.floats(0.1, 3600),
    moment=st.floats(0, 1e9),
)
def test_the_next_turn_is_on_the_grid_and_later(phase: float, interval: float, moment: float) -> None:
    """However long the delay, the next probe is at most an interval away and on the grid: nothing drifts."""
    at = Rhythm(first=0, phase=phase, interval=interval).after(moment)
    assert moment < at <= moment + interval * 1.001
    turns = (at - phase) / interval
    assert turns == pytest.approx(round(turns), abs=1e-3)


class Jumping:
    """A clock on which sleeping takes no time, and which may wake too early."""

    def __init__(self, early: float = 0.0) -> None:
        self.now = 0.0
        self._early = early

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Jump, almost as far as asked the first time."""
        self.now += seconds - min(self._early, seconds / 2)
        self._early = 0.0


async def test_a_slow_probe_skips_turns_and_keeps_the_grid() -> None:
    """A probe that takes 12 s of an interval of 5 is not overlapped, not caught up with, and leaves no drift."""
    clock = Jumping()
    starts = []
    async for _ in Rhythm(first=0.5, phase=2, interval=5).beats(clock):
        starts.append(clock.now)
        clock.now += 12 if len(starts) == 3 else 0.3
        if len(starts) == 6:
            break
    assert starts == [0.5, 2, 7, 22, 27, 32]


async def test_a_clock_that_wakes_early_gives_no_second_probe() -> None:
    """Waking before the moment is not the moment."""
    clock = Jumping(early=0.01)
    starts = []
    async for _ in Rhythm(first=1, phase=0, interval=5).beats(clock):
        starts.append(clock.now)
        if len(starts) == 3:
            break
    assert starts == pytest.approx([1, 5, 10])


async def test_a_clock_that_jumps_is_followed_by_one_probe() -> None:
    """After a machine slept for an hour each target is probed once, then in its old rhythm."""
    clock = Jumping()
    starts = []
    async for _ in Rhythm(first=0, phase=3, interval=5).beats(clock):
        starts.append(clock.now)
        if len(starts) == 2:
            clock.now += 3600
        if len(starts) == 4:
            break
    assert starts == [0, 3, 3608, 3613]
