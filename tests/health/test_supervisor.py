import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from ipaddress import ip_address

import pytest

from bascule.config.model import MailCheck, MailProtocol, TcpCheck, Timing
from bascule.config.names import Questions
from bascule.health.names.answer import Answer
from bascule.health.outcome import Outcome
from bascule.health.supervisor import FIRST_PAUSE, LAST_PAUSE, ProbeProcess
from bascule.plan.model import Endpoint, Probe, ProbeTarget
from bascule.system.children import OwnChildren, Starts
from bascule.system.clock import SystemClock
from bed.loopback import Loopback, says

OFTEN = Timing(interval=0.05, timeout=1)


def tcp(endpoint: Endpoint) -> Probe:
    """Return a quick probe of an endpoint."""
    return Probe(target=ProbeTarget(endpoint=endpoint, check=TcpCheck(), timing=OFTEN))


class Supervised:
    """A prober, the outcomes that came from it, and its deaths."""

    def __init__(self, starts: Starts | None = None) -> None:
        self.deaths: list[str] = []
        self.outcomes: list[tuple[ProbeTarget, Outcome]] = []
        self.process = ProbeProcess(clock=SystemClock(), died=self.deaths.append, starts=starts or OwnChildren())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen to it until the block ends."""
        listener = asyncio.create_task(self._listen())
        yield
        await self.process.stop()
        await asyncio.wait_for(listener, 10)

    async def _listen(self) -> None:
        async with aclosing(self.process.outcomes()) as outcomes:
            async for each in outcomes:
                self.outcomes.append(each)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - conditions of all kinds, without an event of their own
                await asyncio.sleep(0.01)

    def pid(self) -> int:
        """Return the process's id."""
        assert self.process.pid is not None
        return self.process.pid


async def test_outcomes_come_from_a_process_of_its_own(loopback: Loopback) -> None:
    """The prober asks real servers, and tells whom it asked and what came of it."""
    supervised = Supervised()
    greeting = Probe(
        target=ProbeTarget(
            endpoint=await loopback.serve(says(b"421 4.3.2 Service not active\r\n")),
            check=MailCheck(protocol=MailProtocol.SMTP),
            timing=OFTEN,
        ),
        source=ip_address("127.0.0.9"),
    )
    listening = tcp(await loopback.serve(says(b"")))
    await supervised.process.set_probes([greeting, listening])
    async with supervised.running():
        await supervised.until(lambda: {target for target, _ in supervised.outcomes} == {greeting.target, listening.target})
        assert supervised.pid() != os.getpid()
    found = dict(supervised.outcomes)
    assert found[listening.target].up
    assert found[greeting.target].reason == "in Exchange maintenance: greeted with 421 4.3.2 Service not active"
    assert supervised.deaths == []
    assert supervised.process.pid is None


async def test_new_probes_replace_the_old(loopback: Loopback) -> None:
    """What is no longer asked for brings no outcome any more, not even a late one."""
    first, second = tcp(await loopback.serve(says(b""))), tcp(await loopback.serve(says(b"")))
    supervised = Supervised()
    async with supervised.running():
        await supervised.process.set_probes([first])
        await supervised.until(lambda: supervised.outcomes)
        await supervised.process.set_probes([second])
        supervised.outcomes.clear()
        await supervised.until(lambda: len(supervised.outcomes) >= 3)
    assert {target for target, _ in supervised.outcomes} == {second.target}


async def test_a_killed_prober_is_started_again(loopback: Loopback) -> None:
    """Its death is an event; probes go on with a new process, without being set anew."""
    probe = tcp(await loopback.serve(says(b"")))
    supervised = Supervised()
    await supervised.process.set_probes([probe])
    async with supervised.running():
        await supervised.until(lambda: supervised.outcomes)
        before = supervised.pid()
        os.kill(before, signal.SIGKILL)
        await supervised.until(lambda: supervised.deaths)
        supervised.outcomes.clear()
        await supervised.until(lambda: supervised.outcomes)
        assert supervised.pid() != before
    assert supervised.deaths == ["the prober was ended by SIGKILL"]


class Hurried(SystemClock):
    """A clock that does not wait, and notes how long it should have."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Return at once."""
        self.slept.append(seconds)
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import sys; sys.exit(3)", "the prober ended with exit code 3"),
        ("import os; os.kill(os.getpid(), 15)", "the prober was ended by SIGTERM"),
        ("import os,sys; os.write(int(sys.argv[3]), b'HTTP/1.1 400 what?')", "the prober ended with exit code 0"),
    ],
    ids=["exits", "killed", "no message of ours"],
)
async def test_one_that_cannot_live_is_started_ever_more_slowly(program: str, reason: str) -> None:
    """A prober that dies young is waited for longer each time, up to a bound."""
    clock, deaths = Hurried(), list[str]()
    process = ProbeProcess(clock=clock, died=deaths.append, starts=OwnChildren([sys.executable, "-Sc", program]))
    listener = asyncio.create_task(_drain(process))
    async with asyncio.timeout(30):
        while len(clock.slept) < 8:  # noqa: ASYNC110 - the clock has no event
            await asyncio.sleep(0.01)
    await process.stop()
    await asyncio.wait_for(listener, 10)
    assert set(deaths) == {reason}
    assert clock.slept[:7] == pytest.approx([min(FIRST_PAUSE * 2**turn, LAST_PAUSE) for turn in range(7)])


async def test_one_that_cannot_be_started_is_a_death_too() -> None:
    """A missing program is told, and tried again."""
    clock, deaths = Hurried(), list[str]()
    process = ProbeProcess(clock=clock, died=deaths.append, starts=OwnChildren(["/nonexistent/prober"]))
    listener = asyncio.create_task(_drain(process))
    async with asyncio.timeout(10):
        while len(deaths) < 2:  # noqa: ASYNC110 - the list has no event
            await asyncio.sleep(0.01)
    await process.stop()
    await asyncio.wait_for(listener, 10)
    assert deaths[0].startswith("the prober could not be started: ")


async def _drain(process: ProbeProcess) -> None:
    async for _ in process.outcomes():
        pass


async def test_one_that_stands_still_is_replaced(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped process sends nothing and dies of nothing; silence against all reason ends it."""
    monkeypatch.setattr("bascule.health.supervisor._GRACE", 3.0)
    probe = tcp(await loopback.serve(says(b"")))
    supervised = Supervised()
    await supervised.process.set_probes([probe])
    async with supervised.running():
        await supervised.until(lambda: supervised.outcomes)
        os.kill(supervised.pid(), signal.SIGSTOP)
        await supervised.until(lambda: supervised.deaths)
        supervised.outcomes.clear()
        await supervised.until(lambda: supervised.outcomes)
    assert supervised.deaths[0] == "the prober stood still and was ended"


async def test_stop_wakes_a_prober_that_waits_to_be_started() -> None:
    """Stopping never waits for a pause to end."""

    class Patient(SystemClock):
        async def sleep(self, seconds: float) -> None:
            del seconds
            await asyncio.Event().wait()

    deaths = list[str]()
    process = ProbeProcess(clock=Patient(), died=deaths.append, starts=OwnChildren(["/nonexistent/prober"]))
    listener: Awaitable[None] = asyncio.create_task(_drain(process))
    async with asyncio.timeout(10):
        while not deaths:  # noqa: ASYNC110 - the list has no event
            await asyncio.sleep(0.01)
    await process.stop()
    await asyncio.wait_for(listener, 5)


async def test_name_servers_are_asked_by_the_prober_whenever_it_lives() -> None:
    """What they say is told, also by a prober that had to be started again."""
    answers: list[Answer] = []
    prober = Supervised()
    prober.process.tell_names_to(answers.append)
    await prober.process.set_questions(Questions(servers=(ip_address("127.0.0.9"),), names=frozenset({"a.example"})))
    async with prober.running():
        await prober.until(lambda: answers)
        os.kill(prober.pid(), signal.SIGKILL)
        await prober.until(lambda: prober.deaths and len(answers) > 1)
    assert {answer.name for answer in answers} == {"a.example"}
    assert all(answer.failure and answer.v4 is None for answer in answers)
