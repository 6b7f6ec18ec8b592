"""What pages have read of configurations: a large one takes a tenth of a second, and is the same from page to page."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar

MOST: Final = 12
"""Readings that are remembered."""

Read = TypeVar("Read")


class Texts:
    """Remembers the latest readings."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[tuple[Callable[[str], Any], str], Any] = {}

    async def read(self, how: Callable[[str], Read], text: str) -> Read:
        """Return what a text says, as `how` reads it: a pure function of a module, which runs in a thread."""
        key = (how, text)
        found: Read = self._known.pop(key) if key in self._known else await asyncio.to_thread(how, text)
        self._known[key] = found  # the latest is the last
        while len(self._known) > self._most:
            del self._known[next(iter(self._known))]
        return found
