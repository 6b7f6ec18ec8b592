"""What happened while figures were measured, to be marked beside them: hosts that went down, deployments."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from bascule.store.database import Database

MOST_MARKS: Final = 20_000
"""That are kept; the oldest go. A few megabytes."""

_LONGEST: Final = 300
"""Characters of one's words, and of a name."""

MARKS: Final = (
    """
    CREATE TABLE marks (
        number INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        relay TEXT NOT NULL,
        host TEXT NOT NULL,
        address TEXT NOT NULL,
        words TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX marks_at ON marks (at)",
)

_FORGET: Final = "DELETE FROM marks WHERE at < ? OR number <= (SELECT max(number) FROM marks) - ?"


class Mark(NamedTuple):
    """One thing that happened."""

    at: int
    """A Unix time."""
    kind: str
    """What events call it: `host`, `configuration`, `parent`."""
    state: str
    relay: str
    """Whom it is about; empty, as the next two, where it is about all."""
    host: str
    address: str
    words: str


def keep_marks(change: sqlite3.Connection, happened: Iterable[Mark], *, since: int) -> None:
    """Add what happened, and forget what did before a Unix time, or is too much."""
    rows = [(each.at, *(text[:_LONGEST] for text in each[1:])) for each in happened]
    if rows:
        insert = "INSERT INTO marks (at, kind, state, relay, host, address, words) VALUES (?, ?, ?, ?, ?, ?, ?)"
        change.executemany(insert, rows)
        change.execute(_FORGET, (since, MOST_MARKS))


def marks(database: Database, since: int, until: int, most: int) -> Sequence[Mark]:
    """Return what happened in a time, the last of it where there is more than so much, the oldest first."""
    query = """
        SELECT at, kind, state, relay, host, address, words FROM marks WHERE at >= ? AND at < ?
        ORDER BY at DESC, number DESC LIMIT ?
    """
    return [Mark(*row) for row in reversed(database.read(query, (since, until, most)))]
