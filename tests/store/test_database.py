import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from bascule.store.database import FILE, Database, open_database
from bascule.store.schema import VERSIONS
from bascule.system.errors import MachineError


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else reads it, nor what SQLite puts beside it; a file with other rights gets these."""
    folder = tmp_path / "state"
    with closing(open_database(folder)) as database:
        with database.transaction() as change:
            change.execute("CREATE TABLE t (a INTEGER) STRICT")
        assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
        assert len(list(folder.iterdir())) == 3
    (folder / FILE).chmod(0o644)
    open_database(folder).close()
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600


def test_a_change_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Neither an error of SQLite nor one of ours leaves half of it."""
    with closing(open_database(tmp_path)) as database:
        with pytest.raises(ZeroDivisionError):
            _fail_in_the_middle(database)
        assert database.read("SELECT name FROM sqlite_master WHERE name = 't'") == []


def test_it_is_made_for_writers_that_die(tmp_path: Path) -> None:
    """Write-ahead log, synced at each commit."""
    with closing(open_database(tmp_path)) as database:
        assert database.read("PRAGMA journal_mode") == [("wal",)]
        assert database.read("PRAGMA synchronous") == [(2,)]


def test_every_table_is_strict(tmp_path: Path) -> None:
    """A number where a text belongs is refused by the file itself."""
    with closing(open_database(tmp_path)) as database:
        assert database.read("SELECT name FROM pragma_table_list WHERE NOT strict AND name NOT LIKE 'sqlite_%'") == []
        assert database.read("PRAGMA user_version") == [(len(VERSIONS),)]


def test_what_is_no_database_is_damage(tmp_path: Path) -> None:
    """The message names the file."""
    (tmp_path / FILE).write_bytes(b"something else altogether" * 400)
    with pytest.raises(MachineError, match=r"bascule\.db: it is damaged: file is not a database"):
        open_database(tmp_path)


def test_a_broken_page_is_found_at_the_start(tmp_path: Path) -> None:
    """Before anything is believed that it says."""
    open_database(tmp_path).close()
    data = bytearray((tmp_path / FILE).read_bytes())
    data[4096:8192] = b"\xff" * 4096
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(MachineError, match=r"bascule\.db: it is damaged"):
        open_database(tmp_path)


def test_a_later_versions_file_is_left_alone(tmp_path: Path) -> None:
    """An older Bascule does not write what it does not know."""
    open_database(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(MachineError, match="a later Bascule wrote it"):
        open_database(tmp_path)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """What the machine says, and of which file."""
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match=r"file/bascule\.db"):
        open_database(tmp_path / "file")


def _fail_in_the_middle(database: Database) -> None:
    with database.transaction() as change:
        change.execute("CREATE TABLE t (a INTEGER) STRICT")
        raise ZeroDivisionError
