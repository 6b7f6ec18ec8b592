"""Following the machine: at once where the kernel tells of a change, and now and then where it tells of none."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bascule.engines.nftables.settling import RENEWAL
from bascule.system.changes import Change, Changes
from bascule.system.clock import Clock

GLANCE: Final = 5.0
"""Seconds between two looks where the kernel tells of no change."""

PAUSE: Final = 1.0
"""Seconds between two looks at least, so that whoever changes much does not keep us busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why to look at the machine."""

    rules: bool
    """Somebody else changed rules."""
    due: bool
    """It is time to compare the whole, and to renew what has a time to live."""


async def follow_machine(changes: Changes, clock: Clock, look: Callable[[Occasion], Awaitable[None]]) -> None:
    """Have somebody look at the machine whenever there is an occasion, until cancelled."""
    compared = clock.monotonic()
    with changes.follow():
        while True:
            await _change_or(GLANCE, changes, clock)
            due = clock.monotonic() - compared >= RENEWAL
            await look(Occasion(rules=Change.RULES in changes.take(), due=due))
            if due:
                compared = clock.monotonic()
            await clock.sleep(PAUSE)


async def _change_or(seconds: float, changes: Changes, clock: Clock) -> None:
    """Return when something has changed, or after so many seconds."""
    ways = {asyncio.ensure_future(changes.wait()), asyncio.ensure_future(clock.sleep(seconds))}
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
