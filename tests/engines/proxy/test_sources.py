"""What a client may have in one worker: so many sessions, and so many new ones in a second."""

from bascule.engines.proxy.sources import REMEMBERED, Sources


def test_nothing_is_refused_without_limits() -> None:
    """Sessions are counted all the same: a limit that comes later finds them."""
    sources = Sources()
    for _ in range(100):
        assert sources.objection("a", 0.0) == ""
        sources.come("a")
    sources.follow(sessions=100, rate=0)
    assert sources.objection("a", 0.0) == "max source sessions"
    assert sources.objection("b", 0.0) == ""


def test_a_session_that_ends_makes_room() -> None:
    """One goes, one may come."""
    sources = Sources(sessions=2)
    sources.come("a")
    sources.come("a")
    assert sources.objection("a", 0.0)
    sources.leave("a")
    assert not sources.objection("a", 0.0)


def test_a_seconds_worth_may_come_at_once() -> None:
    """Then one at a time, as time passes; what was refused costs nothing."""
    sources = Sources(rate=4)
    assert [sources.objection("a", 10.0) for _ in range(6)] == ["", "", "", "", "max source rate", "max source rate"]
    assert sources.objection("b", 10.0) == ""
    assert sources.objection("a", 10.2)
    assert not sources.objection("a", 10.3)
    assert sources.objection("a", 10.3)


def test_a_slow_rate_lets_one_come() -> None:
    """A worker's part of 1/s may be less than one."""
    sources = Sources(rate=0.25)
    assert not sources.objection("a", 0.0)
    assert sources.objection("a", 3.9)
    assert not sources.objection("a", 4.1)


def test_memory_is_bounded() -> None:
    """The client that has been away the longest is forgotten first."""
    sources = Sources(rate=1)
    for number in range(REMEMBERED + 10):
        sources.objection(str(number), 0.0)
    assert len(sources._buckets) == REMEMBERED
    assert not sources.objection("0", 0.0)
    assert sources.objection(str(REMEMBERED + 9), 0.0)
