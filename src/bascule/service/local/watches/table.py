"""The kernel's table of sessions: how full it is, and whether packets got no state. Pure."""

from typing import Final

from bascule.system.ctnetlink import Statistics

LEVELS: Final = (0.8, 0.95)
"""Shares of the table from which on it is said."""

NEARLY_FULL: Final = LEVELS[-1]
"""From here on our own checks are doubted sooner."""

_CURE: Final = "raise net.netfilter.nf_conntrack_max, in the machine's first network namespace"


def fullness(statistics: Statistics) -> str:
    """Return what an operator must know of a table that is filling."""
    return (
        f"the kernel's table of sessions is {statistics.full:.0%} full ({statistics.entries} of {statistics.maximum}); "
        f"when it is full, new sessions are dropped: {_CURE}"
    )


def refusals(before: Statistics, now: Statistics) -> str:
    """Return what an operator must know of packets that got no state since an earlier look; empty where none did."""
    clashes, dropped = now.insert_failed - before.insert_failed, now.dropped - before.dropped
    if clashes <= 0 and dropped <= 0:
        return ""
    return (
        f"the kernel gave no state to new sessions: insert_failed grew by {max(0, clashes)}, drop by {max(0, dropped)}; "
        f"either no source port is free towards a host, or the table of sessions is full"
    )
