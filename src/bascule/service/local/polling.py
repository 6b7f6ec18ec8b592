"""Waiting for the results of checks that were asked for now."""

import asyncio
from collections.abc import Iterable
from typing import Final

from bascule.plan.model import ProbeTarget
from bascule.system.progress import Tell, silence

_STEP: Final = "checking hosts"


class Awaited:
    """Results that somebody waits for, one for each target: `checks` in all, of which `up` were good so far."""

    def __init__(self, targets: Iterable[ProbeTarget], tell: Tell = silence) -> None:
        self._missing = set(targets)
        self.checks, self.up = len(self._missing), 0
        self._all_in = asyncio.Event()
        self._tell = tell
        tell(_STEP, 0, self.checks)
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
            self._tell(_STEP, self.checks - self.missing, self.checks)
        if not self._missing:
            self._all_in.set()

    async def wait(self, seconds: float) -> None:
        """Return when all are in, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._all_in.wait()
        except TimeoutError:
            return
