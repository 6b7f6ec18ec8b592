"""A level is told once, and left only well below it."""

from bascule.service.local.watches.levels import level, levels_of

LEVELS = (0.8, 0.95)


def test_a_share_climbs_and_falls() -> None:
    """What trembles around a level is told once."""
    shares = (0.1, 0.79, 0.8, 0.78, 0.81, 0.74, 0.96, 0.92, 0.89, 0.99, 0.1)
    reached, before = [], 0
    for share in shares:
        before = level(share, LEVELS, before)
        reached.append(before)
    assert reached == [0, 0, 1, 1, 1, 0, 2, 2, 1, 2, 0]


def test_things_that_are_gone_are_forgotten() -> None:
    """And each thing goes by what it was itself."""
    assert levels_of({"a": 0.77, "b": 0.77}, (0.8,), {"a": 1, "c": 1}) == {"a": 1}
