"""A clock that a test moves."""

import asyncio
import heapq
from itertools import count

_SETTLED = 10
"""Turns of the event loop after which whoever was woken has gone as far as it can without the clock."""


class SteppedClock:
    """Stands still until `advance` is called; then wakes each sleeper at its own moment, in order."""

    def __init__(self, now: float = 1000.0) -> None:
        self._now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def monotonic(self) -> float:
        """Return the time that the test has come to."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has moved the clock so far."""
        awake = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), awake))
        await awake

    async def advance(self, seconds: float) -> None:
        """Move the clock, waking sleepers on the way."""
        end = self._now + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now = max(self._now, self._sleepers[0][0])
            while self._sleepers and self._sleepers[0][0] <= self._now:
                self._wake()
            await self._settle()
        self._now = end

    async def jump(self, seconds: float) -> None:
        """Move the clock at once, as when the machine slept: all who should have woken on the way wake at the end."""
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now:
            self._wake()
        await self._settle()

    def _wake(self) -> None:
        *_, awake = heapq.heappop(self._sleepers)
        if not awake.done():
            awake.set_result(None)

    async def _settle(self) -> None:
        for _ in range(_SETTLED):
            await asyncio.sleep(0)
