"""What is counted is what the kernel has, what has ended, and what workers say."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, cast

from bascule.engines.proxy.counts import ProxyCounts
from bascule.engines.proxy.engine import ProxyEngine
from bascule.engines.proxy.wire import HostCounts, Place, RelayCounts
from bascule.service.local.balancer import Balancer
from bascule.service.local.counters.rows import counter_rows
from bascule.service.local.counters.sampling import PERIOD, Counters, owners_of
from bascule.service.local.counters.totals import Totals
from bascule.service.local.machine import Machine
from bascule.service.local.running import Running
from bascule.system.census import Census, Tally
from bascule.system.ctnetlink import Statistics, TcpState
from bed.clock import SteppedClock
from service.local.situations import TWO_SERVICES, running
from system.tracked import tracked

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Pretended:
    """A machine, a balancer and a proxy that say what a test put here."""

    running: Running
    tallies: dict[int, Tally] = field(default_factory=dict)
    proxied: ProxyCounts = field(default_factory=ProxyCounts)
    refused: dict[str, int] = field(default_factory=dict)
    clock: SteppedClock = field(default_factory=SteppedClock)
    looks: int = 0

    @property
    def accounts(self) -> "Pretended":
        """Return who adds up."""
        return self

    def census(self, *_: int) -> Census:
        """Count what the test said."""
        self.looks += 1
        return Census(marks=dict(self.tallies))

    def statistics(self) -> Statistics:
        """Say that nothing is known."""
        return Statistics(0, 0, 0, 0)

    async def status(self) -> ProxyCounts:
        """Count what the test said."""
        return self.proxied

    async def refusals(self) -> Mapping[str, int]:
        """Tell what the test said."""
        return dict(self.refused)

    def counters(self) -> Counters:
        """Return the counters of it all."""
        anything: Any = self
        return Counters(
            cast("Machine", anything),
            cast("Balancer", anything),
            cast("ProxyEngine", anything),
            now=lambda: NOW,
        )


def mark(of: Running, relay: str, label: str) -> int:
    """Return the mark of a host's sessions."""
    marks = {(key.relay, str(key.host.address)): mark for mark, key in owners_of(of.plan).items()}
    return marks[relay, {"EX1": "10.80.2.1", "EX2": "10.80.2.2"}[label]]


def test_what_lives_and_what_has_ended_is_counted_once() -> None:
    """A session is in the table until it is told as ended; one that was refused has failed."""
    pretended = Pretended(running())
    counters = pretended.counters()
    ex1 = mark(pretended.running, "HTTPS", "EX1")

    async def go() -> None:
        watching = asyncio.ensure_future(counters.watch())
        await pretended.clock.advance(0)
        pretended.tallies[ex1] = Tally(known=3, living=2, from_client=300, from_host=900)
        counters.hear(tracked(1, mark=ex1)._replace(from_client=50, from_host=70))
        counters.hear(tracked(2, TcpState.CLOSE, mark=ex1)._replace(from_client=60, from_host=40, answered=False))
        pretended.refused["HTTPS"] = 4
        await pretended.clock.advance(PERIOD / 2)
        look, rates = await counters.now()
        watching.cancel()
        rows = {(row.relay, row.name): row for row in counter_rows(pretended.running, look, rates)}
        assert list(rows) == [(relay, name) for relay in ("HTTPS", "IMAP") for name in (relay, "EX1", "EX2")]
        host, relay = rows["HTTPS", "EX1"], rows["HTTPS", "HTTPS"]
        assert (host.sessions, host.opened, host.failed, host.from_client, host.from_host) == (2, 5, 1, 410, 1010)
        assert (host.opened_rate, host.from_client_rate) == (1.0, 82.0)
        assert (relay.type, relay.opened, relay.refused, relay.from_host) == ("relay", 5, 4, 1010)
        assert (host.checks_up, host.checks_all, relay.checks_all, host.refused) == (1, 1, None, None)
        assert rows["IMAP", "IMAP"].opened == 0

    asyncio.run(go())


def test_a_check_that_failed_says_why() -> None:
    """The last reason stands beside the numbers."""
    pretended = Pretended(running(("HTTPS", "EX1")))

    async def go() -> None:
        look, rates = await pretended.counters().now()
        rows = {(row.relay, row.name): row for row in counter_rows(pretended.running, look, rates)}
        host = rows["HTTPS", "EX1"]
        assert (host.checks_up, host.checks_all, host.reason) == (0, 1, "connection refused")

    asyncio.run(go())


def test_workers_count_for_themselves() -> None:
    """Relays in the proxy cost no census."""
    text = TWO_SERVICES.replace("mode source-hash\n", "mode source-hash\n\t\tengine proxy\n")
    pretended = Pretended(running(text=text))
    counters = pretended.counters()

    def counted(opened: int, refused: int) -> ProxyCounts:
        host = HostCounts(place=Place("10.80.2.2", 443), label="EX2", sessions=1, opened=opened, failed=1, from_host=9)
        return ProxyCounts(workers=1, relays=(RelayCounts(name="HTTPS", refused=refused, hosts=(host,)),))

    async def go() -> None:
        watching = asyncio.ensure_future(counters.watch())
        pretended.proxied = ProxyCounts()
        await pretended.clock.advance(0)
        pretended.proxied = counted(5, 2)
        await pretended.clock.advance(PERIOD)
        look, _ = await counters.now()
        watching.cancel()
        (totals,) = look.totals.values()
        assert totals == Totals(5, 1, 0, 9)
        assert look.refused == {"HTTPS": 2}
        assert pretended.looks == 0

    asyncio.run(go())


def test_looks_keep_their_pace_however_long_one_takes() -> None:
    """Each moment that is measured has one; one that takes very long has a pause that is longer still."""
    text = TWO_SERVICES.replace("mode source-hash\n", "mode source-hash\n\t\tengine proxy\n")

    class Slow(Pretended):
        takes: float
        began: list[float]

        async def status(self) -> ProxyCounts:
            self.began.append(self.clock.monotonic())
            await self.clock.sleep(self.takes)
            return ProxyCounts()

    async def go(takes: float) -> list[float]:
        slow = Slow(running(text=text))
        slow.began, slow.takes = [], takes
        watching = asyncio.ensure_future(slow.counters().watch())
        await slow.clock.advance(100)
        watching.cancel()
        return [round(after - before, 3) for before, after in pairwise(slow.began)]

    assert asyncio.run(go(0.3)) == [PERIOD] * 10
    assert asyncio.run(go(2.0)) == [42.0] * 2


async def test_whoever_follows_shares_the_looks_of_others() -> None:
    """However many look on, the kernel is asked as often as for one; what they are told is never older than they asked."""
    pretended = Pretended(running())
    counters = pretended.counters()
    ex1 = mark(pretended.running, "HTTPS", "EX1")
    pretended.tallies[ex1] = Tally(known=1, living=1)
    first, _ = await counters.recent(1.0)
    pretended.tallies[ex1] = Tally(known=2, living=2)
    await pretended.clock.advance(0.5)
    again, _ = await counters.recent(1.0)
    assert again is first
    assert pretended.looks == 1
    await pretended.clock.advance(1.0)
    later, _ = await counters.recent(1.0)
    assert list(later.sessions.values()) == [2]
    assert pretended.looks == 2
