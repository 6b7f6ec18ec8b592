"""Backups are made by themselves: one a day, one after each commit."""

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bascule.service.events import Event
from bascule.service.local.backups import Backups
from bascule.service.local.journal import Journal
from bascule.store.backups import FOLDER, LAST_COMMIT, look_at
from bascule.store.database import open_database
from bascule.store.history import DatabaseHistory
from bed.clock import SteppedClock
from bed.wait import eventually

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_one_at_the_start_and_one_after_each_commit(tmp_path: Path) -> None:
    """The daily one stays as it is until a day is over."""
    events: list[Event] = []
    journal = Journal(now=lambda: NOW, write=events.append)
    backups = Backups(tmp_path, SteppedClock(), journal, now=lambda: datetime.now(UTC))
    last = tmp_path / FOLDER / LAST_COMMIT
    with closing(open_database(tmp_path)) as database:
        watching = asyncio.create_task(backups.watch())
        await eventually(lambda: len(list((tmp_path / FOLDER).glob("*.db"))) == 2)
        DatabaseHistory(database).commit(b"one", at=NOW, author="alice", message="")
        await backups.follow(b"", b"one")
        await eventually(lambda: last.exists() and look_at(last).revisions == 1)
        watching.cancel()
    assert len(list((tmp_path / FOLDER).glob("*.db"))) == 2
    assert events == []


async def test_what_fails_is_said_once_and_owed(tmp_path: Path) -> None:
    """Once it can be made, it is."""
    events: list[Event] = []
    clock = SteppedClock()
    backups = Backups(tmp_path, clock, Journal(now=lambda: NOW, write=events.append), now=lambda: NOW + timedelta(days=1))
    open_database(tmp_path).close()
    (tmp_path / FOLDER).write_text("in the way")
    await backups.follow(b"", b"one")
    await backups.look()
    await backups.look()
    assert [event.words for event in events] == [f"no backup: could not make {tmp_path / FOLDER}: File exists"]
    (tmp_path / FOLDER).unlink()
    await backups.look()
    assert (tmp_path / FOLDER / LAST_COMMIT).exists()
    assert [event.state for event in events] == ["no backup", "backed up"]
