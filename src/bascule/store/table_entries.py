"""Keeps the addresses that commands put into the firewall's tables."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Final, Protocol

from bascule.config.model import Network
from bascule.store.database import Database, Row
from bascule.store.moment import moment, written

MOST_ENTRIES: Final = 10_000
"""Of all tables together; longer lists belong into a table's file."""

_COLUMNS: Final = "name, network, entered_by, since, until, reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEntry:
    """An address, or a network, that somebody put into a table."""

    table: str
    network: Network
    by: str
    since: datetime
    until: datetime | None = None
    """None is for ever."""
    reason: str = ""


class Entered(Protocol):
    """Knows what commands have put into tables."""

    def entered(self) -> Mapping[str, tuple[Network, ...]]:
        """Return the networks of each table that has any. Blocking. Raises MachineError."""
        ...


class EntryStore(Protocol):
    """Keeps entries over restarts and reboots. Blocking: call it from a thread. Every method may raise MachineError."""

    def entries(self) -> Sequence[TableEntry]:
        """Return those whose time has not come, by table and address."""
        ...

    def put(self, entries: Collection[TableEntry]) -> None:
        """Keep these too, each in the place of one of its table and network; and forget those whose time has come."""
        ...

    def take(self, table: str, networks: Collection[Network]) -> Sequence[Network]:
        """Forget those of a table, and return which there were."""
        ...

    def keep_tables(self, names: Collection[str]) -> None:
        """Forget those of all other tables."""
        ...


class NoEntries:
    """Knows of none: for who only looks at a machine."""

    def entered(self) -> Mapping[str, tuple[Network, ...]]:
        """Have none."""
        return {}


NO_ENTRIES: Final = NoEntries()


class DatabaseEntries:
    """Keeps them in the file; `now` tells the time, with its zone."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def entries(self) -> Sequence[TableEntry]:
        """Read them all."""
        rows = self._database.read(f"SELECT {_COLUMNS} FROM table_entries ORDER BY name, network")  # noqa: S608 - our own
        try:
            kept = [_entry(row) for row in rows]
        except ValueError as error:
            raise self._database.damaged(str(error)) from error
        now = self._now()
        living = [entry for entry in kept if entry.until is None or entry.until > now]
        return sorted(living, key=lambda entry: (entry.table, entry.network.version, entry.network))

    def entered(self) -> Mapping[str, tuple[Network, ...]]:
        """Put them together."""
        found: dict[str, list[Network]] = {}
        for entry in self.entries():
            found.setdefault(entry.table, []).append(entry.network)
        return {table: tuple(networks) for table, networks in found.items()}

    def put(self, entries: Collection[TableEntry]) -> None:
        """Do it in one transaction."""
        marks = ", ".join("?" for _ in _COLUMNS.split(","))
        with self._database.transaction() as change:
            change.execute("DELETE FROM table_entries WHERE until IS NOT NULL AND until <= ?", (written(self._now()),))
            change.executemany(
                f"INSERT OR REPLACE INTO table_entries ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 - our own
                [_row(entry) for entry in entries],
            )

    def take(self, table: str, networks: Collection[Network]) -> Sequence[Network]:
        """Do it in one transaction."""
        there = {entry.network for entry in self.entries() if entry.table == table}
        with self._database.transaction() as change:
            change.executemany(
                "DELETE FROM table_entries WHERE name = ? AND network = ?", [(table, str(network)) for network in networks]
            )
        return [network for network in networks if network in there]

    def keep_tables(self, names: Collection[str]) -> None:
        """Do it in one transaction; where there is nothing to forget, nothing is written."""
        rows = self._database.read("SELECT DISTINCT name FROM table_entries")
        gone = {str(row[0]) for row in rows} - set(names)
        if gone:
            with self._database.transaction() as change:
                change.executemany("DELETE FROM table_entries WHERE name = ?", [(name,) for name in sorted(gone)])


def _row(entry: TableEntry) -> Row:
    until = None if entry.until is None else written(entry.until)
    return (entry.table, str(entry.network), entry.by, written(entry.since), until, entry.reason)


def _entry(row: Row) -> TableEntry:
    """Return the entry of a row. Raises ValueError for what we never wrote."""
    table, network, by, since, until, reason = row
    return TableEntry(
        table=table,
        network=ip_network(network),
        by=by,
        since=moment(since),
        until=None if until is None else moment(until),
        reason=reason,
    )
