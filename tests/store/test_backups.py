"""A backup holds everything, can be trusted before it is needed, and never costs what it replaces."""

import os
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bascule.store.backups import FOLDER, KEPT, back_up, daily, forget_old, last_good, look_at, restore
from bascule.store.database import FILE, open_database
from bascule.store.history import DatabaseHistory
from bascule.system.errors import MachineError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def commit(state: Path, *texts: bytes) -> None:
    """Keep these texts as revisions."""
    with closing(open_database(state)) as database:
        for text in texts:
            DatabaseHistory(database).commit(text, at=NOW, author="alice", message="")


def newest(state: Path) -> bytes | None:
    """Return the last text that was committed."""
    with closing(open_database(state)) as database:
        found = DatabaseHistory(database).newest()
        return None if found is None else found.text


def test_a_backup_of_a_file_in_use_is_whole(tmp_path: Path) -> None:
    """Also of what stands beside it in the write-ahead log; it is for its owner alone."""
    with closing(open_database(tmp_path)) as database:
        DatabaseHistory(database).commit(b"one", at=NOW, author="alice", message="")
        made = back_up(tmp_path, tmp_path / "copy.db")
    assert (made.revisions, made.newest) == (1, NOW)
    assert look_at(tmp_path / "copy.db") == made
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {FILE, "copy.db"}


def test_going_back_keeps_what_was_there(tmp_path: Path) -> None:
    """A restore can be taken back, too."""
    commit(tmp_path, b"one")
    back_up(tmp_path, tmp_path / "copy.db")
    commit(tmp_path, b"two")
    assert restore(tmp_path, tmp_path / "copy.db").revisions == 1
    assert newest(tmp_path) == b"one"
    assert look_at(tmp_path / f"{FILE}.replaced").revisions == 2
    restore(tmp_path, tmp_path / f"{FILE}.replaced")
    assert newest(tmp_path) == b"two"


def test_a_damaged_file_is_replaced_by_the_last_good_backup(tmp_path: Path) -> None:
    """The one before is offered where the last is damaged as well."""
    commit(tmp_path, b"one")
    (tmp_path / FOLDER).mkdir()
    for day in (1, 2):
        back_up(tmp_path, tmp_path / FOLDER / f"bascule-2026-03-0{day}T120000.db")
    broken = tmp_path / FOLDER / "bascule-2026-03-02T120000.db"
    for path in (broken, tmp_path / FILE):
        data = bytearray(path.read_bytes())
        data[4096:8192] = b"\xff" * 4096
        path.write_bytes(data)
    good = last_good(tmp_path)
    assert good is not None
    assert good.path.name == "bascule-2026-03-01T120000.db"
    restore(tmp_path, good.path)
    assert newest(tmp_path) == b"one"


@pytest.mark.parametrize("content", [b"", b"something else altogether" * 400])
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    """And what is kept stays as it is."""
    commit(tmp_path, b"one")
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(MachineError, match="other"):
        restore(tmp_path, tmp_path / "other")
    assert newest(tmp_path) == b"one"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """And so is a state folder without anything."""
    with pytest.raises(MachineError, match=r"there is no .*bascule\.db"):
        back_up(tmp_path, tmp_path / "copy.db")
    commit(tmp_path, b"one")
    with pytest.raises(MachineError, match=r"back up to .*nowhere/copy\.db: No such file"):
        back_up(tmp_path, tmp_path / "nowhere" / "copy.db")


def test_one_a_day_and_a_fortnight_of_them(tmp_path: Path) -> None:
    """By the age of the newest, whatever its name; the oldest go."""
    commit(tmp_path, b"one")
    (tmp_path / FOLDER).mkdir()
    for day in range(KEPT + 3):
        now = NOW + timedelta(days=day)
        place = daily(tmp_path, now)
        assert place is not None
        back_up(tmp_path, place)
        os.utime(place, (now.timestamp(), now.timestamp()))
        forget_old(tmp_path)
        assert daily(tmp_path, now + timedelta(hours=23)) is None
    names = sorted(path.name for path in (tmp_path / FOLDER).iterdir())
    assert len(names) == KEPT
    assert names[0] == "bascule-2026-03-04T120000.db"
