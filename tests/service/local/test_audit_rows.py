"""The audit log is searched from the newest line on, and a question says where to go on."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bascule.service.local import audit_rows as module
from bascule.service.local.audit_rows import audit_rows
from bascule.service.operations import ShowAudit
from bascule.store.audit import DatabaseAudit, Deed
from bascule.store.database import Database, open_database
from bascule.system.errors import MachineError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Return a file with 25 lines, which is read in short pieces."""
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    monkeypatch.setattr(module, "FARTHEST", 21)
    with closing(open_database(tmp_path)) as made:
        audit = DatabaseAudit(made)
        for n in range(25):
            user, refused = ("Bob", "he may not") if n % 10 == 3 else ("alice", "")
            audit.note(Deed(at=NOW, user=user, uid=1, pid=n, words=f"did {n}", refused=refused))
        yield made


def numbers(database: Database, request: ShowAudit) -> tuple[list[int], int | None]:
    """Return which lines were found, and where to go on."""
    found = audit_rows(DatabaseAudit(database), request)
    return [row.number for row in found.rows], found.older


def test_pages_go_on_where_the_one_before_ended(database: Database) -> None:
    """Until there is nothing older."""
    assert numbers(database, ShowAudit(last=10)) == ([*range(25, 15, -1)], 16)
    assert numbers(database, ShowAudit(last=10, before=16)) == ([*range(15, 5, -1)], 6)
    assert numbers(database, ShowAudit(last=10, before=6)) == ([5, 4, 3, 2, 1], None)
    assert numbers(database, ShowAudit(last=0)) == ([], None)


@pytest.mark.parametrize("request_", [ShowAudit(user="bo"), ShowAudit(words="MAY NOT"), ShowAudit(refused=True)])
def test_what_fits_is_found_a_bounded_number_of_lines_back(database: Database, request_: ShowAudit) -> None:
    """One question does not read all that was ever done; the next goes on."""
    assert numbers(database, request_) == ([24, 14], 5)
    assert numbers(database, ShowAudit(user=request_.user, words=request_.words, refused=request_.refused, before=5)) == (
        [4],
        None,
    )
    assert numbers(database, ShowAudit(last=1, user="bob")) == ([24], 24)


@pytest.mark.parametrize("gone", [18, 19, 12])
def test_a_line_that_is_missing_is_found_between_pieces_too(database: Database, gone: int) -> None:
    """Wherever it was."""
    with database.transaction() as change:
        change.execute("DELETE FROM audit WHERE number = ?", (gone,))
    with pytest.raises(MachineError, match="is not what was written"):
        audit_rows(DatabaseAudit(database), ShowAudit(last=25))
