"""What relays and hosts carried, minute by minute, in a file of its own: losing it loses no configuration.

The file is bounded: `KEPT` seconds, and at most `MOST` rows of about 35 bytes each, so that it stays under `LARGEST` bytes.
A hundred hosts fill it in a week; with more, it reaches back less far.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bascule.store.database import Database, open_file
from bascule.system.errors import MachineError

FILE: Final = "measurements.db"
ASIDE: Final = "measurements.db.damaged"
"""Where one lies that could not be used any more; the one before goes."""

MINUTE: Final = 60
KEPT: Final = 7 * 86400
"""Seconds that a minute is kept."""

MOST: Final = 1_000_000
LARGEST: Final = 50_000_000

_AHEAD: Final = 86400
"""Seconds that a minute may lie in the future: a clock that was wrong and is set right leaves such ones behind."""

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
        """
        CREATE TABLE minutes (
            at INTEGER NOT NULL,
            place INTEGER NOT NULL,
            opened INTEGER NOT NULL,
            from_client INTEGER NOT NULL,
            from_host INTEGER NOT NULL,
            sessions INTEGER NOT NULL,
            PRIMARY KEY (at, place)
        ) STRICT, WITHOUT ROWID
        """,
    ),
)

_KEEP_PLACE: Final = """
    INSERT INTO places (relay, place, address, host) VALUES (?, ?, ?, ?)
    ON CONFLICT (relay, place) DO UPDATE SET host = excluded.host WHERE host <> excluded.host
"""
_KEEP_MINUTE: Final = """
    INSERT INTO minutes (at, place, opened, from_client, from_host, sessions)
    SELECT ?, number, ?, ?, ?, ? FROM places WHERE relay = ? AND place = ?
    ON CONFLICT (at, place) DO UPDATE SET
        opened = opened + excluded.opened,
        from_client = from_client + excluded.from_client,
        from_host = from_host + excluded.from_host,
        sessions = excluded.sessions
"""
_PLACES: Final = """
    FROM places WHERE (:relay = '' OR relay = :relay) AND (:host = '' OR :host IN (host, place, address))
"""
_BUCKETS: Final = f"""
    WITH chosen AS MATERIALIZED (
        SELECT number, relay {_PLACES}
    ), of_relays AS (
        SELECT relay, at, sum(opened) AS opened, sum(from_client) AS sent, sum(from_host) AS got, sum(sessions) AS sessions
        FROM minutes JOIN chosen ON number = minutes.place WHERE at >= :since AND at < :until GROUP BY at, relay
    ), summed AS (
        SELECT relay AS of, NULL AS number, (at - :since) / :step AS bucket,
            sum(opened) AS opened, sum(sent) AS sent, sum(got) AS got, max(sessions) AS sessions
        FROM of_relays GROUP BY relay, bucket
        UNION ALL
        SELECT relay, number, (at - :since) / :step AS bucket, sum(opened), sum(from_client), sum(from_host), max(sessions)
        FROM minutes JOIN chosen ON number = minutes.place WHERE at >= :since AND at < :until GROUP BY number, bucket
    )
    SELECT :since + bucket * :step, of, coalesce(place, ''), coalesce(address, ''), coalesce(host, ''),
        opened, sent, got, sessions
    FROM summed LEFT JOIN places USING (number) ORDER BY of, place, bucket LIMIT :most
"""  # noqa: S608 - our own


class Measured(NamedTuple):
    """What a host carried for a relay within a time; of a relay itself the next three are empty."""

    relay: str
    place: str
    """Address and port."""
    address: str
    host: str
    """What people call it."""
    opened: int
    """Sessions that began."""
    from_client: int
    from_host: int
    """Bytes each way."""
    sessions: int
    """That lived at the end of a minute, the most of any."""


class Bucket(NamedTuple):
    """Some minutes together."""

    at: int
    """The Unix time that it begins at."""
    measured: Measured


class Chosen(NamedTuple):
    """Which minutes are asked for, and how they are put together."""

    since: int
    until: int
    """Unix times; `until` is not within."""
    step: int
    """Seconds of one bucket."""
    relay: str = ""
    host: str = ""
    """A name, an address, or address and port; empty is all."""


class Measurements:
    """The open file. Blocking: call it from a thread."""

    def __init__(self, database: Database, most: int = MOST) -> None:
        self._database = database
        self._most = most
        with database.transaction() as change:
            change.execute("DELETE FROM places WHERE number NOT IN (SELECT place FROM minutes)")

    def keep(self, at: int, measured: Sequence[Measured]) -> None:
        """Add a minute that begins at a Unix time, and forget what is too old, or too much. Raises MachineError."""
        places = [(each.relay, each.place, each.address, each.host) for each in measured]
        minutes = [
            (at, each.opened, each.from_client, each.from_host, each.sessions, each.relay, each.place) for each in measured
        ]
        with self._database.transaction() as change:
            change.executemany(_KEEP_PLACE, places)
            change.executemany(_KEEP_MINUTE, minutes)
            change.execute("DELETE FROM minutes WHERE at < ? OR at > ?", (at - KEPT, at + _AHEAD))
            ((rows,),) = change.execute("SELECT count(*) FROM minutes")
            if rows > self._most:
                last = "SELECT at FROM minutes ORDER BY at LIMIT 1 OFFSET ?"
                change.execute(f"DELETE FROM minutes WHERE at <= ({last})", (rows - self._most - 1,))  # noqa: S608 - our own

    def buckets(self, chosen: Chosen, most: int) -> Sequence[Bucket]:
        """Return what is kept, relay by relay, each before its hosts; at most so many buckets. Raises MachineError."""
        rows = self._database.read(_BUCKETS, {**chosen._asdict(), "most": most})
        return [Bucket(at, Measured(*rest)) for at, *rest in rows]

    def places(self, relay: str = "", host: str = "") -> int:
        """Return how many hosts of relays there may be minutes of. Raises MachineError."""
        ((number,),) = self._database.read(f"SELECT count(*) {_PLACES}", {"relay": relay, "host": host})
        return int(number)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def open_measurements(folder: Path, most: int = MOST) -> Measurements:
    """Open the file in a state folder, made where it is missing.

    Raises DamagedError, LaterError, and MachineError where it cannot be used; each names the file.
    """
    # What a power cut takes are minutes: not worth a wait for the disk at each.
    database = open_file(folder / FILE, _VERSIONS, synchronous="NORMAL")
    try:
        return Measurements(database, most)
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
