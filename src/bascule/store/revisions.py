"""A revision: a configuration that was committed, and how the file keeps it."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from bascule.store.database import Row
from bascule.store.moment import moment, written

BEFORE_THE_FIRST: Final = ""
"""What the first revision names as the one before."""

LONGEST_TEXT: Final = 16 * 1024 * 1024
"""Bytes of a text; a file that claims more is damaged."""

COLUMNS: Final = "number, at, author, message, packed, before, digest"
HEAD_COLUMNS: Final = "number, at, author, message, before, digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A revision without its text."""

    number: int
    at: datetime
    author: str
    message: str
    before: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A configuration that was committed. Revisions are chained: none can be changed or taken away unseen."""

    number: int
    """1 is the first; each is one more than the one before."""
    at: datetime
    author: str
    message: str
    text: bytes
    before: str
    """The digest of the revision before; empty for the first."""

    @property
    def digest(self) -> str:
        """Return what names this revision and, through `before`, all that came before it: SHA-256, in hex."""
        fields = (str(self.number), written(self.at), self.author, self.message, self.before)
        told = b"".join(_framed(field.encode()) for field in fields) + _framed(self.text)
        return hashlib.sha256(told).hexdigest()


def after(newest: Revision | None, *, at: datetime, author: str, message: str, text: bytes) -> Revision:
    """Return the revision that follows the newest one."""
    number, before = (1, BEFORE_THE_FIRST) if newest is None else (newest.number + 1, newest.digest)
    return Revision(number=number, at=at, author=author, message=message, text=text, before=before)


def number_of(newest: Revision | None) -> int:
    """Return the number of the newest revision, 0 before the first."""
    return 0 if newest is None else newest.number


def row_of(revision: Revision) -> Row:
    """Return a revision as the file keeps it, its text packed: 20 kB take about a fifth of that."""
    head = (revision.number, written(revision.at), revision.author, revision.message)
    return (*head, zlib.compress(revision.text, 9), revision.before, revision.digest)


def revision_of(row: Row) -> Revision:
    """Return the revision of a row. Raises ValueError for what was never committed so."""
    number, at, author, message, packed, before, digest = row
    text = _unpacked(packed)
    revision = Revision(number=number, at=moment(at), author=author, message=message, text=text, before=before)
    if revision.digest != digest:
        raise ValueError("it is not what was committed")
    return revision


def heads_of(rows: Sequence[Row]) -> Sequence[Head]:
    """Return the heads of revisions, the newest first, of which none is left out.

    Raises ValueError where the chain is broken: one was changed, or taken away.
    """
    heads = [
        Head(number=number, at=moment(at), author=author, message=message, before=before, digest=digest)
        for number, at, author, message, before, digest in rows
    ]
    for newer, older in pairwise(heads):
        if newer.number != older.number + 1 or newer.before != older.digest:
            raise ValueError(f"revision {newer.number - 1} is not what was committed")
    return heads


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(8, "big") + data


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, LONGEST_TEXT)
    except zlib.error as error:
        raise ValueError(f"its text cannot be unpacked: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("its text is not whole")
    return text
