"""`least-states`: the next clients go where the fewest sessions are, for the host's weight.

The kernel has no such choice, so its slots are a deal of the next connections, made anew from the sessions it counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bascule.plan.selection import SLOTS
from bascule.plan.slots import in_turn

AHEAD: Final = 64
"""Connections that one deal looks ahead at least."""

_MARGIN: Final = 2
"""A deal looks ahead so many times as far as connections came since the one before: where it lasts longer than that, the
emptier host is filled beyond the others, and the next deal has to undo it."""

FINEST: Final = 100
"""Parts of a weight in which a slow start grows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a deal goes by: sessions of each mark, and the share that each host may have of its weight."""

    sessions: Mapping[int, int] = field(default_factory=dict)
    """Living sessions by mark; marks without any may be left out."""
    begun: Mapping[int, int] = field(default_factory=dict)
    """Sessions by mark that have begun since the deal before, those that have ended again too."""
    shares: Mapping[int, float] = field(default_factory=dict)
    """0 to 1 by mark, of hosts that came back not long ago; others have all of it."""


NO_LOAD: Final = Load()
"""Nothing counted yet: every host is taken as empty."""


def fill(weights: Mapping[int, float], sessions: Mapping[int, float], ahead: int = AHEAD) -> Mapping[int, int]:
    """Return how many of the next `ahead` connections each host gets, so that sessions per weight come level.

    `weights` are those of the hosts that take clients, none of them 0.
    """
    level = {host: sessions.get(host, 0.0) for host in weights}
    given = dict.fromkeys(weights, 0)
    for _ in range(ahead):
        lowest = min(weights, key=lambda host: ((level[host] + 1) / weights[host], host))
        level[lowest] += 1
        given[lowest] += 1
    return given


def deal_by_load(weights: Mapping[int, float], sessions: Mapping[int, int], begun: int = 0) -> tuple[int, ...]:
    """Return the slots for hosts with these weights and sessions, by their index: mixed evenly, in the shares of `fill`.

    `begun` are the connections since the deal before. Where more are to come than there are slots, one stands for several.
    """
    ahead = max(AHEAD, _MARGIN * begun)
    each = max(1.0, ahead / SLOTS)
    counts = fill(weights, {host: count / each for host, count in sessions.items()}, round(ahead / each))
    return in_turn({host: count for host, count in counts.items() if count})


def share_after(seconds: float, slow_start: float) -> float:
    """Return the share of its weight that a host may have so long after it came up; never 0, or nobody would try it."""
    if seconds >= slow_start:
        return 1.0
    return max(1, int(FINEST * seconds / slow_start)) / FINEST
