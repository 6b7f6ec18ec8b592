"""No source keeps others out."""

import pytest

from bascule.web.crowd import Crowd


class Guest:
    """A connection."""

    def __init__(self) -> None:
        self.left = False

    def leave(self) -> None:
        """End it."""
        self.left = True


@pytest.fixture
def crowd() -> Crowd:
    """Return one for ten, of whom five may be of one source."""
    return Crowd(most=10, most_of_one=5)


def admitted(crowd: Crowd, source: str, number: int = 1) -> list[Guest]:
    """Return those of so many that were taken in."""
    return [guest for _ in range(number) if isinstance(guest := crowd.admit(source, Guest), Guest)]


def test_one_source_has_only_so_many(crowd: Crowd) -> None:
    """Until one of them goes."""
    guests = admitted(crowd, "mallory", 8)
    assert len(guests) == 5
    crowd.gone(guests[0])
    crowd.gone(guests[0])
    assert len(admitted(crowd, "mallory", 2)) == 1
    assert len(crowd) == 5


def test_whoever_has_the_most_makes_room(crowd: Crowd) -> None:
    """His oldest goes first; those who have few stay."""
    alice = admitted(crowd, "alice")
    first, second = admitted(crowd, "mallory", 5), admitted(crowd, "eve", 4)
    assert len(admitted(crowd, "bob", 2)) == 2
    assert [guest.left for guest in (*alice, *first, *second)] == [False, True, True, *[False] * 7]
    assert len(crowd) == 10


def test_where_all_have_few_nobody_is_sent_away() -> None:
    """Whoever comes last is not taken in."""
    crowd = Crowd(most=3, most_of_one=5)
    guests = [guest for source in ("a", "b", "c") for guest in admitted(crowd, source)]
    assert admitted(crowd, "c") == []
    assert not any(guest.left for guest in guests)
