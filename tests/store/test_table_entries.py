"""What commands put into tables is kept over restarts, as long as it was meant to be."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from bascule.config.model import Network
from bascule.store.database import open_database
from bascule.store.table_entries import DatabaseEntries, TableEntry

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEN = ip_network("10.0.0.0/8")
ONE = ip_network("192.0.2.1/32")


def entry(network: Network, *, table: str = "blocked", until: datetime | None = None, reason: str = "") -> TableEntry:
    """Return an entry of alice's."""
    return TableEntry(table=table, network=network, by="alice", since=NOW, until=until, reason=reason)


def test_entries_outlive_the_database_and_end_by_themselves(tmp_path: Path) -> None:
    """One that is put in again has its new time; one whose time has come is there no more."""
    clock = [NOW]
    with closing(open_database(tmp_path)) as database:
        store = DatabaseEntries(database, now=lambda: clock[0])
        store.put([entry(TEN), entry(ONE, until=NOW + timedelta(minutes=1)), entry(ONE, table="friends")])
        store.put([entry(TEN, reason="again")])
    with closing(open_database(tmp_path)) as database:
        store = DatabaseEntries(database, now=lambda: clock[0])
        assert store.entered() == {"blocked": (TEN, ONE), "friends": (ONE,)}
        assert store.entries()[0].reason == "again"
        clock[0] += timedelta(minutes=1)
        assert store.entered() == {"blocked": (TEN,), "friends": (ONE,)}
        assert store.take("blocked", [TEN, ONE]) == [TEN]
        assert store.entered() == {"friends": (ONE,)}
        store.keep_tables(["friends"])
        assert store.entered() == {"friends": (ONE,)}
        store.put([])
        assert database.read("SELECT count(*) FROM table_entries") == [(1,)]
        store.keep_tables([])
        assert store.entries() == []
