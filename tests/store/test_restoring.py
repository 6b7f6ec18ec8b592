"""A backup is taken over whole or not at all, into a file that is in use; and what is none changes nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from bascule.store.accounts import Account, DatabaseAccounts
from bascule.store.audit import DatabaseAudit, Deed
from bascule.store.backups import back_up, forget_replaced, look_at, replaced
from bascule.store.copies import DatabaseCopies, WorkingCopy
from bascule.store.database import Database, open_database, open_file
from bascule.store.history import DatabaseHistory
from bascule.store.measurements import FILE as FIGURES
from bascule.store.measurements import open_measurements
from bascule.store.restoring import heads_of, last_deed, opened, take_over
from bascule.store.schema import VERSIONS
from bascule.store.second_factors import DatabaseSecondFactors, SecondFactor
from bascule.store.secrets import DatabaseSecrets
from bascule.store.table_entries import DatabaseEntries, TableEntry
from bascule.system.errors import MachineError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def commit(database: Database, *texts: bytes) -> None:
    """Keep these texts as revisions."""
    for text in texts:
        DatabaseHistory(database).commit(text, at=NOW, author="alice", message="")


def account(database: Database, name: str, proof: str = "hash") -> None:
    """Keep an administrator."""
    DatabaseAccounts(database).keep(Account(name=name, role="administrator", password=proof, since=NOW))


def enter(database: Database, table: str, network: str) -> None:
    """Put a network into an address table."""
    entry = TableEntry(table=table, network=ip_network(network), by="alice", since=NOW, until=None, reason="")
    DatabaseEntries(database, now=lambda: NOW).put([entry])


def deed(database: Database, words: str) -> None:
    """Add a line to the audit log."""
    DatabaseAudit(database).note(Deed(at=NOW, user="alice", uid=0, pid=1, words=words))


def saved(folder: Path, *fill: Callable[[Database], None]) -> Path:
    """Return a backup of a Bascule elsewhere."""
    with closing(open_database(folder)) as database:
        for each in fill:
            each(database)
    return back_up(folder, folder / "saved.db").path


def texts(database: Database) -> list[bytes]:
    """Return all revisions' texts."""
    found = [DatabaseHistory(database).revision(head.number) for head in heads_of(database)]
    return [each.text for each in found if each is not None]


def restore(live: Database, backup: Path, keep: Callable[[], object] = lambda: None, used: str = "used") -> int:
    """Take a backup over, and return the number of the newest revision."""
    with opened(backup, backup.parent) as source:
        return take_over(live, source, keep=keep, used={used}, at=NOW, by="bob", called="backup saved.db").newest


def fill(database: Database) -> None:
    """Have one of everything, as a backup has it."""
    commit(database, b"one", b"two")
    account(database, "alice", "theirs")
    DatabaseSecondFactors(database).keep(SecondFactor(account="alice", secret="AA", since=NOW, step=1), [b"x", b"y"])
    DatabaseCopies(database).keep(WorkingCopy(account="alice", base=2, text=b"draft", at=NOW))
    DatabaseSecrets(database, draw=str).keep({"0000000a": "theirs", "0000000b": "also theirs"})
    enter(database, "used", "10.0.0.1/32")
    enter(database, "unused", "10.0.0.2/32")
    deed(database, "did it elsewhere")


def test_what_is_kept_is_another_and_what_runs_uses_stays(tmp_path: Path) -> None:
    """Accounts and history are the backup's; the newest revision is what ran, and the audit log is this machine's."""
    backup = saved(tmp_path / "there", fill)
    with closing(open_database(tmp_path / "here")) as live:
        commit(live, b"mine")
        account(live, "carol")
        deed(live, "did it here")
        DatabaseSecrets(live, draw=str).keep({"0000000c": "mine", "0000000b": "mine, too"})
        enter(live, "used", "10.0.0.9/32")
        kept = tmp_path / "kept.db"
        assert restore(live, backup, lambda: back_up(tmp_path / "here", kept)) == 3
        assert texts(live) == [b"one", b"two", b"mine"]
        newest = DatabaseHistory(live).newest()
        assert newest is not None
        assert (newest.author, newest.message) == ("bob", "what ran when backup saved.db was restored")
        assert [each.password for each in DatabaseAccounts(live).every()] == ["theirs"]
        assert [each.text for each in DatabaseCopies(live).every()] == [b"draft"]
        assert [line.deed.words for line in DatabaseAudit(live).lines(9)] == ["did it here"]
        secrets = DatabaseSecrets(live, draw=str)
        known = [secrets.secret(label) for label in ("0000000a", "0000000b", "0000000c")]
        assert known == ["theirs", "mine, too", "mine"]
        entered = DatabaseEntries(live, now=lambda: NOW).entered()
        assert {name: [str(each) for each in found] for name, found in entered.items()} == {
            "used": ["10.0.0.9/32"],
            "unused": ["10.0.0.2/32"],
        }
        assert look_at(kept).revisions == 1
    with closing(open_database(tmp_path / "here")) as live:  # nothing of it was in memory alone
        assert texts(live) == [b"one", b"two", b"mine"]


def test_a_history_that_goes_on_is_not_cut_off(tmp_path: Path) -> None:
    """An older backup of the same machine has no revision that is not there already."""
    with closing(open_database(tmp_path / "here")) as live:
        commit(live, b"one")
        backup = back_up(tmp_path / "here", tmp_path / "saved.db").path
        commit(live, b"two")
        account(live, "carol")
        assert restore(live, backup) == 2
        assert texts(live) == [b"one", b"two"]
        assert DatabaseAccounts(live).every() == []


@pytest.mark.parametrize(("mine", "after"), [((), [b"one", b"two", b""]), ((b"one",), [b"one", b"two", b"one"])])
def test_what_ran_is_the_newest(tmp_path: Path, mine: tuple[bytes, ...], after: list[bytes]) -> None:
    """Also where nothing ran, or the backup goes on where this machine stands: a restart changes nothing for clients."""
    backup = saved(tmp_path / "there", lambda database: commit(database, b"one", b"two"))
    with closing(open_database(tmp_path / "here")) as live:
        commit(live, *mine)
        assert restore(live, backup) == len(after)
        assert texts(live) == after


def test_codes_are_good_once_whatever_is_restored(tmp_path: Path) -> None:
    """Of a second factor that is the same, what was used since stays used."""
    backup = saved(tmp_path / "there", fill)
    with closing(open_database(tmp_path / "here")) as live:
        account(live, "alice")
        factors = DatabaseSecondFactors(live)
        factors.keep(SecondFactor(account="alice", secret="AA", since=NOW, step=7), [b"y"])
        restore(live, backup)
        assert not factors.advance("alice", 7)
        assert not factors.spend("alice", b"x")
        assert factors.spend("alice", b"y")


def test_what_cannot_be_put_aside_is_not_replaced(tmp_path: Path) -> None:
    """Nothing is half done."""
    backup = saved(tmp_path / "there", fill)
    with closing(open_database(tmp_path / "here")) as live:
        commit(live, b"mine")
        account(live, "carol")

        def full() -> None:
            raise MachineError("back up", "No space left on device")

        with pytest.raises(MachineError, match="No space left"):
            restore(live, backup, full)
        assert texts(live) == [b"mine"]
        assert [each.name for each in DatabaseAccounts(live).every()] == ["carol"]


def test_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """In the copy alone: the backup itself stays as it was written."""
    old = tmp_path / "old.db"
    with closing(open_file(old, VERSIONS[:2], synchronous="OFF")) as database:
        commit(database, b"one")
    with opened(old, tmp_path) as source:
        assert (source.layout, len(source.heads), last_deed(source.database)) == (2, 1, None)
    with closing(open_database(tmp_path / "here")) as live:
        restore(live, old)
        assert texts(live) == [b"one", b""]
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a backup that has one of everything."""
    return saved(tmp_path_factory.mktemp("whole"), fill).read_bytes()


def _script(script: str) -> Callable[[Path], None]:
    """Return what changes a backup by SQL."""

    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)

    return change


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Return what changes a backup by its bytes."""

    def changed(path: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return changed


def _other_kind(path: Path) -> None:
    open_measurements(path.parent).close()
    (path.parent / FIGURES).replace(path)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_bytes(lambda _: b""), "it is no backup of Bascule's"),
        (_bytes(lambda _: b"MZ" * 4000), "it is no backup of Bascule's"),
        (_bytes(lambda data: data[: len(data) // 2]), "damaged"),
        (_bytes(lambda data: data[:8192] + b"\xff" * 4096 + data[12288:]), "damaged"),
        (_script("PRAGMA user_version = 99"), "a later Bascule wrote it"),
        (_script("PRAGMA user_version = -1"), "it is no backup of Bascule's"),
        (_other_kind, "its tables are others"),
        (_script("CREATE TRIGGER t AFTER DELETE ON accounts BEGIN DELETE FROM audit; END"), "its tables are others"),
        (_script("DROP TABLE tokens; CREATE VIEW tokens AS SELECT * FROM accounts"), "its tables are others"),
        (_script("DELETE FROM revisions WHERE number = 1"), "its first revisions are gone"),
        (_script("UPDATE revisions SET message = 'other' WHERE number = 1"), "it is not what was committed"),
        (_script("UPDATE revisions SET packed = zeroblob(9) WHERE number = 2"), "cannot be unpacked"),
        (_script("UPDATE accounts SET since = 'tomorrow'"), "damaged"),
        (_script("UPDATE accounts SET name = 'eve' || char(10)"), "belongs to an account that is not there"),
        (
            _script("INSERT INTO accounts VALUES ('a' || char(10), 'viewer', '', '2026-03-01T00:00:00Z')"),
            "no name that one can have",
        ),
        (_script("UPDATE table_entries SET network = 'all'"), "damaged"),
    ],
)
def test_what_is_no_backup_is_refused(tmp_path: Path, whole: bytes, spoil: Callable[[Path], None], said: str) -> None:
    """Before anything is touched; nothing is left of it."""
    backup = tmp_path / "saved.db"
    backup.write_bytes(whole)
    spoil(backup)
    beside = tmp_path / "beside"
    beside.mkdir()
    with pytest.raises(MachineError, match=said), opened(backup, beside):
        pass
    assert list(beside.iterdir()) == []


def test_the_last_five_that_were_replaced_are_kept(tmp_path: Path) -> None:
    """The oldest go."""
    saved(tmp_path)
    (tmp_path / "backups").mkdir()
    for hour in range(7):
        back_up(tmp_path, replaced(tmp_path, NOW.replace(hour=hour)))
    forget_replaced(tmp_path)
    assert sorted(path.name for path in (tmp_path / "backups").iterdir()) == [
        f"replaced-2026-03-01T0{hour}0000.db" for hour in range(2, 7)
    ]
