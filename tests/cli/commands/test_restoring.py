"""`restore --ask` brings a backup along, shows what it holds, and restores it once that was confirmed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bascule.service.failures import ExitCode, OperationFailed
from bascule.service.request import Request
from bascule.service.restoring import (
    BackupContents,
    BackupUploaded,
    PersonRow,
    RestoreBackup,
    Restored,
    ShowBackup,
    UploadBackup,
)
from bascule.service.result import Result
from cli.calling import NOW, PretendedConnection, call

HELD = BackupContents(
    name="uploaded.db",
    digest="ab12",
    size=3,
    layout=6,
    own_layout=7,
    last=NOW,
    revisions=2,
    same=False,
    history="the history stays as it is",
    changes=("relay IMAP is gone",),
    accounts=1,
    people=(
        PersonRow(name="bob", now="viewer", then="operator", proof=True),
        PersonRow(name="carol", now="viewer", then=""),
        PersonRow(name="dave", now="", then="operator"),
    ),
    tokens=("script of bob",),
    doubts=("no administrator of the backup has a password",),
)
DONE = Restored(sentence="restored backup uploaded.db", revision=2, newest=3, kept="replaced.db", ended=("bob",))
ANSWERS: Mapping[type[Request[Any]], Result | OperationFailed] = {
    UploadBackup: BackupUploaded(upload="cd", had=3, name="uploaded.db"),
    ShowBackup: HELD,
    RestoreBackup: DONE,
}


def test_a_file_is_brought_along_shown_and_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In parts; what was looked at is what is restored."""
    monkeypatch.setattr("bascule.cli.commands.restoring.LONGEST_PART", 2)
    file = tmp_path / "saved.db"
    file.write_bytes(b"abc")
    connection = PretendedConnection(ANSWERS)
    called = call("restore", str(file), "--ask", connection=connection, stdin=b"yes\n")
    assert called.code == ExitCode.FINE
    assert connection.asked == [
        UploadBackup(content=b"ab"),
        UploadBackup(upload="cd", content=b"c", last=True),
        ShowBackup(name="uploaded.db"),
        RestoreBackup(name="uploaded.db", digest="ab12"),
    ]
    assert called.out.splitlines() == [
        "backup uploaded.db: 2 revisions, 1 account",
        "the last thing done in it was 2026-03-01 12:00 UTC: it was made then, or later",
        "an earlier Bascule wrote it: it is brought up to date",
        "the history stays as it is",
        "once its text is deployed:",
        "  relay IMAP is gone",
        "account bob is operator again, not viewer, with another password or second factor",
        "account carol goes: it is viewer now",
        "account dave comes, as operator",
        "token script of bob is worth something again",
        "warning: no administrator of the backup has a password",
        "restored backup uploaded.db",
        "logged out: bob",
        "put it into effect with: bascule rollback 2",
    ]


def test_what_cannot_be_looked_for_is_said(tmp_path: Path) -> None:
    """Nobody is asked for a backup that is called like a path, or like what no file can be."""
    for file in (tmp_path / "saved.db", Path("x" * 300)):
        connection = PretendedConnection(ANSWERS)
        called = call("restore", str(file), "--ask", connection=connection, stdin=b"yes\n")
        assert (called.code, connection.asked) == (ExitCode.USAGE, [])
        assert str(file) in called.err


@pytest.mark.parametrize("answer", [b"", b"no\n", b"y\n"])
def test_without_a_yes_nothing_is_restored(answer: bytes) -> None:
    """Of one that the machine keeps, nothing is brought along either."""
    connection = PretendedConnection(ANSWERS)
    called = call("restore", "last-commit.db", "--ask", connection=connection, stdin=answer)
    assert called.code == ExitCode.USAGE
    assert connection.asked == [ShowBackup(name="last-commit.db")]
    assert called.out.endswith("nothing was restored\n")
