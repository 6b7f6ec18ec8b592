"""Reports of an operation reach whoever asked for them; nobody waits for a reader."""

import asyncio
from typing import cast

import pytest

from bascule.service import reports
from bascule.service.progress import Progress
from bascule.service.reports import Reports
from bascule.system.channel import Channel


class Collected:
    """A channel whose reader takes everything."""

    def __init__(self) -> None:
        self.sent: list[Progress] = []
        self.third = asyncio.Event()

    def offer(self, message: Progress) -> None:
        """Take it."""
        self.sent.append(message)
        if len(self.sent) == 3:
            self.third.set()


def test_each_step_is_told_with_its_time() -> None:
    """Counted from where the operation began."""
    times = iter([10.0, 10.5, 12.0])
    channel = Collected()
    reports = Reports(cast("Channel[object]", channel), now=lambda: next(times))
    reports.tell("looking at the kernel's rules", 0, 4)
    reports.tell("rehearsing the kernel's rules", 1, 4)
    assert channel.sent == [
        Progress(step="looking at the kernel's rules", done=0, of=4, seconds=0.5),
        Progress(step="rehearsing the kernel's rules", done=1, of=4, seconds=2.0),
    ]


def test_a_step_that_counts_quickly_is_told_now_and_then() -> None:
    """Five thousand hosts that answer within a second are twenty reports of one step, and the next step is one at once."""
    now = 0.0
    channel = Collected()
    reports = Reports(cast("Channel[object]", channel), now=lambda: now)
    for number in range(5000):
        reports.tell("checking hosts", number, 5000)
        now += 1 / 5000
    reports.tell("done", 1, 1)
    assert 15 <= len(channel.sent) <= 22
    assert channel.sent[-1].step == "done"


async def test_a_step_that_goes_on_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """So whoever waits for a large configuration knows that somebody works."""
    monkeypatch.setattr(reports, "PACE", 0.0)
    channel, now = Collected(), iter(range(100))
    told = Reports(cast("Channel[object]", channel), now=lambda: float(next(now)))
    told.tell("rehearsing the kernel's rules", 1, 4)
    reminding = asyncio.ensure_future(told.remind())
    async with asyncio.timeout(5):
        await channel.third.wait()
    reminding.cancel()
    assert {(each.step, each.done, each.of) for each in channel.sent} == {("rehearsing the kernel's rules", 1, 4)}
