"""Items come up when they are due, not before, and never after they were dropped."""

from hypothesis import given
from hypothesis import strategies as st

from bascule.engines.proxy.deadlines import TICKS, Deadlines

_TIMES = st.lists(st.floats(min_value=0, max_value=10_000), max_size=60)


@given(times=_TIMES, steps=_TIMES)
def test_nothing_comes_early_or_late(times: list[float], steps: list[float]) -> None:
    """Whenever one looks, exactly what is due has come up, give or take one tick."""
    deadlines: Deadlines[int] = Deadlines()
    for item, at in enumerate(times):
        deadlines.put(item, at)
    came: set[int] = set()
    for now in sorted(steps):
        while due := deadlines.due(now):
            came |= due
        assert all(times[item] <= now for item in came)
        assert {item for item, at in enumerate(times) if at <= now - 1 / TICKS} <= came


@given(times=_TIMES)
def test_the_next_is_the_earliest(times: list[float]) -> None:
    """Who sleeps until `next` wakes up to something, within a tick of its time."""
    deadlines: Deadlines[int] = Deadlines()
    for item, at in enumerate(times):
        deadlines.put(item, at)
    soonest = deadlines.next()
    if not times:
        assert soonest is None
    else:
        assert soonest is not None
        assert min(times) <= soonest <= min(times) + 1 / TICKS + 1e-6
        assert deadlines.due(soonest)


def test_a_dropped_item_never_comes_up() -> None:
    """Dropping also forgives an item that has come up already."""
    deadlines: Deadlines[str] = Deadlines()
    bucket = deadlines.put("a", 5)
    deadlines.put("b", 5)
    deadlines.drop("a", bucket)
    assert deadlines.due(6) == {"b"}
    assert not deadlines.due(1e9)
    deadlines.drop("b", bucket)
