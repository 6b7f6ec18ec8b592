"""How often somebody may ask: so many at once, and then so many in a second (a token bucket for each who asks). Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST: Final = 10_000
"""Those that are remembered; of more, whoever has not asked for longest is forgotten, and begins anew."""

_HAIR: Final = 1e-6
"""Seconds by which sums of many small times may be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How much is let in."""

    burst: int
    """Requests at once, of somebody who was quiet before."""
    rate: float
    """Requests in a second, of somebody who goes on."""


class Pace:
    """Counts the requests of each who asks; `clock` returns seconds that only grow."""

    def __init__(self, bound: Bound, clock: Callable[[], float], most: int = MOST) -> None:
        self._patience = bound.burst / bound.rate
        self._each = 1 / bound.rate
        self._clock = clock
        self._most = most
        self._full: dict[str, float] = {}
        """When each one's bucket will be full again; who asked last stands last."""

    def __len__(self) -> int:
        return len(self._full)

    def wait(self, who: str) -> float:
        """Let one request in, and return 0; or return the seconds after which one is let in, and count nothing."""
        now = self._clock()
        full = max(now, self._full.pop(who, now)) + self._each
        late = full - now - self._patience
        let_in = late <= _HAIR
        self._full[who] = full if let_in else full - self._each
        while len(self._full) > self._most:
            del self._full[next(iter(self._full))]
        return 0.0 if let_in else late
