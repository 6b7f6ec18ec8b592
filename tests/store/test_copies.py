"""Working copies are kept for each account alone; memory and file do the same."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bascule.store.copies import Copies, DatabaseCopies, WorkingCopy
from bascule.store.database import open_database
from bascule.system.errors import MachineError
from bed.copies import MemoryCopies

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALICE = WorkingCopy(account="alice", base=3, text=b"\xff not even text", at=NOW)
BOB = WorkingCopy(account="bob", base=0, text=b"", at=NOW)


@pytest.fixture(params=["file", "memory"])
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copies]:
    """Return where they are kept."""
    if request.param == "memory":
        yield MemoryCopies()
        return
    with closing(open_database(tmp_path)) as database:
        yield DatabaseCopies(database)


def test_each_account_has_its_own(copies: Copies) -> None:
    """Keeping and dropping one leaves the other."""
    assert copies.copy("alice") is None
    copies.keep(BOB)
    copies.keep(ALICE)
    assert (copies.copy("alice"), copies.every()) == (ALICE, [ALICE, BOB])
    newer = WorkingCopy(account="alice", base=4, text=b"new", at=NOW)
    copies.keep(newer)
    copies.drop("bob")
    copies.drop("nobody")
    assert copies.every() == [newer]


def test_they_outlive_the_process(tmp_path: Path) -> None:
    """As they were, bytes for bytes."""
    with closing(open_database(tmp_path)) as database:
        DatabaseCopies(database).keep(ALICE)
    with closing(open_database(tmp_path)) as database:
        assert DatabaseCopies(database).copy("alice") == ALICE


def test_what_we_never_wrote_is_damage(tmp_path: Path) -> None:
    """And is said to be."""
    with closing(open_database(tmp_path)) as database:
        with database.transaction() as change:
            change.execute("INSERT INTO working_copies VALUES ('alice', 1, x'00', 'yesterday')")
        with pytest.raises(MachineError, match="damaged: the working copies"):
            DatabaseCopies(database).copy("alice")
