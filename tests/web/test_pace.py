"""How often somebody may ask: pure, with a clock of the test's."""

from typing import Final

from bascule.web.pace import Bound, Pace
from bascule.web.pacing import OF_LOGIN, OF_SOURCE

BOUND: Final = Bound(burst=3, rate=2.0)


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """Return seconds."""
        return self.now


def test_a_burst_is_let_in_and_then_so_many_a_second() -> None:
    """Whoever is refused is told when; what was refused counts for nothing, and another is let in meanwhile."""
    clock = Clock()
    pace = Pace(BOUND, clock)
    assert [pace.wait("a") for _ in range(3)] == [0, 0, 0]
    assert [round(pace.wait("a"), 3) for _ in range(3)] == [0.5, 0.5, 0.5]
    assert pace.wait("b") == 0
    clock.now += 0.5
    assert (pace.wait("a"), pace.wait("a") > 0) == (0, True)
    clock.now += 100
    assert [pace.wait("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_no_more_are_remembered_than_there_is_room_for() -> None:
    """Whoever has not asked for longest is forgotten, not whoever asks all the time."""
    pace = Pace(BOUND, Clock(), most=10)
    for n in range(1000):
        pace.wait("greedy")
        pace.wait(f"another {n}")
        assert len(pace) <= 10
    assert pace.wait("greedy") > 0


def test_an_administrator_with_ten_tabs_meets_no_bound() -> None:
    """He opens them all at once, each with ten things, types in one, and the others load themselves again all the time."""
    clock = Clock()
    login, source = Pace(OF_LOGIN, clock), Pace(OF_SOURCE, clock)

    def ask(times: int) -> None:
        assert not any(login.wait("alice") or source.wait("10.0.0.1") for _ in range(times))

    ask(10 * 10)
    for second in range(600):
        clock.now += 1
        ask(10)  # he types, and each letter is looked at
        ask(10 if second % 2 else 0)
