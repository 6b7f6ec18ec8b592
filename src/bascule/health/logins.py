"""When test mailboxes log in, and what came of it last: not with every probe, so that no account is locked or throttled."""

from collections import OrderedDict
from typing import Final

from bascule.plan.model import ProbeTarget
from bascule.system.clock import Clock

EVERY: Final = 60.0
"""Seconds from a login that went well to the next."""

AFTER_FAILURE: Final = 300.0
"""Seconds from one that failed: a directory that locks an account after ten failures within 30 minutes never does so."""

MOST: Final = 4096
"""Targets that are remembered."""


class Logins:
    """What is known of each target that has a test mailbox."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: OrderedDict[ProbeTarget, tuple[float, str]] = OrderedDict()

    def due(self, target: ProbeTarget) -> bool:
        """Whether it is time to log in."""
        known = self._last.get(target)
        if known is None:
            return True
        when, failure = known
        return self._clock.monotonic() - when >= (AFTER_FAILURE if failure else EVERY)

    def failure(self, target: ProbeTarget) -> str:
        """Return why the last login failed; empty where it did not."""
        known = self._last.get(target)
        return "" if known is None else known[1]

    def note(self, target: ProbeTarget, failure: str) -> None:
        """Remember what came of one just now."""
        self._last[target] = (self._clock.monotonic(), failure)
        self._last.move_to_end(target)
        if len(self._last) > MOST:
            self._last.popitem(last=False)
