"""The audit log keeps every line, and no line is changed or taken out unseen."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bascule.store.audit import DatabaseAudit, Deed
from bascule.store.database import Database, open_database
from bascule.system.errors import MachineError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return a file with five lines."""
    with closing(open_database(tmp_path)) as database:
        for number in range(5):
            DatabaseAudit(database).note(deed(number))
        yield database


def deed(number: int) -> Deed:
    """Return one of many."""
    refused = "she may not" if number % 2 else ""
    return Deed(at=NOW + timedelta(minutes=number), user="alice", uid=1000, pid=number, words="did it", refused=refused)


def test_the_newest_come_first(database: Database) -> None:
    """As many as are asked for, each as it was noted."""
    lines = DatabaseAudit(database).lines(3)
    assert [(line.number, line.deed) for line in lines] == [(5, deed(4)), (4, deed(3)), (3, deed(2))]
    assert len(DatabaseAudit(database).lines(100)) == 5


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET user = 'bob' WHERE number = 3",
        "UPDATE audit SET refused = '' WHERE number = 2",
        "DELETE FROM audit WHERE number = 3",
        "UPDATE audit SET digest = 'ab' WHERE number = 4",
    ],
)
def test_what_somebody_did_to_it_shows(database: Database, change: str) -> None:
    """Whoever asks for it is told, and gets no line that is not true."""
    with database.transaction() as hand:
        hand.execute(change)
    with pytest.raises(MachineError, match=r"it is damaged: the audit log: line \d is not what was written"):
        DatabaseAudit(database).lines(100)
