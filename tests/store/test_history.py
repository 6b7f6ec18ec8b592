"""One contract for whatever keeps revisions and the deployment under way: the file, and the fake that tests use."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from bascule.store.database import FILE, open_database
from bascule.store.history import DatabaseHistory, History
from bascule.store.pending import Pending, Stage
from bascule.system.errors import MachineError
from bed.history import MemoryHistory

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = 'load-balancer { table <exchange> { 10.2.0.11 name "EX1 „neu“" } }\n'.encode()
PENDING = Pending(
    stage=Stage.APPLYING, base=0, text=TEXT, author="alice", message="ä", until=NOON + timedelta(seconds=60.5)
)
Reopen: TypeAlias = Callable[[], History]


@pytest.fixture(params=["file", "fake"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reopen]:
    """Return what opens the same history again, as the next parent does."""
    if request.param == "fake":
        kept = MemoryHistory()
        yield lambda: kept
        return
    opened = []

    def again() -> History:
        opened.append(open_database(tmp_path))
        return DatabaseHistory(opened[-1])

    yield again
    for database in opened:
        database.close()


def _committed(history: History, *texts: bytes) -> None:
    for number, text in enumerate(texts):
        history.commit(text, at=NOON + timedelta(minutes=number), author="alice", message=f"change {number}")


def test_there_is_nothing_before_the_first_commit(reopen: Reopen) -> None:
    """No revision, no deployment."""
    history = reopen()
    assert (history.newest(), history.revision(1), history.heads(10), history.pending()) == (None, None, [], None)


def test_revisions_are_numbered_and_chained(reopen: Reopen) -> None:
    """Each names the one before by its digest; the next parent reads them as they were."""
    _committed(reopen(), TEXT, b"", TEXT * 1000)
    found = [reopen().revision(number) for number in (3, 2, 1, 4)]
    newest, second, first, none = found
    assert newest is not None
    assert second is not None
    assert first is not None
    assert none is None
    assert (newest.before, second.before, first.before) == (second.digest, first.digest, "")
    assert (first.text, newest.text) == (TEXT, TEXT * 1000)
    assert (first.author, first.message, first.at) == ("alice", "change 0", NOON)
    assert reopen().newest() == newest
    assert [(head.number, head.digest) for head in reopen().heads(10)] == [
        (revision.number, revision.digest) for revision in (newest, second, first)
    ]
    assert [head.number for head in reopen().heads(1)] == [3]


def test_a_digest_is_of_every_field(reopen: Reopen) -> None:
    """Whatever is changed in a revision changes its name."""
    _committed(reopen(), TEXT)
    revision = reopen().newest()
    assert revision is not None
    changed = [
        replace(revision, number=2),
        replace(revision, at=NOON + timedelta(microseconds=1)),
        replace(revision, author="alic"),
        replace(revision, message="echange 0"),
        replace(revision, text=TEXT + b"\n"),
        replace(revision, before="0"),
    ]
    assert len({each.digest for each in (revision, *changed)}) == 7


def test_one_deployment_is_kept_until_another_is(reopen: Reopen) -> None:
    """Every stage of it, over restarts; None forgets it."""
    for stage in Stage:
        reopen().keep(replace(PENDING, stage=stage, starts=2))
        assert reopen().pending() == replace(PENDING, stage=stage, starts=2)
    reopen().keep(None)
    assert reopen().pending() is None


def test_a_commit_ends_the_deployment(reopen: Reopen) -> None:
    """There is no moment at which both are there."""
    history = reopen()
    history.keep(PENDING)
    _committed(history, TEXT)
    assert reopen().pending() is None
    assert reopen().newest() is not None


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE revisions SET message = 'another'",
        "UPDATE revisions SET packed = x'00'",
        "UPDATE revisions SET packed = substr(packed, 1, 20)",
        "UPDATE revisions SET at = 'yesterday'",
        "UPDATE revisions SET at = '2026-03-01T12:00:00'",
        "UPDATE pending SET stage = 'sleeping'",
    ],
)
def test_what_was_changed_by_hand_is_told(tmp_path: Path, damage: str) -> None:
    """Nothing that we never wrote is taken for a configuration."""
    with closing(open_database(tmp_path)) as database:
        history = DatabaseHistory(database)
        _committed(history, TEXT)
        history.keep(PENDING)
        with closing(sqlite3.connect(tmp_path / FILE)) as connection:
            connection.execute(damage)
            connection.commit()
        with pytest.raises(MachineError, match=r"bascule\.db: it is damaged: the (revisions|deployment under way): "):
            (history.newest(), history.pending())


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM revisions WHERE number = 2",
        "UPDATE revisions SET digest = 'another' WHERE number = 2",
        "UPDATE revisions SET before = '' WHERE number = 3",
    ],
)
def test_a_broken_chain_is_told_by_the_list(tmp_path: Path, damage: str) -> None:
    """A revision that was taken away, or changed together with its own digest."""
    with closing(open_database(tmp_path)) as database:
        history = DatabaseHistory(database)
        _committed(history, TEXT, b"", TEXT)
        with closing(sqlite3.connect(tmp_path / FILE)) as connection:
            connection.execute(damage)
            connection.commit()
        with pytest.raises(MachineError, match=r"the revisions: revision 2 is not what was committed"):
            history.heads(10)
