"""The machine is looked at when it changes, when it is time, and never too often."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from bascule.service.local.watching import GLANCE, PAUSE, Occasion, follow_machine
from bascule.system.changes import Change
from bed.clock import SteppedClock


class PretendedChanges:
    """Changes that a test makes."""

    def __init__(self) -> None:
        self._changed: set[Change] = set()
        self._come = asyncio.Event()
        self.followed = False

    @contextmanager
    def follow(self) -> Iterator[None]:
        """Note that somebody follows."""
        self.followed = True
        try:
            yield
        finally:
            self.followed = False

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Be asked by nobody."""
        yield

    async def wait(self) -> None:
        """Wait for the test."""
        await self._come.wait()

    def take(self) -> frozenset[Change]:
        """Hand over."""
        changed = frozenset(self._changed)
        self._changed.clear()
        self._come.clear()
        return changed

    def make(self, change: Change) -> None:
        """Change something."""
        self._changed.add(change)
        self._come.set()


@contextlib.asynccontextmanager
async def following(changes: PretendedChanges, clock: SteppedClock) -> AsyncIterator[list[tuple[float, Occasion]]]:
    """Follow a machine, and yield the growing list of looks at it."""
    looks: list[tuple[float, Occasion]] = []

    async def look(occasion: Occasion) -> None:
        looks.append((clock.monotonic() - 1000, occasion))

    task = asyncio.ensure_future(follow_machine(changes, clock, look))
    await clock.advance(0)
    yield looks
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_quiet_machine_is_looked_at_now_and_then() -> None:
    """Every few seconds, and once a minute it is time to compare the whole."""
    async with following(PretendedChanges(), clock := SteppedClock()) as looks:
        await clock.advance(65)
    period = GLANCE + PAUSE
    assert [at for at, _ in looks] == [GLANCE + turn * period for turn in range(11)]
    assert [at for at, occasion in looks if occasion.due] == [GLANCE + 10 * period]
    assert not any(occasion.rules for _, occasion in looks)


async def test_a_change_is_looked_at_at_once() -> None:
    """Rules of others and a changed network are told apart."""
    changes, clock = PretendedChanges(), SteppedClock()
    async with following(changes, clock) as looks:
        await clock.advance(1.5)
        changes.make(Change.RULES)
        await clock.advance(2)
        changes.make(Change.NETWORK)
        await clock.advance(0)
    assert [(at, occasion.rules) for at, occasion in looks] == [(1.5, True), (3.5, False)]


async def test_many_changes_are_looked_at_together() -> None:
    """A hundred changes in two seconds are three looks, the last after the last change."""
    changes, clock = PretendedChanges(), SteppedClock()
    async with following(changes, clock) as looks:
        for _ in range(100):
            changes.make(Change.RULES)
            await clock.advance(0.02)
        await clock.advance(PAUSE)
    assert len(looks) == 3
    assert looks[-1][0] >= 1.98


async def test_who_is_cancelled_follows_no_more() -> None:
    """The door is let go of."""
    changes = PretendedChanges()
    async with following(changes, SteppedClock()):
        assert changes.followed
    assert not changes.followed
