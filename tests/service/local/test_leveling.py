"""Counting sessions for the next deal."""

import asyncio
import socket
from collections.abc import Iterator, Sequence

from bascule.plan.model import FIRST_MARK
from bascule.service.local.leveling import NOTHING_COUNTED, Count, count_sessions
from bascule.system.ctnetlink import Address, Session, TcpState

ONE, OTHER = FIRST_MARK + 1, FIRST_MARK + 2


def session(mark: int, started: int, state: TcpState = TcpState.ESTABLISHED) -> Session:
    """Return a session of a host that began at this time."""
    nobody = bytes(4)
    ends = (nobody, 1, nobody, 2, nobody, 3, nobody, 4)
    return Session(socket.IPPROTO_TCP, *ends, state, mark, 0, 0, False, 0, 0, started, 0)  # noqa: FBT003 - as it is read


class Listed:
    """A kernel that knows these sessions."""

    def __init__(self, *known: Session) -> None:
        self._known = known

    def sessions(self, mark: int, mask: int = 0xFFFFFFFF, client: Address | None = None) -> Iterator[Session]:
        """Yield those of a mark."""
        del client
        yield from (each for each in self._known if each.mark & mask == mark & mask)

    def delete_marked(self, mark: int, mask: int = 0xFFFFFFFF) -> None:
        """End nothing."""

    def delete(self, sessions: Sequence[Session]) -> int:
        """End nothing."""
        return len(sessions) * 0


def counted(before: Count, *known: Session) -> Count:
    """Return the count that follows another."""
    return asyncio.run(count_sessions(Listed(*known), before))


def test_what_has_ended_is_not_counted_but_has_begun() -> None:
    """A host's load is what lives; how fast clients come is told by those that have left again too."""
    count = counted(NOTHING_COUNTED, session(ONE, 5), session(ONE, 6, TcpState.TIME_WAIT), session(OTHER, 7))
    assert (count.living, count.begun) == ({ONE: 1, OTHER: 1}, {ONE: 2, OTHER: 1})


def test_only_what_came_since_the_count_before_has_begun() -> None:
    """The kernel's own times tell; where it has none, nobody is known to have come."""
    old, new, untimed = session(ONE, 5), session(ONE, 6), session(ONE, 0)
    first = counted(NOTHING_COUNTED, old, untimed)
    second = counted(first, old, new, untimed)
    assert (first.begun[ONE], second.begun[ONE]) == (1, 1)
    assert second.living[ONE] == 3
    assert counted(second, old, new).begun[ONE] == 0
