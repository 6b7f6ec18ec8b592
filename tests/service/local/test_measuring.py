"""What is counted is written once a minute, and comes back as it was asked for; no file is worth a stop."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bascule.plan.model import Endpoint
from bascule.service.events import Event, EventKind
from bascule.service.local.counters.totals import Key, Look, Totals
from bascule.service.local.journal import Journal
from bascule.service.local.measuring import Measuring
from bascule.service.operations import ShowHistory
from bascule.store.measurements import ASIDE, FILE, Measurements, open_measurements
from bascule.system.errors import MachineError
from bed.clock import SteppedClock
from bed.wait import eventually
from service.local.situations import running

START = datetime(2026, 3, 1, 12, 0, 20, tzinfo=UTC)
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
        journal = Journal(now=self.now, write=self.events.append)
        balancer = PretendedBalancer()
        self.full, self.refused = False, 0
        """Whether the disk is full, and how often it has said so."""
        self.measuring = Measuring(
            state, self.counts, balancer, journal, clock=self.clock, now=self.now, opened=self.opened
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
        before = self.rows()
        await self.clock.advance(60)
        await eventually(lambda: self.rows() > before and self.waits())

    def waits(self) -> bool:
        """Tell whether it waits for the next minute."""
        return bool(self.clock._sleepers)

    def rows(self) -> int:
        """Return how many minutes are written."""
        try:
            with closing(sqlite3.connect(f"file:{self.state / FILE}?mode=ro", uri=True)) as connection:
                ((number,),) = connection.execute("SELECT count(*) FROM minutes")
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
    """With the minutes of before; counters that begin anew count from nothing."""
    bench.counts.carried(opened=5)
    await bench.minute()
    other = Bench(tmp_path)
    other.ahead = timedelta(minutes=1)
    other.counts.carried(opened=2)
    watching = asyncio.create_task(other.measuring.watch())
    await other.minute()
    found = await other.measuring.history(ShowHistory())
    watching.cancel()
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
    """It is said once, nothing ends by it, and the first minute that is written has it all."""
    bench.counts.carried(opened=5)
    bench.full = True
    for minute in (1, 2):
        await bench.clock.advance(60)
        await eventually(lambda: bench.refused == minute and bench.waits())  # noqa: B023 - called at once
    assert [event.words for event in bench.events] == [
        "what relays carry is not measured: could not open measurements.db: no space left on device"
    ]
    bench.full = False
    bench.counts.carried(opened=6)
    await bench.minute()
    assert [row.opened for row in (await bench.measuring.history(ShowHistory())).rows] == [6, 6]
