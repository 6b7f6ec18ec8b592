"""The door to the kernel's sums over its table of sessions: raw netlink, as for the sessions themselves."""

from typing import Protocol

from bascule.system.census import Census, Counting
from bascule.system.conntrack import ACK, DUMP, REQUEST, ask, received
from bascule.system.ctnetlink import (
    GET,
    GET_STATISTICS,
    GET_STATISTICS_OF_PROCESSORS,
    Statistics,
    marked,
    request,
    statistics,
)


class Accounts(Protocol):
    """Adds up the sessions of this network namespace. Blocking: call it from a thread."""

    def census(self, mark: int, mask: int = 0xFFFFFFFF, *, since: int = 0) -> Census:
        """Add up the sessions whose mark fits: several times as fast as listing them. Raises MachineError.

        `since` is the time after which one counts as begun: nanoseconds since 1970 by the kernel's clock.
        """
        ...

    def statistics(self) -> Statistics:
        """Return how full the table is, and how often it failed, whatever the mark. Raises MachineError."""
        ...


class KernelAccounts:
    """Asks the kernel of the namespace in which it is used."""

    def census(self, mark: int, mask: int = 0xFFFFFFFF, *, since: int = 0) -> Census:
        """Dump by mark, and hand on what is received as it is."""
        counting = Counting(since=since)
        for data in received("count the sessions", [request(GET, REQUEST | DUMP, marked(mark, mask))]):
            counting.add(data)
        return counting.census()

    def statistics(self) -> Statistics:
        """Ask for the numbers of the whole table, and for those that each processor has counted."""
        step = "read how full the table of sessions is"
        whole = [*ask(step, [request(GET_STATISTICS, REQUEST | ACK)])]
        return statistics(whole, [*ask(step, [request(GET_STATISTICS_OF_PROCESSORS, REQUEST | DUMP)])])
