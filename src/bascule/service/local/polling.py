"""Waiting for the results of checks that were asked for now."""

import asyncio
from collections.abc import Iterable

from bascule.plan.model import ProbeTarget


class Awaited:
    """Results that somebody waits for, one for each target: `checks` in all, of which `up` were good so far."""

    def __init__(self, targets: Iterable[ProbeTarget]) -> None:
        self._missing = set(targets)
        self.checks, self.up = len(self._missing), 0
        self._all_in = asyncio.Event()
        if not self._missing:
            self._all_in.set()

    @property
    def missing(self) -> int:
        """Return how many results are not in yet."""
        return len(self._missing)

    def heard(self, target: ProbeTarget, *, up: bool) -> None:
        """Take note that a target's result is in; the first one counts."""
        if target in self._missing:
            self._missing.remove(target)
            self.up += up
        if not self._missing:
            self._all_in.set()

    async def wait(self, seconds: float) -> None:
        """Return when all are in, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._all_in.wait()
        except TimeoutError:
            return
