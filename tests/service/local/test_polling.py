"""A poll is over when each target has answered once, or when time is up."""

import asyncio

from bascule.service.local.polling import Awaited
from service.local.situations import planned

TARGETS = [probe.target for probe in planned().probes]


async def test_it_ends_with_the_last_result() -> None:
    """Results that come twice, or of targets that nobody asked for, count once or not at all."""
    awaited = Awaited(TARGETS[:2])
    waiting = asyncio.ensure_future(awaited.wait(60))
    awaited.heard(TARGETS[0], up=True)
    awaited.heard(TARGETS[0], up=False)
    awaited.heard(TARGETS[2], up=True)
    await asyncio.sleep(0)
    assert not waiting.done()
    awaited.heard(TARGETS[1], up=False)
    await asyncio.wait_for(waiting, 5)
    assert (awaited.checks, awaited.up, awaited.missing) == (2, 1, 0)


async def test_it_ends_when_time_is_up() -> None:
    """What is missing is counted."""
    awaited = Awaited(TARGETS)
    awaited.heard(TARGETS[0], up=True)
    await awaited.wait(0.01)
    assert (awaited.up, awaited.missing) == (1, len(TARGETS) - 1)


async def test_nothing_to_check_is_over_at_once() -> None:
    """A configuration without a check is polled in no time."""
    await asyncio.wait_for(Awaited([]).wait(60), 5)


async def test_it_tells_how_many_are_in() -> None:
    """From none to all."""
    told: list[tuple[int, int]] = []
    awaited = Awaited(TARGETS[:2], lambda _, done, of: told.append((done, of)))
    for target in TARGETS[:2]:
        awaited.heard(target, up=True)
    assert told == [(0, 2), (1, 2), (2, 2)]
