"""Revisions leave Bascule as files or as a history that git reads."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bascule.service.deployment import ShowRevision, ShowRevisions
from bascule.service.progress import Progress
from bascule.service.request import Request
from bascule.service.results import RevisionRow, Revisions, RevisionText
from cli.calling import NOW, PretendedConnection, call

AUTHORS = ("alice", "Bob <the> builder", "")


class Kept(PretendedConnection):
    """Three revisions."""

    def __init__(self) -> None:
        super().__init__({})

    def call(self, request: Request[Any], told: Callable[[Progress], None] | None = None, /) -> Any:
        """Give one of them, or the newest row."""
        del told
        if isinstance(request, ShowRevisions):
            return Revisions(rows=(self.row(3),))
        assert isinstance(request, ShowRevision)
        return RevisionText(row=self.row(request.number or 3), text=f"text {request.number}\n")

    def row(self, number: int) -> RevisionRow:
        """Return one row."""
        author = AUTHORS[number - 1]
        return RevisionRow(number=number, at=NOW, author=author, message=f"change {number}", digest=f"{number}" * 4)


def test_files_and_a_list_of_them(tmp_path: Path) -> None:
    """One for each revision."""
    called = call("revisions", "export", str(tmp_path / "all"), connection=Kept())
    assert (called.code, called.out) == (0, f"3 revisions in {tmp_path / 'all'}\n")
    assert (tmp_path / "all" / "000002.conf").read_text() == "text 2\n"
    first = (tmp_path / "all" / "revisions.txt").read_text().splitlines()[0]
    assert first == "1\t2026-03-01T12:00:00+00:00\talice\t1111\tchange 1"


def test_a_history_that_git_reads(tmp_path: Path) -> None:
    """With author, time and message; the newest text is checked out."""
    call("revisions", "export", str(tmp_path), "--git", connection=Kept())
    command = ["git", "-C", str(tmp_path), "log", "--format=%an|%ct|%s|%b"]
    log = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [line for line in log.stdout.splitlines() if line] == [
        f"somebody|{int(NOW.timestamp())}|change 3|revision 3",
        f"Bob the builder|{int(NOW.timestamp())}|change 2|revision 2",
        f"alice|{int(NOW.timestamp())}|change 1|revision 1",
    ]
    assert (tmp_path / "bascule.conf").read_text() == "text 3\n"


@pytest.mark.parametrize("words", [("export",), ("export", "{full}"), ("1", "{full}"), ("--git",)])
def test_what_cannot_be_is_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    """No folder, one that is not empty, or a folder for nothing."""
    (tmp_path / "file").write_text("")
    called = call("revisions", *(word.format(full=tmp_path) for word in words), connection=Kept())
    assert called.code == 2
    assert called.err.startswith("bascule: ")
