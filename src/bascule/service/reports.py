"""The reports of one operation, on their way to whoever asked for it."""

from collections.abc import Callable
from typing import Any, Final

from bascule.service.progress import Progress
from bascule.system.channel import Channel

CALM: Final = 0.05
"""Seconds between two reports of the same step: more than anybody can read."""


class Reports:
    """Sends them over a channel as they come; one that its reader has no room for is dropped."""

    def __init__(self, channel: Channel[Any], *, now: Callable[[], float]) -> None:
        self._channel = channel
        self._now = now
        self._began = now()
        self._step = ""
        self._told_at = self._began

    def tell(self, step: str, done: int, of: int, /) -> None:
        """Send how far it is; never waits."""
        now = self._now()
        if step == self._step and now - self._told_at < CALM:
            return
        self._step, self._told_at = step, now
        self._channel.offer(Progress(step=step, done=done, of=of, seconds=now - self._began))
