"""What is counted is written every ten seconds, and comes back as it was asked for; no file is worth a stop."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bascule.plan.model import Endpoint
from bascule.service.events import Event, EventKind
from bascule.service.local.counters.totals import Key, Look, Totals
from bascule.service.local.growth import Grown, growth
from bascule.service.local.journal import Journal, Subject
from bascule.service.local.measured_rows import cut
from bascule.service.local.measuring import Measuring
from bascule.service.measured import MOST_ROWS
from bascule.service.operations import ShowHistory
from bascule.store.measurements import ASIDE, FILE, Measurements, open_measurements
from bascule.system.errors import MachineError
from bed.clock import SteppedClock
from bed.wait import eventually
from service.local.situations import running

START = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
RUNNING = running()
RELAY = RUNNING.plan.relays[0]
HOST = RELAY.pool.hosts[0]


class PretendedCounts:
    """Counts what the test says."""

    last: Look | None = None

    def carried(self, *, opened: int, sessions: int = 0, host: Endpoint = HOST.endpoint) -> None:
        """Have so many sessions begun since the start, with a hundred bytes each way."""
        key = Key(RELAY.name, host)
        self.last = Look(at=0, totals={key: Totals(opened, 0, opened * 100, opened * 200)}, sessions={key: sessions})

    def look_again(self) -> None:
        """Have the same been seen once more."""
        assert self.last is not None
        self.last = replace(self.last)


class PretendedBalancer:
    """Runs two services."""

    running = RUNNING


class Bench:
    """Measuring, and everything that comes of it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.counts, self.clock = PretendedCounts(), SteppedClock()
        self.events: list[Event] = []
        self.ahead = timedelta()
        self.journal = Journal(now=self.now, write=self.events.append)
        balancer = PretendedBalancer()
        self.full, self.refused = False, 0
        """Whether the disk is full, and how often it has said so."""
        self.measuring = Measuring(
            state, self.counts, balancer, self.journal, clock=self.clock, now=self.now, opened=self.opened
        )

    def opened(self, state: Path) -> Measurements:
        """Open the file, if the disk is not full."""
        if self.full:
            self.refused += 1
            raise MachineError("open measurements.db", "no space left on device")
        return open_measurements(state)

    def now(self) -> datetime:
        """Return the time that the stepped clock stands for."""
        return START + timedelta(seconds=self.clock.monotonic() - 1000) + self.ahead

    async def minute(self) -> None:
        """Let a minute pass, and what is written in it be written."""
        for _ in range(6):
            before = self.rows()
            await self.clock.advance(10)
            await eventually(lambda: self.rows() > before and self.waits())  # noqa: B023 - called at once
            self.counts.look_again()

    def waits(self) -> bool:
        """Tell whether it waits for the next minute."""
        return bool(self.clock._sleepers)

    def rows(self) -> int:
        """Return how many moments are written."""
        try:
            with closing(sqlite3.connect(f"file:{self.state / FILE}?mode=ro", uri=True)) as connection:
                ((number,),) = connection.execute("SELECT count(*) FROM recent WHERE tier = 0")
        except sqlite3.Error:
            return 0
        return int(number)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return measuring that goes on."""
    bench = Bench(tmp_path)
    watching = asyncio.create_task(bench.measuring.watch())
    yield bench
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_history_grows_minute_by_minute(bench: Bench) -> None:
    """Each minute has what came in it, the first what came since the start; a relay stands before its hosts."""
    for opened, sessions in ((5, 3), (5, 4), (12, 2)):
        bench.counts.carried(opened=opened, sessions=sessions)
        await bench.minute()
    found = await bench.measuring.history(ShowHistory(seconds=600))
    assert found.step == 60
    assert [(row.type, row.at.minute, row.opened, row.from_client, row.from_host, row.sessions) for row in found.rows] == [
        ("relay", 0, 5, 500, 1000, 3),
        ("relay", 1, 0, 0, 0, 4),
        ("relay", 2, 7, 700, 1400, 2),
        ("host", 0, 5, 500, 1000, 3),
        ("host", 1, 0, 0, 0, 4),
        ("host", 2, 7, 700, 1400, 2),
    ]
    host = found.rows[-1]
    assert (host.relay, host.name, host.address) == (RELAY.name, HOST.label, str(HOST.endpoint))
    assert found.until == datetime(2026, 3, 1, 12, 3, tzinfo=UTC)


async def test_it_is_cut_into_as_many_parts_as_are_asked_for(bench: Bench) -> None:
    """Of whole minutes; what is older than what was asked for is not told."""
    for opened in range(1, 6):
        bench.counts.carried(opened=opened)
        await bench.minute()
    found = await bench.measuring.history(ShowHistory(seconds=240, buckets=2))
    assert found.step == 120
    assert [row.opened for row in found.rows if row.type == "relay"] == [2, 2]
    assert (await bench.measuring.history(ShowHistory(relay="nobody"))).rows == ()


async def test_before_the_first_look_nothing_is_written(bench: Bench) -> None:
    """Nor is asking then a mistake."""
    await bench.clock.advance(120)
    assert (await bench.measuring.history(ShowHistory())).rows == ()


async def test_a_restart_goes_on(bench: Bench, tmp_path: Path) -> None:
    """With the moments of before; counters that begin anew count from nothing."""
    bench.counts.carried(opened=5)
    await bench.minute()
    other = Bench(tmp_path)
    other.ahead = timedelta(minutes=1)
    other.counts.carried(opened=2)
    other.journal.note(EventKind.PARENT, "Bascule runs", state="runs")  # before it watches
    watching = asyncio.create_task(other.measuring.watch())
    await other.minute()
    found = await other.measuring.history(ShowHistory())
    watching.cancel()
    assert [mark.words for mark in found.marks] == ["Bascule runs"]
    assert [row.opened for row in found.rows if row.type == "relay"] == [5, 2]


async def test_a_damaged_file_is_put_aside_and_begun_anew(bench: Bench) -> None:
    """An event says so and names the place; the minute is in the new one."""
    (bench.state / FILE).write_bytes(b"something else altogether" * 400)
    bench.counts.carried(opened=5)
    await bench.minute()
    assert [row.opened for row in (await bench.measuring.history(ShowHistory())).rows] == [5, 5]
    (event,) = bench.events
    assert event.event is EventKind.MACHINE
    assert str(bench.state / ASIDE) in event.words
    assert (bench.state / ASIDE).exists()


async def test_what_a_full_disk_keeps_from_being_written_comes_later(bench: Bench) -> None:
    """It is said once, nothing ends by it, and the first moment that is written has it all."""
    bench.counts.carried(opened=5)
    bench.full = True
    for minute in range(1, 7):
        await bench.clock.advance(10)
        await eventually(lambda: bench.refused == minute and bench.waits())  # noqa: B023 - called at once
    assert [event.words for event in bench.events] == [
        "what relays carry is not measured: could not open measurements.db: no space left on device"
    ]
    bench.full = False
    bench.counts.carried(opened=6)
    await bench.minute()
    assert [row.opened for row in (await bench.measuring.history(ShowHistory())).rows] == [6, 6]


async def test_what_happened_stands_beside_the_figures(bench: Bench) -> None:
    """Hosts that went down or came up and configurations, of those that were asked for; nothing else."""
    bench.counts.carried(opened=5)
    host = Subject(relay=RELAY.name, host=HOST.label, address=str(HOST.endpoint), state="down")
    bench.journal.note(EventKind.HOST, "EX1 is down", **host)
    bench.journal.note(EventKind.HOST, "EX9 is down", relay="other", host="EX9", address="10.9.9.9:1", state="down")
    bench.journal.note(EventKind.CONFIGURATION, "revision 7 is in effect now", state="loaded")
    bench.journal.note(EventKind.WORKER, "a worker died")
    await bench.minute()
    everything = await bench.measuring.history(ShowHistory())
    assert [mark.words for mark in everything.marks] == ["EX1 is down", "EX9 is down", "revision 7 is in effect now"]
    for request in (ShowHistory(relay=RELAY.name), ShowHistory(host=HOST.label), ShowHistory(host="10.80.2.1")):
        told = await bench.measuring.history(request)
        assert [(mark.event, mark.state) for mark in told.marks] == [("host", "down"), ("configuration", "loaded")]


async def test_checks_are_told(bench: Bench) -> None:
    """How many, how many were good, and how long they took."""
    bench.counts.carried(opened=5)
    await bench.minute()
    relay, host = (await bench.measuring.history(ShowHistory())).rows
    assert (host.checks, host.ups, host.took) == (1, 1, 0.001)
    assert (relay.checks, relay.ups, relay.took) == (1, 1, 0.001)


async def test_no_byte_is_lost_by_rounding() -> None:
    """Numbers are kept within a thousandth; what that leaves out is made up for."""
    told: Mapping[Key, Grown] = {}
    key, kept = Key(RELAY.name, HOST.endpoint), 0
    for carried in range(0, 50_000_000, 1_234_567):
        look = Look(at=0, totals={key: Totals(1, 0, carried, 0)})
        (measured,), told = growth(look, RUNNING, told)
        kept += measured.from_client
        assert abs(kept - carried) <= 1_300
    ((measured,), told) = growth(look, running(), {**told, key: told[key]._replace(checks=9, took=90)})
    assert (measured.checks, measured.took) == (1, 10), "checks that begin anew count from nothing"


@pytest.mark.parametrize(
    ("asked", "step"),
    [
        (ShowHistory(seconds=3600), 60),
        (ShowHistory(seconds=3600, buckets=10_000, finest=10), 10),
        (ShowHistory(seconds=86_400, buckets=300), 300),
        (ShowHistory(seconds=7 * 86_400, buckets=10_000), 600),
        (ShowHistory(seconds=365 * 86_400, buckets=400, finest=86_400), 86_400),
        (ShowHistory(seconds=365 * 86_400, buckets=40), 10 * 86_400),
        (ShowHistory(seconds=365 * 86_400, finest=30 * 86_400, buckets=10_000), 30 * 86_400),
    ],
)
def test_a_time_is_cut_as_finely_as_it_is_kept(asked: ShowHistory, step: int) -> None:
    """Into no more parts than are asked for and fit, all of one length, each of whole moments."""

    def finest(since: int, now: int) -> int:
        return 10 if since >= now - 86_460 else 600

    now = int(START.timestamp())
    chosen = cut(asked, now, places=(1, 2), finest=finest)
    assert chosen.step == step
    assert chosen.since <= now - asked.seconds
    assert (chosen.until - chosen.since) / step <= asked.buckets + 1
    many = cut(asked, now, places=(300, 4800), finest=finest)
    assert -(-(many.until - many.since) // many.step) * 5100 <= MOST_ROWS
