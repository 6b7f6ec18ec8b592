"""Mixed load for a minute, or as long as SOAK_SECONDS says, while hosts flap and everything else happens: nothing leaks.

`make soak` runs it for half an hour, and prints a line each minute.
"""

import os
import random
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from difflib import unified_diff
from pathlib import Path
from typing import Final

import pytest

from bascule.system.ctnetlink import Session
from bed.soak.levels import Levels, levels, states
from bed.soak.load import Load
from bed.soak.place import DATAGRAMS, GROUP, SESSIONS, Place, place
from bed.soak.timeline import Timeline
from bed.soak.troubles import Troubles
from bed.wait import until

_SECONDS: Final = float(os.environ.get("SOAK_SECONDS", "60"))
_SAMPLE: Final = 5.0
"""Seconds between two looks at our processes."""
_WARM: Final = 0.3
"""The share of a process's life after which its memory must stay where it is."""
_YOUNG: Final = 3
"""Looks at a process before it has the memory that it needs."""
_GROWTH: Final = 6 << 20
"""Bytes that a process may take more than when it was warm."""
_ENDED: Final = 512
"""Bytes that the parent may keep of each session that has ended, for an hour."""
_MEASUREMENTS: Final = 3
"""Descriptors of the parent for the file of measurements, which SQLite opens three of at its first minute."""
_PIPES: Final = 4
"""Descriptors of pipes that a worker keeps for the next bulk transfer: two for each that went on at once."""
_TALK: Final = 24
"""Descriptors more that are open for a moment: of programs that run, of who asks, of checks that go on."""
_THREADS: Final = 2 + (os.cpu_count() or 1) + 4
"""Threads of the parent: asyncio's pool is as large as that."""

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(3 * _SECONDS + 240)]


def test_nothing_leaks_and_no_client_fails_without_a_cause(open_directory: Path) -> None:
    """Descriptors, memory, states, rules and processes are as before, and every failure has a trouble that explains it."""
    seed = random.SystemRandom().getrandbits(32)
    _say(f"soak of {_SECONDS:g} s, seed {seed}")
    timeline = Timeline()
    with place(open_directory) as here:
        before = levels(here)
        _say(f"before: {before.told()}")
        seen = _soak(here, timeline, seed, before)
        ended = here.balancer.command("kill", "--all").stdout
        _say(f"after: {ended.strip()}; {timeline.counts}")
        _say(timeline.told())
        _ended_all(here)
        _settle(here, before)
        assert timeline.unexplained() == []
        assert not _grown(seen, sum(timeline.counts.values()))


def _soak(here: Place, timeline: Timeline, seed: int, before: Levels) -> list[Levels]:
    """Have clients and troubles go on for the time that was asked for, and return what was seen meanwhile."""
    load, over = Load(here.net["client1"], here.clients, timeline, seed), threading.Event()
    troubles = Troubles(here, timeline, random.Random(seed), over)
    load.start(load.short(SESSIONS), 3)
    load.start(load.long(SESSIONS), 16)
    load.start(load.bulk(SESSIONS), 1)
    load.start(load.pairs(GROUP), 1)
    load.start(load.datagrams(DATAGRAMS), 2)
    with ThreadPoolExecutor(1) as other:
        trouble = other.submit(troubles.run)
        try:
            seen = _watched(here, timeline, before, trouble, time.monotonic() + _SECONDS)
        finally:
            over.set()
            load.end()
        trouble.result()
    return seen


def _watched(here: Place, timeline: Timeline, before: Levels, trouble: "Future[None]", until_: float) -> list[Levels]:
    """Look at our processes again and again, and each minute say how it goes, and that it goes well.

    What keeps the troubles from going on is raised at once.
    """
    seen: list[Levels] = []
    minute = time.monotonic() + 60
    while (now := time.monotonic()) < until_:
        if trouble.done():
            trouble.result()
        looked = _looked(here)
        seen += [looked] if looked else []
        if now >= minute and seen:
            minute += 60
            known, unexplained = len(states(here)), len(timeline.unexplained())
            _say(f"{seen[-1].told()}; {known} states, {unexplained} unexplained; {timeline.counts}")
            assert timeline.unexplained() == []
            assert seen[-1].parent.descriptors <= before.parent.descriptors + _TALK
            assert seen[-1].probe.descriptors <= before.probe.descriptors + _TALK
        time.sleep(min(_SAMPLE, max(0.0, until_ - now)))
    return seen


def _looked(here: Place) -> Levels | None:
    """Return what our processes hold; None while one is being replaced."""
    try:
        return levels(here)
    except OSError:
        return None


def _ended_all(here: Place) -> None:
    """Wait until no state of ours is left, but for those of sessions that a server has closed; says which are.

    Such a one is remembered for two minutes (TIME_WAIT), and `kill` ends what lives.
    """

    def left() -> list[Session]:
        return [each for each in states(here) if each.living]

    try:
        until(lambda: not left(), within=20.0, what="no state of ours is left", every=0.5)
    finally:
        for each in left():
            _say(f"left: {each}")


def _settle(here: Place, before: Levels) -> None:
    """Wait until everything that can be counted is back where it was; says what is not."""
    try:
        until(lambda: _as_before(before, _looked(here)), within=30.0, what="levels are as before", every=1.0)
    finally:
        _say(f"before: {before.told()}")
        now = levels(here)
        _say(f"now:    {now.told()}")
        _say("\n".join(unified_diff(before.rules, now.rules, "rules before", "rules now", lineterm="", n=1)))


def _as_before(before: Levels, now: Levels | None) -> bool:
    """Tell whether everything that can be counted is back where it was."""
    return (
        now is not None
        and now.rules == before.rules
        and now.children <= before.children
        and now.parent.pid == before.parent.pid
        and now.parent.threads <= _THREADS
        and len(now.workers) == len(before.workers)
        and now.parent.descriptors <= before.parent.descriptors + _MEASUREMENTS
        and now.probe.descriptors <= before.probe.descriptors
        and all(
            late.descriptors <= then.descriptors + _PIPES for then, late in zip(before.workers, now.workers, strict=True)
        )
    )


def _grown(seen: list[Levels], sessions: int) -> list[str]:
    """Return the processes that took more memory than they may between the time they were warm and the end."""
    series: dict[int, list[int]] = {}
    for each in seen:
        for level in (each.parent, each.probe, *each.workers):
            series.setdefault(level.pid, []).append(level.memory)
    allowed = {seen[0].parent.pid: _GROWTH + _ENDED * sessions}
    grown = []
    for pid, memory in series.items():
        warm = memory[max(_YOUNG, int(len(memory) * _WARM)) :]
        if warm and warm[-1] - warm[0] > allowed.get(pid, _GROWTH):
            grown.append(f"process {pid} grew from {warm[0]} to {warm[-1]} bytes")
    return grown


def _say(words: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {words}\n")
