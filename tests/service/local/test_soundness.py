"""What is kept is read whole now and then, and damage is said once."""

import asyncio
from pathlib import Path

import pytest

from bascule.service.events import Event
from bascule.service.local.journal import Journal
from bascule.service.local.soundness import EVERY, LOOK, Soundness
from bascule.store.database import FILE, DamagedError, open_database
from bed.clock import SteppedClock
from bed.wait import eventually
from service.local.test_deploying import START


async def test_a_page_that_nobody_reads_is_found(tmp_path: Path) -> None:
    """With the backup that is best; nothing is written any more."""
    open_database(tmp_path).close()
    database = open_database(tmp_path)
    database.advice = lambda: "the last good backup: a.db"
    file = tmp_path / FILE
    data = file.read_bytes()
    file.write_bytes(data[:8192] + b"\xff" * (len(data) - 8192))
    clock, events = SteppedClock(), list[Event]()
    soundness = Soundness(database, clock, Journal(now=lambda: START, write=events.append))
    watching = asyncio.create_task(soundness.watch())
    await clock.advance(EVERY - 1)
    assert (soundness.findings(), events) == ([], [])
    for _ in range(3):
        await clock.advance(LOOK)
        await asyncio.sleep(0.05)
    await eventually(lambda: bool(events))
    (said,) = soundness.findings()
    assert said.startswith("what Bascule keeps: it is damaged: ")
    assert said.endswith("; the last good backup: a.db")
    assert [event.words for event in events] == [said]
    with pytest.raises(DamagedError, match=r"a\.db"), database.transaction():
        pytest.fail("it was begun")
    await watching
    database.close()
