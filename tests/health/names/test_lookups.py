"""Names are asked for again when their answer is old, sooner after a failure, and never more often than bounded."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address

from bascule.config.model import Address
from bascule.config.names import NOTHING_TO_ASK, Questions
from bascule.health.names.answer import Answer
from bascule.health.names.lookups import FIRST_RETRY, LAST_RETRY, LONGEST, SHORTEST, Lookups
from bed.clock import SteppedClock

SERVER, OTHER = ip_address("10.0.0.5"), ip_address("10.0.0.6")


class Asked:
    """Pretended name servers: who was asked for what, when; answers last for `ttl` seconds, 0 is a failure."""

    def __init__(self, ttl: float = 60.0) -> None:
        self.clock = SteppedClock(now=0)
        self.ttl = ttl
        self.times: list[tuple[float, str]] = []
        self.servers: list[Sequence[Address]] = []
        self.reported: list[Answer] = []

    def by(self, servers: Sequence[Address]) -> "Asked":
        """Note the servers."""
        self.servers.append(servers)
        return self

    async def ask(self, name: str) -> tuple[Answer, float]:
        """Note the question, and answer it."""
        self.times.append((self.clock.monotonic(), name))
        return Answer(name=name, v4=frozenset(), failure="" if self.ttl else "nobody answers"), self.ttl

    async def report(self, answer: Answer) -> None:
        """Take the answer."""
        self.reported.append(answer)

    def of(self, name: str) -> list[float]:
        """Return when a name was asked for."""
        return [at for at, asked in self.times if asked == name]

    @asynccontextmanager
    async def lookups(self) -> AsyncIterator[Lookups]:
        """Keep asking until the block ends."""
        async with asyncio.TaskGroup() as tasks:
            lookups = Lookups(asks=self.by, report=self.report, clock=self.clock, tasks=tasks)
            yield lookups
            lookups.set_questions(NOTHING_TO_ASK)


def asking(*names: str, server: Address = SERVER) -> Questions:
    """Return questions to one server."""
    return Questions(servers=(server,), names=frozenset(names))


async def test_by_the_time_to_live() -> None:
    """At once, then whenever the answer is old; each answer is told."""
    asked = Asked(ttl=60)
    async with asked.lookups() as lookups:
        lookups.set_questions(asking("a.example", "b.example"))
        await asked.clock.advance(150)
    assert asked.of("a.example") == asked.of("b.example") == [0, 60, 120]
    assert len(asked.reported) == 6


async def test_within_bounds() -> None:
    """A time to live of nothing, or of a week, is not taken at its word."""
    hasty, lazy = Asked(ttl=0.001), Asked(ttl=604_800)
    for asked in (hasty, lazy):
        async with asked.lookups() as lookups:
            lookups.set_questions(asking("a.example"))
            await asked.clock.advance(LONGEST)
    assert hasty.of("a.example")[:3] == [0, SHORTEST, 2 * SHORTEST]
    assert lazy.of("a.example") == [0, LONGEST]


async def test_after_a_failure() -> None:
    """Soon, then more and more seldom; after an answer it begins anew."""
    asked = Asked(ttl=0)
    async with asked.lookups() as lookups:
        lookups.set_questions(asking("a.example"))
        await asked.clock.advance(300)
        waits = [later - earlier for earlier, later in zip(asked.of("a.example"), asked.of("a.example")[1:], strict=False)]
        assert waits[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
        assert max(waits) == LAST_RETRY
        asked.ttl = 100
        await asked.clock.advance(LAST_RETRY)
        asked.ttl, asked.times = 0, []
        await asked.clock.advance(100 + FIRST_RETRY)
    first, second, *_ = asked.of("a.example")
    assert second - first == FIRST_RETRY


async def test_other_questions() -> None:
    """Names that stay keep their rhythm, new ones are asked for at once, others no more; other servers are asked all."""
    asked = Asked(ttl=60)
    async with asked.lookups() as lookups:
        lookups.set_questions(asking("a.example", "b.example"))
        await asked.clock.advance(30)
        lookups.set_questions(asking("a.example", "c.example"))
        await asked.clock.advance(50)
        assert asked.of("a.example") == [0, 60]
        assert asked.of("b.example") == [0]
        assert asked.of("c.example") == [30]
        lookups.set_questions(asking("a.example", server=OTHER))
        await asked.clock.advance(1)
    assert asked.of("a.example") == [0, 60, 80]
    assert (OTHER,) in asked.servers
