"""`backup --ask` and `show backups` ask whoever runs."""

import stat
from pathlib import Path

from bascule.service.archives import BackupPart, BackupRow, BackupRows, FetchBackup, ShowBackups
from bascule.service.failures import ExitCode, Forbidden, OperationFailed
from cli.calling import NOW, PretendedConnection, call

REFUSED = OperationFailed(Forbidden(message="eve is viewer"))


def test_what_is_handed_out_is_written_whole(tmp_path: Path) -> None:
    """All its parts, for its owner alone, in the place of what was there."""
    file = tmp_path / "copy.db"
    file.write_text("an older one")
    connection = PretendedConnection({FetchBackup: BackupPart(size=6, content=b"abc")})
    assert call("backup", str(file), "--ask", connection=connection).out == f"{file} holds what is kept now\n"
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"abcabc", 0o600)


def test_what_is_refused_leaves_the_file_that_is_there(tmp_path: Path) -> None:
    """And nothing beside it."""
    file = tmp_path / "copy.db"
    file.write_text("an older one")
    called = call("backup", str(file), "--ask", connection=PretendedConnection({FetchBackup: REFUSED}))
    assert (called.code, file.read_text()) == (ExitCode.MACHINE, "an older one")
    assert list(tmp_path.iterdir()) == [file]


def test_the_list_says_what_is_damaged() -> None:
    """Beside what is whole."""
    rows = (
        BackupRow(name="b.db", at=NOW, size=120_000, revisions=3, newest=NOW),
        BackupRow(name="a.db", at=NOW, size=1, revisions=0, damaged="it is damaged"),
    )
    connection = PretendedConnection({ShowBackups: BackupRows(folder="/state/backups", rows=rows)})
    lines = call("show", "backups", connection=connection).out.splitlines()
    assert lines[0] == "in /state/backups:"
    assert lines[2].split() == ["b.db", "2026-03-01", "12:00", "UTC", "3", "120", "kB"]
    assert lines[3].endswith("it is damaged")
