"""Deadlines of many items at little cost: items that are due in the same tenth of a second share a bucket.

An item that is used often need not be moved each time: its owner looks when it comes up, and puts it back for the rest of
its time. So a session is looked at about once in each of its timeouts, however much it carries.
"""

from collections.abc import Hashable
from collections.abc import Set as AbstractSet
from heapq import heappop, heappush
from math import ceil
from typing import Final, Generic, TypeVar

TICKS: Final = 10
"""Buckets a second: no deadline comes up early, or later than by this part of a second."""

Item = TypeVar("Item", bound=Hashable)


class Deadlines(Generic[Item]):
    """Items in buckets by when they are due. Times are seconds of the owner's clock."""

    def __init__(self) -> None:
        self._buckets: dict[int, set[Item]] = {}
        self._order: list[int] = []

    def put(self, item: Item, at: float) -> int:
        """Add an item that is due at a time, and return its bucket, which `drop` asks for."""
        bucket = ceil(at * TICKS)
        items = self._buckets.get(bucket)
        if items is None:
            items = self._buckets[bucket] = set()
            heappush(self._order, bucket)
        items.add(item)
        return bucket

    def drop(self, item: Item, bucket: int) -> None:
        """Forget an item, if it is still there."""
        items = self._buckets.get(bucket)
        if items is not None:
            items.discard(item)

    def due(self, now: float) -> AbstractSet[Item]:
        """Remove one bucket that is due and return what is in it; an empty set when none is."""
        while self._order and self._order[0] <= now * TICKS:
            items = self._buckets.pop(heappop(self._order))
            if items:
                return items
        return frozenset()

    def next(self) -> float | None:
        """Return when the next bucket is due, or None when there is none."""
        return self._order[0] / TICKS if self._order else None
