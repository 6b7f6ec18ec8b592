"""How many sessions each client has, and how fast it comes, in one worker: what `max source …` limits."""

from collections import OrderedDict
from typing import Final

REMEMBERED: Final = 65536
"""Clients whose rate is remembered; the one that has been away the longest makes room."""


class Sources:
    """The clients of one relay; 0 is no limit."""

    def __init__(self, *, sessions: int = 0, rate: float = 0.0) -> None:
        self._living: dict[str, int] = {}
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """What a client has left of a second's worth, and when that was counted."""
        self.follow(sessions=sessions, rate=rate)

    def follow(self, *, sessions: int, rate: float) -> None:
        """Take other limits; clients that have more sessions than they may keep them."""
        self._sessions, self._rate = sessions, rate

    def objection(self, client: str, now: float) -> str:
        """Return the limit that a client which comes now is over; empty where it may come in."""
        if self._rate and not self._take(client, now):
            return "max source rate"
        if self._sessions and self._living.get(client, 0) >= self._sessions:
            return "max source sessions"
        return ""

    def come(self, client: str) -> None:
        """Count a session."""
        self._living[client] = self._living.get(client, 0) + 1

    def leave(self, client: str) -> None:
        """Count it no more."""
        left = self._living[client] - 1
        if left:
            self._living[client] = left
        else:
            del self._living[client]

    def _take(self, client: str, now: float) -> bool:
        """Take one from what a client has; False where it has none."""
        most = max(1.0, self._rate)
        left, since = self._buckets.pop(client, (most, now))
        left = min(most, left + (now - since) * self._rate)
        allowed = left >= 1.0
        self._buckets[client] = (left - 1.0 if allowed else left), now
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return allowed
