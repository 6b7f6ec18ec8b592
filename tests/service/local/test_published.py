"""The committed text lies in a file, and what people write there is neither live nor lost."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bascule.service.events import Event
from bascule.service.local.journal import Journal
from bascule.service.local.published import PublishedText


class Desk:
    """A file, and the events that tell of it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bascule" / "bascule.conf"
        self.events: list[Event] = []
        journal = Journal(now=lambda: datetime(2026, 3, 1, tzinfo=UTC), write=self.events.append)
        self.published = PublishedText(self.path, journal)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return one whose file is not there yet."""
    return Desk(tmp_path)


async def test_it_follows_what_is_committed(desk: Desk) -> None:
    """For its owner alone: a text may hold a password."""
    await desk.published.look(b"one")
    assert desk.path.read_bytes() == b"one"
    assert stat.S_IMODE(desk.path.stat().st_mode) == 0o600
    await desk.published.follow(b"one", b"two")
    assert desk.path.read_bytes() == b"two"
    await desk.published.look(b"two")
    assert desk.events == []


async def test_what_somebody_wrote_is_said_and_stays(desk: Desk) -> None:
    """A start does not write over it."""
    await desk.published.look(b"one")
    desk.path.write_bytes(b"by hand")
    await desk.published.look(b"one")
    assert desk.path.read_bytes() == b"by hand"
    (event,) = desk.events
    assert event.words == f"{desk.path} is not what was committed: `bascule load {desk.path}` makes it your working copy"


async def test_the_next_commit_puts_it_aside(desk: Desk) -> None:
    """Unless it is just what was committed."""
    await desk.published.look(b"one")
    desk.path.write_bytes(b"by hand")
    await desk.published.follow(b"one", b"two")
    assert desk.path.read_bytes() == b"two"
    assert desk.path.with_name("bascule.conf.edited").read_bytes() == b"by hand"
    desk.path.write_bytes(b"three")
    await desk.published.follow(b"two", b"three")
    assert len(desk.events) == 1


async def test_a_place_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """It is an event."""
    (tmp_path / "bascule").write_bytes(b"")
    desk = Desk(tmp_path)
    await desk.published.look(b"one")
    await desk.published.follow(b"one", b"two")
    assert ["has no file" in event.words for event in desk.events] == [True, True]
