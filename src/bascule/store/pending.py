"""The one deployment that is under way, kept so that a crash at any moment finds out where it stood."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bascule.store.database import Row
from bascule.store.moment import moment, written

COLUMNS: Final = "stage, base, text, author, message, until, starts, again"


class Stage(StrEnum):
    """How far a deployment has come; written before the step that it names."""

    APPLYING = "applying"
    """The machine is being brought to it."""
    TESTING = "testing"
    """The machine holds it, until it is committed or its time is over."""
    REVERTING = "reverting"
    """The machine is being brought back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A deployment that is not committed."""

    stage: Stage
    base: int
    """The number of the revision that runs without it; 0 where none was committed yet."""
    text: bytes
    author: str
    message: str
    until: datetime
    """When it is taken back."""
    starts: int = 0
    """How often Bascule has started since it was applied."""
    again: bool = False
    """It is what was committed before: no account comes of it."""


def row_of(pending: Pending) -> Row:
    """Return a deployment as the file keeps it."""
    head = (pending.stage.value, pending.base, pending.text, pending.author, pending.message)
    return (*head, written(pending.until), pending.starts, int(pending.again))


def pending_of(row: Row) -> Pending:
    """Return the deployment of a row. Raises ValueError for what we never wrote."""
    stage, base, text, author, message, until, starts, again = row
    return Pending(
        stage=Stage(stage),
        base=base,
        text=text,
        author=author,
        message=message,
        until=moment(until),
        starts=starts,
        again=bool(again),
    )
