"""Waiting for a condition, instead of sleeping and hoping."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(condition: Callable[[], Found], *, within: float = 10.0, what: str, every: float = 0.05) -> Found:
    """Return the first true value of `condition`; raises TimeoutError that says `what` after `within` seconds."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within:g} s: {what}")
        time.sleep(every)
    return found


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait, and let the loop go on, until something is so that a thread brings about; raises TimeoutError after 5 s."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - a thread offers no event for it
            await asyncio.sleep(0.01)
