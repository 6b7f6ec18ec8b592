"""Keeps asking for names: again when an answer is old by its TTL, and sooner where there was none."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from bascule.config.model import Address
from bascule.config.names import NOTHING_TO_ASK, Questions
from bascule.health.names.answer import Answer
from bascule.system.clock import Clock

SHORTEST: Final = 5.0
LONGEST: Final = 3600.0
"""Seconds between two questions for a name, whatever its TTL."""

FIRST_RETRY: Final = 5.0
LAST_RETRY: Final = 60.0
"""Seconds until a name is asked for again after a failure: the first, doubled each time, and the last."""

CONCURRENT: Final = 16
"""Names that are asked for at once; more wait for their turn."""


class Asks(Protocol):
    """Who asks certain servers."""

    async def ask(self, name: str) -> tuple[Answer, float]:
        """Return what the servers say of a name, and after how many seconds that is old; 0 where they failed."""
        ...


class Lookups:
    """Keeps one task for each name. `tasks` owns them; `asks` returns who asks given servers."""

    def __init__(
        self,
        *,
        asks: Callable[[Sequence[Address]], Asks],
        report: Callable[[Answer], Awaitable[None]],
        clock: Clock,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._asks = asks
        self._report = report
        self._clock = clock
        self._tasks = tasks
        self._turns = asyncio.Semaphore(CONCURRENT)
        self._questions = NOTHING_TO_ASK
        self._running: dict[str, asyncio.Task[None]] = {}

    def set_questions(self, questions: Questions) -> None:
        """Ask for these names and no others: those that stay keep their rhythm, new ones are asked for at once."""
        same = questions.servers == self._questions.servers
        for name in [name for name in self._running if not same or name not in questions.names]:
            self._running.pop(name).cancel()
        self._questions = questions
        resolver = self._asks(questions.servers)
        for name in sorted(questions.names - self._running.keys()):
            self._running[name] = self._tasks.create_task(self._keep_asking(name, resolver))

    async def _keep_asking(self, name: str, resolver: Asks) -> None:
        retry = FIRST_RETRY
        while True:
            async with self._turns:
                answer, ttl = await resolver.ask(name)
            await self._report(answer)
            if answer.failure:
                await self._clock.sleep(retry)
                retry = min(2 * retry, LAST_RETRY)
            else:
                await self._clock.sleep(min(max(ttl, SHORTEST), LONGEST))
                retry = FIRST_RETRY
