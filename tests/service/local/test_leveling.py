"""Counting sessions for the next deal."""

import asyncio
from collections.abc import Mapping

from bascule.plan.model import FIRST_MARK
from bascule.service.local.leveling import NOTHING_COUNTED, Count, count_sessions
from bascule.system.census import Census, Tally
from bascule.system.ctnetlink import Statistics

ONE, OTHER = FIRST_MARK + 1, FIRST_MARK + 2


class Kernel:
    """A kernel whose sessions began at these times, by mark; a time that is negative is of one that has ended."""

    def __init__(self, began: Mapping[int, tuple[int, ...]]) -> None:
        self._began = began

    def census(self, mark: int, mask: int = 0xFFFFFFFF, *, since: int = 0) -> Census:
        """Add up those of a mark."""
        marks = {
            each: Tally(
                known=len(times),
                living=sum(time >= 0 for time in times),
                begun=sum(abs(time) > since for time in times),
            )
            for each, times in self._began.items()
            if each & mask == mark & mask
        }
        return Census(marks, newest=max((abs(time) for times in self._began.values() for time in times), default=since))

    def statistics(self) -> Statistics:
        """Know of none."""
        raise NotImplementedError


def counted(before: Count, **began: tuple[int, ...]) -> Count:
    """Return the count that follows another."""
    marks = {"one": ONE, "other": OTHER}
    return asyncio.run(count_sessions(Kernel({marks[name]: times for name, times in began.items()}), before))


def test_what_has_ended_is_not_counted_but_has_begun() -> None:
    """A host's load is what lives; how fast clients come is told by those that have left again too."""
    count = counted(NOTHING_COUNTED, one=(5, -6), other=(7,))
    assert (count.living, count.begun, count.newest) == ({ONE: 1, OTHER: 1}, {ONE: 2, OTHER: 1}, 7)


def test_only_what_came_since_the_count_before_has_begun() -> None:
    """The kernel's own times tell; where nobody came, the last time stands."""
    first = counted(NOTHING_COUNTED, one=(5,))
    second = counted(first, one=(5, 6))
    assert (first.begun[ONE], second.begun[ONE], second.living[ONE]) == (1, 1, 2)
    assert counted(second, one=(5, 6)).begun[ONE] == 0
    assert counted(second).newest == second.newest
