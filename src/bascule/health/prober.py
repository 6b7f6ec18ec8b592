"""Probes every target in its rhythm."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from bascule.config.model import ScriptCheck
from bascule.health.outcome import Outcome
from bascule.health.schedule import Rhythm, Spread
from bascule.plan.model import Probe
from bascule.system.clock import Clock

CONCURRENT: Final = 256
"""Probes under way at once; more wait for their turn."""

SCRIPTS: Final = 16
"""Scripts that run at once, each a process and what it starts; more wait for their turn, which no timeout counts."""


class Prober:
    """Keeps one task for each probe. `tasks` owns them: a bug in one ends the group."""

    def __init__(
        self,
        *,
        ask: Callable[[Probe], Awaitable[Outcome]],
        report: Callable[[int, Outcome], Awaitable[None]],
        clock: Clock,
        tasks: asyncio.TaskGroup,
        concurrent: int = CONCURRENT,
        scripts: int = SCRIPTS,
    ) -> None:
        self._ask = ask
        self._report = report
        self._clock = clock
        self._tasks = tasks
        self._turns = asyncio.Semaphore(concurrent)
        self._script_turns = asyncio.Semaphore(scripts)
        self._spread = Spread()
        self._probes: Mapping[int, Probe] = {}
        self._running: dict[int, asyncio.Task[None]] = {}

    def set_probes(self, probes: Mapping[int, Probe]) -> None:
        """Run these probes, by number, and no others: those that stay keep their rhythm, new ones start at once."""
        self._stop([number for number, probe in self._probes.items() if probes.get(number) != probe])
        self._probes = probes
        self._start([number for number in probes if number not in self._running])

    def probe_now(self) -> None:
        """Probe everything at once, as if it were new."""
        self._stop(list(self._running))
        self._start(list(self._probes))

    def _stop(self, numbers: list[int]) -> None:
        for number in numbers:
            self._running.pop(number).cancel()

    def _start(self, numbers: list[int]) -> None:
        intervals = [self._probes[number].target.timing.interval for number in numbers]
        rhythms = self._spread.rhythms(intervals, now=self._clock.monotonic())
        for number, rhythm in zip(numbers, rhythms, strict=True):
            self._running[number] = self._tasks.create_task(self._keep_probing(number, self._probes[number], rhythm))

    async def _keep_probing(self, number: int, probe: Probe, rhythm: Rhythm) -> None:
        turns = self._script_turns if isinstance(probe.target.check, ScriptCheck) else self._turns
        async for _ in rhythm.beats(self._clock):
            async with turns:
                outcome = await self._ask(probe)
            await self._report(number, outcome)
