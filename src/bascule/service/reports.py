"""The reports of one operation, on their way to whoever asked for it."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from bascule.service.progress import Progress
from bascule.system.channel import Channel

PACE: Final = 5.0
"""Seconds after which a step that goes on is told again: whoever waits knows that somebody works."""

CALM: Final = 0.05
"""Seconds between two reports of the same step: more than anybody can read."""


class Reports:
    """Sends them over a channel as they come; one that its reader has no room for is dropped."""

    def __init__(self, channel: Channel[Any], *, now: Callable[[], float]) -> None:
        self._channel = channel
        self._now = now
        self._began = now()
        self._last = ("", 0, 0)
        self._told_at = self._began

    def tell(self, step: str, done: int, of: int, /) -> None:
        """Send how far it is; never waits."""
        now = self._now()
        if step == self._last[0] and now - self._told_at < CALM:
            return
        self._last, self._told_at = (step, done, of), now
        self._channel.offer(Progress(step=step, done=done, of=of, seconds=now - self._began))

    async def remind(self) -> None:
        """Tell the last step again and again, until cancelled."""
        while True:
            await asyncio.sleep(PACE)
            self.tell(*self._last)
