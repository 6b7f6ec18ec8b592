"""What relays and hosts carried, in a file of its own: losing it loses no configuration.

By ten seconds for a day, by ten minutes and by days for a year, with what happened meanwhile. The file is bounded: it stays
under `LARGEST` bytes. Thirty hosts of an ordinary farm take about 15 MB; 4800 that are all busy by day and night fill it,
and reach back five months.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from bascule.store.buckets import bucketed
from bascule.store.database import Database, open_file
from bascule.store.grids import SESSIONS, Cell
from bascule.store.marks import MARKS, Mark, keep_marks, marks
from bascule.store.measured import Bucket, Chosen, Measured
from bascule.store.tiers import TABLES, TIERS, YEAR, Tier, keep, reach, runs
from bascule.system.errors import MachineError

FILE: Final = "measurements.db"
ASIDE: Final = "measurements.db.damaged"
"""Where one lies that could not be used any more; the one before goes."""

MOMENT: Final = TIERS[0].step
"""Seconds of the shortest time that is told of."""

KEPT: Final = YEAR
LARGEST: Final = 1_100_000_000

MOST_PLACES: Final = 20_000
"""Relays, and hosts of relays, that a year knows; where there are more, those go that were not seen for longest."""

_VERSIONS: Final = (
    (
        """
        CREATE TABLE places (
            number INTEGER PRIMARY KEY,
            relay TEXT NOT NULL,
            place TEXT NOT NULL,
            address TEXT NOT NULL,
            host TEXT NOT NULL,
            UNIQUE (relay, place)
        ) STRICT
        """,
        "CREATE TABLE minutes (at INTEGER NOT NULL) STRICT",
    ),
    (
        "DROP TABLE minutes",
        "DROP TABLE places",
        """
        CREATE TABLE places (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            relay TEXT NOT NULL,
            place TEXT NOT NULL,
            address TEXT NOT NULL,
            host TEXT NOT NULL,
            seen INTEGER NOT NULL,
            UNIQUE (relay, place)
        ) STRICT
        """,
        *TABLES,
        *MARKS,
    ),
)

_KEEP_PLACE: Final = """
    INSERT INTO places (relay, place, address, host, seen) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (relay, place) DO UPDATE SET host = excluded.host, seen = excluded.seen
"""
_FORGET_PLACES: Final = """
    DELETE FROM places WHERE seen < ? OR number NOT IN (SELECT number FROM places ORDER BY seen DESC LIMIT ?)
"""
_PLACES: Final = """
    FROM places WHERE (:relay = '' AND relay <> '' OR relay = :relay) AND place <> ''
    AND (:host = '' OR :host IN (host, place, address))
"""


class _Place(NamedTuple):
    """Whose figures stand under a number."""

    number: int
    host: str
    """What people call it; empty of a relay."""


_Places: TypeAlias = Mapping[tuple[str, str], _Place]
"""By relay and place, which is empty of the relay itself, as both are of all relays together."""


class Measurements:
    """The open file. Blocking: call it from a thread."""

    def __init__(self, database: Database, most_places: int = MOST_PLACES) -> None:
        self._database = database
        with database.transaction() as change:
            ((seen,),) = change.execute("SELECT coalesce(max(seen), 0) FROM places")
            change.execute(_FORGET_PLACES, (seen - KEPT, most_places))
            self._places = _known(change)

    def keep(self, at: int, measured: Sequence[Measured], happened: Iterable[Mark] = ()) -> None:
        """Add the moment that begins at a Unix time, and forget what is too old, or too much. Raises MachineError."""
        hosts = {(each.relay, each.place): each for each in measured}
        places = self._places
        new = [each for key, each in hosts.items() if key not in places or places[key].host != each.host]
        sums = {("", ""), *((relay, "") for relay, _ in hosts)} - places.keys()
        with self._database.transaction() as change:
            if new or sums:
                rows = [(each.relay, each.place, each.address, each.host, at) for each in new]
                change.executemany(_KEEP_PLACE, [*rows, *((*names, "", "", at) for names in sums)])
                places = _known(change)
            cells = _cells(hosts.values(), places)
            with self._understood():
                turned = keep(change, at, cells, _groups(places))
            if turned:
                change.executemany("UPDATE places SET seen = ? WHERE number = ?", ((at, number) for number in cells))
            keep_marks(change, happened, since=at - KEPT)
        self._places = places

    def buckets(self, chosen: Chosen, most: int) -> Sequence[Bucket]:
        """Return what is kept, relay by relay, each before its hosts; at most so many buckets.

        Where neither a relay nor a host is named, and hosts are not told, all relays together come first.
        Raises MachineError.
        """
        named = bool(chosen.relay or chosen.host)
        query = f"SELECT number, relay, place, address, host {_PLACES}"
        rows = self._database.read(query, chosen._asdict()) if named or chosen.relays else []
        hosts = {number: Measured(*names) for number, *names in rows}
        sums = {number: self._places[host.relay, ""].number for number, host in hosts.items()}
        told = {sums[number]: Measured(host.relay) for number, host in hosts.items()} | (hosts if chosen.hosts else {})
        wanted: dict[int, list[int]] = {}
        if chosen.hosts or chosen.host:
            for number, group in sums.items():
                wanted.setdefault(group, []).append(number)
        if not chosen.host and ("", "") in self._places:
            whole = self._places["", ""].number
            wanted[whole] = [*dict.fromkeys(sums.values())]
            if not (chosen.hosts or named):
                wanted[whole].append(whole)
                told[whole] = Measured()
        with self._understood():
            found = runs(self._database, _tier(chosen.step), chosen.since, chosen.until, wanted)
            return bucketed(found, chosen, sums if chosen.host else {}, told)[:most]

    def places(self, relay: str = "", host: str = "") -> tuple[int, int]:
        """Return how many relays, and hosts of relays, there may be moments of. Raises MachineError."""
        counts = f"SELECT count(DISTINCT relay), count(*) {_PLACES}"
        ((relays, hosts),) = self._database.read(counts, {"relay": relay, "host": host})
        return relays, hosts

    def finest(self, since: int, now: int) -> int:
        """Return the seconds of the shortest moments that reach back to a time, or as far as any. Raises MachineError."""
        reaching = (tier.step for tier in TIERS if reach(self._database, tier, now) <= since)
        return next(reaching, TIERS[-1].step)

    def marks(self, since: int, until: int, most: int) -> Sequence[Mark]:
        """Return what happened, the last of it where there is more than so much, the oldest first. Raises MachineError."""
        return marks(self._database, since, until, most)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise self._database.damaged(str(error)) from error


def open_measurements(folder: Path, most_places: int = MOST_PLACES) -> Measurements:
    """Open the file in a state folder, made where it is missing; what an earlier version measured is begun anew.

    Raises DamagedError, LaterError, and MachineError where it cannot be used; each names the file.
    """
    # What a power cut takes are moments: not worth a wait for the disk at each.
    database = open_file(folder / FILE, _VERSIONS, synchronous="NORMAL")
    try:
        return Measurements(database, most_places)
    except BaseException:  # whatever it was goes on up; the file must not stay open
        database.close()
        raise


def put_aside(folder: Path) -> Path:
    """Take the file away, closed, so that another can begin; return where it lies now. Raises MachineError."""
    place = folder / ASIDE
    try:
        (folder / FILE).replace(place)
        for beside in ("-wal", "-shm"):
            (folder / f"{FILE}{beside}").unlink(missing_ok=True)
    except OSError as error:
        raise MachineError(f"put {folder / FILE} aside", error.strerror or str(error)) from error
    return place


def _tier(step: int) -> Tier:
    """Return the coarsest tier that a step is made of."""
    return max((tier for tier in TIERS if step % tier.step == 0), key=lambda tier: tier.step)


def _known(change: sqlite3.Connection) -> _Places:
    rows = change.execute("SELECT relay, place, number, host FROM places")
    return {(relay, place): _Place(number, host) for relay, place, number, host in rows}


def _groups(places: _Places) -> Mapping[int, Sequence[int]]:
    """Return the places that lie together: the hosts of each relay, and all that are sums."""
    groups: dict[int, list[int]] = {}
    for (relay, place), its in places.items():
        groups.setdefault(places[relay if place else "", ""].number, []).append(its.number)
    return groups


def _cells(measured: Iterable[Measured], places: _Places) -> Mapping[int, Cell]:
    """Return what each place carried, and with them what each relay did, and all together."""
    cells: dict[int, list[int]] = {}
    for each in measured:
        mine = [each.opened, each.from_client, each.from_host, each.checks, each.ups, each.took, each.sessions]
        for place in ((each.relay, each.place), (each.relay, ""), ("", "")):
            before = cells.get(number := places[place].number)
            cells[number] = list(mine) if before is None else [a + b for a, b in zip(before, mine, strict=True)]
    return {number: (*cell[:SESSIONS], cell[SESSIONS] + 1) for number, cell in cells.items()}
