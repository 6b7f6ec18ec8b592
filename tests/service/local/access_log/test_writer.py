"""The access log is written in batches; what fails is said once, and holds nothing up."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from bascule.config.model import AccessLog, LogKind
from bascule.service.events import Event, EventKind
from bascule.service.local.access_log.writer import BATCH, WAITING, AccessLogWriter
from bascule.service.local.journal import Journal
from bascule.system.errors import MachineError
from bascule.system.log_sinks import Entry, Sink
from bed.clock import SteppedClock
from service.local.access_log.test_entry import ENDED

HERE = AccessLog(kind=LogKind.FILE, path="/var/log/access.log")
THERE = AccessLog(kind=LogKind.SYSLOG)


class Desk:
    """A writer with everything around it in the test's hands."""

    def __init__(self) -> None:
        self.wanted: AccessLog | None = HERE
        self.fault: str | None = None
        self.written: list[tuple[AccessLog, int]] = []
        self.events: list[Event] = []
        self.clock = SteppedClock()
        journal = Journal(now=lambda: datetime(2026, 3, 1, tzinfo=UTC), write=self.events.append)
        self.writer = AccessLogWriter(lambda: self.wanted, journal, clock=self.clock, opened=self.opened)

    def opened(self, log: AccessLog) -> Sink:
        """Return a sink that writes here."""
        desk = self

        class Here:
            """Where it is written."""

            def write(self, entries: Sequence[Entry]) -> None:
                """Keep how many there were."""
                if desk.fault is not None:
                    raise MachineError("write to it", desk.fault)
                if entries:
                    desk.written.append((log, len(entries)))

            def close(self) -> None:
                """Have nothing to close."""

        return Here()

    def note(self, number: int) -> None:
        """Have sessions end."""
        for _ in range(number):
            self.writer.note(ENDED)

    def write(self, times: int = 1) -> None:
        """Have batches written."""

        async def go() -> None:
            for _ in range(times):
                await self.writer.write()

        asyncio.run(go())


def test_sessions_are_written_in_batches() -> None:
    """As many at once as may be."""
    desk = Desk()
    desk.note(BATCH + 3)
    desk.write(3)
    assert desk.written == [(HERE, BATCH), (HERE, 3)]
    assert desk.events == []


def test_a_fault_is_said_once_and_so_is_its_end() -> None:
    """What ended meanwhile is not logged, and it is said how much."""
    desk = Desk()
    desk.write()
    desk.fault = "No space left on device"
    for _ in range(3):
        desk.note(2)
        desk.write()
    (event,) = desk.events
    assert (event.event, event.state, event.reason) == (EventKind.ACCESS_LOG, "fails", "No space left on device")
    assert event.words == (
        "access log: could not write to it: No space left on device; sessions that end meanwhile are not logged"
    )
    desk.fault = None
    desk.write()
    assert (desk.events[-1].state, desk.events[-1].number) == ("works", 6)
    desk.note(1)
    desk.write()
    assert desk.written == [(HERE, 1)]
    assert len(desk.events) == 2


def test_a_place_that_cannot_be_written_is_said_before_a_session_ends() -> None:
    """The operator hears it when the configuration takes effect."""
    desk = Desk()
    desk.fault = "No such file or directory"
    desk.write()
    assert [event.state for event in desk.events] == ["fails"]


def test_another_configuration_takes_the_log_elsewhere() -> None:
    """From the next line on; without a place nothing waits."""
    desk = Desk()
    desk.note(1)
    desk.write()
    desk.wanted = THERE
    desk.note(2)
    desk.write()
    desk.wanted = None
    desk.note(5)
    desk.write()
    desk.wanted = HERE
    desk.write()
    assert desk.written == [(HERE, 1), (THERE, 2)]


def test_too_many_at_once_lose_the_oldest() -> None:
    """And it is said how many."""
    desk = Desk()
    desk.write()
    desk.note(WAITING + 7)
    desk.write()
    assert (desk.events[-1].state, desk.events[-1].number) == ("works", 7)


def test_what_waits_at_the_end_is_written() -> None:
    """Whoever ends the writer loses nothing."""
    desk = Desk()

    async def go() -> None:
        watching = asyncio.ensure_future(desk.writer.watch())
        await desk.clock.advance(0)
        desk.note(4)
        watching.cancel()
        await asyncio.wait([watching])

    asyncio.run(go())
    assert desk.written == [(HERE, 4)]
