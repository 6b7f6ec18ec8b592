import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address

from bascule.config.model import ScriptCheck, TcpCheck, Timing
from bascule.health.outcome import Outcome
from bascule.health.prober import Prober
from bascule.plan.model import Endpoint, Probe, ProbeTarget
from bed.clock import SteppedClock

UP = Outcome(up=True, reason="connection accepted", seconds=0.0)


def probe(number: int, interval: float = 5.0) -> Probe:
    """Return a probe of host NUMBER."""
    endpoint = Endpoint(ip_address(0x0A000000 + number), 443)
    return Probe(target=ProbeTarget(endpoint=endpoint, check=TcpCheck(), timing=Timing(interval=interval)))


def scripted(number: int) -> Probe:
    """Return a probe of host NUMBER by a script."""
    target = probe(number).target
    return Probe(target=replace(target, check=ScriptCheck(program="/bin/true")))


class Watched:
    """A prober on a clock of the test's, with probes that take so many seconds."""

    def __init__(self, takes: float = 0) -> None:
        self.clock = SteppedClock(now=0)
        self.starts: list[tuple[float, Probe]] = []
        self.reported: list[int] = []
        self.under_way: Counter[Probe] = Counter()
        self.most_under_way = 0
        self._takes = takes

    @asynccontextmanager
    async def prober(self, concurrent: int = 256, scripts: int = 16) -> AsyncIterator[Prober]:
        """Run the prober until the block ends."""
        async with asyncio.TaskGroup() as tasks:
            prober = Prober(
                ask=self._ask,
                report=self._report,
                clock=self.clock,
                tasks=tasks,
                concurrent=concurrent,
                scripts=scripts,
            )
            yield prober
            prober.set_probes({})

    async def _ask(self, probe: Probe) -> Outcome:
        self.starts.append((self.clock.monotonic(), probe))
        self.under_way[probe] += 1
        self.most_under_way = max(self.most_under_way, self.under_way.total())
        assert self.under_way[probe] == 1, "a probe overlaps itself"
        try:
            if self._takes:
                await self.clock.sleep(self._takes)
        finally:
            self.under_way[probe] -= 1
        return UP

    async def _report(self, number: int, _outcome: Outcome) -> None:
        self.reported.append(number)

    def started(self, probe: Probe) -> list[float]:
        """Return when a probe started."""
        return [at for at, each in self.starts if each == probe]


async def test_a_thousand_hosts_once_per_interval() -> None:
    """After the first second, each 5 s hold each host exactly once, and no 50 ms more than 15."""
    watched = Watched()
    probes = {number: probe(number) for number in range(1000)}
    async with watched.prober() as prober:
        prober.set_probes(probes)
        await watched.clock.advance(1)
        assert {each for _, each in watched.starts} == set(probes.values())
        await watched.clock.advance(4 - 1e-6)
        watched.starts.clear()
        await watched.clock.advance(5)
    assert Counter(each for _, each in watched.starts) == Counter(probes.values())
    assert max(Counter(int(at / 0.05) for at, _ in watched.starts).values()) <= 15
    assert set(watched.reported) == set(probes)


async def test_no_more_probes_under_way_than_allowed() -> None:
    """Hosts that are all silent wait for their turn, and all get one."""
    watched = Watched(takes=1)
    async with watched.prober(concurrent=10) as prober:
        prober.set_probes({number: probe(number) for number in range(50)})
        await watched.clock.advance(6)
        assert len({each for _, each in watched.starts}) == 50
    assert watched.most_under_way == 10


async def test_scripts_have_fewer_turns_and_keep_nobody_waiting() -> None:
    """Each is a process: so many at once and no more, while other probes go on as ever."""
    watched = Watched(takes=1)
    async with watched.prober(scripts=2) as prober:
        scripts = {number: scripted(number) for number in range(8)}
        prober.set_probes({**scripts, 100: probe(1), 101: probe(2)})
        await watched.clock.advance(0.5)
        assert watched.most_under_way == 4
        await watched.clock.advance(5)
        assert {each for _, each in watched.starts} >= set(scripts.values())
    assert watched.most_under_way == 4


async def test_targets_that_stay_keep_their_rhythm() -> None:
    """A new plan probes what is new at once, what is gone no more, and the rest as if nothing had happened."""
    alone, watched = Watched(), Watched()
    for each, change in ((alone, False), (watched, True)):
        async with each.prober() as prober:
            prober.set_probes({1: probe(1), 2: probe(2)})
            await each.clock.advance(12)
            if change:
                prober.set_probes({1: probe(1), 3: probe(3)})
            await each.clock.advance(12)
    assert watched.started(probe(1)) == alone.started(probe(1))
    assert max(watched.started(probe(2))) < 12 < max(alone.started(probe(2)))
    assert watched.started(probe(3))[0] == 12


async def test_probe_now() -> None:
    """Everything is probed at once, also what was under way, whose old result never comes."""
    watched = Watched(takes=1)
    async with watched.prober() as prober:
        prober.set_probes({1: probe(1, interval=1000)})
        await watched.clock.advance(0.5)
        prober.probe_now()
        await watched.clock.advance(1.2)
    assert watched.started(probe(1, interval=1000))[:2] == [0, 0.5]
    assert watched.reported == [1]


async def test_a_machine_that_slept_probes_each_host_once() -> None:
    """What was missed is not caught up with."""
    watched = Watched()
    async with watched.prober() as prober:
        prober.set_probes({number: probe(number) for number in range(20)})
        await watched.clock.advance(10)
        watched.starts.clear()
        await watched.clock.jump(3600)
        assert Counter(each for _, each in watched.starts) == Counter(probe(number) for number in range(20))
