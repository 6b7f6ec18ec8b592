"""`least-states`: the next clients go where the fewest sessions are, for the host's weight.

The kernel has no such choice, so its slots are a deal of the next connections, made anew from the sessions it counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bascule.plan.slots import in_turn

AHEAD: Final = 64
"""Connections that one deal looks ahead: more overshoot where the deals are a second apart, fewer follow too slowly."""

FINEST: Final = 100
"""Parts of a weight in which a slow start grows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a deal goes by: sessions of each mark, and the share that each host may have of its weight."""

    sessions: Mapping[int, int] = field(default_factory=dict)
    """Living sessions by mark; marks without any may be left out."""
    shares: Mapping[int, float] = field(default_factory=dict)
    """0 to 1 by mark, of hosts that came back not long ago; others have all of it."""


NO_LOAD: Final = Load()
"""Nothing counted yet: every host is taken as empty."""


def fill(weights: Mapping[int, float], sessions: Mapping[int, int], ahead: int = AHEAD) -> Mapping[int, int]:
    """Return how many of the next `ahead` connections each host gets, so that sessions per weight come level.

    `weights` are those of the hosts that take clients, none of them 0.
    """
    level = {host: float(sessions.get(host, 0)) for host in weights}
    given = dict.fromkeys(weights, 0)
    for _ in range(ahead):
        lowest = min(weights, key=lambda host: ((level[host] + 1) / weights[host], host))
        level[lowest] += 1
        given[lowest] += 1
    return given


def deal_by_load(weights: Mapping[int, float], sessions: Mapping[int, int]) -> tuple[int, ...]:
    """Return the slots for hosts with these weights and sessions, by their index: mixed evenly, in the shares of `fill`."""
    return in_turn({host: count for host, count in fill(weights, sessions).items() if count})


def share_after(seconds: float, slow_start: float) -> float:
    """Return the share of its weight that a host may have so long after it came up; never 0, or nobody would try it."""
    if seconds >= slow_start:
        return 1.0
    return max(1, int(FINEST * seconds / slow_start)) / FINEST
