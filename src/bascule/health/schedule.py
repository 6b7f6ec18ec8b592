"""When each target is probed: at once when it is new, then once per interval, spread so that no two moments are crowded."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from math import floor
from typing import Final

from bascule.system.clock import Clock

_GOLDEN: Final = 0.6180339887498949
"""Multiples of the golden ratio, taken modulo 1, lie as evenly as points can that are added one by one (Weyl)."""

FIRST_SPREAD: Final = 1.0
"""Seconds over which the first probes of many new targets are spread, at most."""

_FIRST_SPACING: Final = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When one target is probed. Times are seconds of a monotonic clock."""

    first: float
    """The first probe, off the grid."""
    phase: float
    """Any moment of the grid; the others lie whole intervals away, so that no delay adds up."""
    interval: float

    def after(self, moment: float) -> float:
        """Return the first moment of the grid that is later; those that were missed are skipped."""
        turn = floor((moment - self.phase) / self.interval) + 1
        at = self.phase + turn * self.interval
        return at if at > moment else self.phase + (turn + 1) * self.interval  # rounding can land on the moment itself

    async def beats(self, clock: Clock) -> AsyncIterator[None]:
        """Yield when a probe is due; the next one is waited for when the caller comes back, so that none overlaps."""
        due = self.first
        while True:
            while (early := due - clock.monotonic()) > 0:
                await clock.sleep(early)
            yield
            due = self.after(max(due, clock.monotonic()))


class Spread:
    """Hands out rhythms that stay apart from each other, also when targets come at different times."""

    def __init__(self) -> None:
        self._given = 0

    def rhythms(self, intervals: list[float], *, now: float) -> list[Rhythm]:
        """Return a rhythm for each new target: the first probes follow each other within `FIRST_SPREAD` of now."""
        spacing = min(_FIRST_SPACING, FIRST_SPREAD / max(1, len(intervals)))
        return [
            Rhythm(first=now + place * spacing, phase=self._phase() * interval, interval=interval)
            for place, interval in enumerate(intervals)
        ]

    def _phase(self) -> float:
        self._given += 1
        return self._given * _GOLDEN % 1
