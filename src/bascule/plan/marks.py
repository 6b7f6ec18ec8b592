"""Which conntrack mark names which pool and host, for ever.

Live sessions carry marks, and sessions are ended by mark. So a mark that was given out keeps its owner as long as the
kernel remembers it: it is never renumbered, and never given to another while a session may still carry it.
"""

from collections.abc import Iterable, Mapping
from zlib import crc32

from bascule.plan.model import FIRST_MARK, LAST_MARK, MarkOwner


class OutOfMarks(Exception):  # noqa: N818 - a state of things, not a mistake of the caller's
    """More hosts in relays, present and past, than there are marks (65,535)."""


def allocate(kept: Mapping[MarkOwner, int], wanted: Iterable[MarkOwner]) -> dict[MarkOwner, int]:
    """Return the marks of all owners: those that are kept as they are, and one for each that is new.

    A new owner's mark follows from its name, so that two nodes with one configuration agree; where that is taken, the
    next free one serves. Raises OutOfMarks.
    """
    marks = dict(kept)
    taken = set(marks.values())
    for owner in sorted(set(wanted) - marks.keys(), key=str):
        marks[owner] = _free(owner, taken)
        taken.add(marks[owner])
    return marks


def _free(owner: MarkOwner, taken: set[int]) -> int:
    count = LAST_MARK - FIRST_MARK + 1
    start = crc32(f"{owner.service}\0{owner.endpoint}".encode())
    for step in range(count):
        mark = FIRST_MARK + (start + step) % count
        if mark not in taken:
            return mark
    raise OutOfMarks(f"all {count} session marks are taken")
