"""What is written is kept: from a file, or out of an editor."""

from pathlib import Path

import pytest

from bascule.config.diagnostics import Diagnostic, Span
from bascule.service.deployment import Deploy, DiscardCopy, LoadCopy, ShowCopy, ShowRevision
from bascule.service.failures import Conflict, OperationFailed
from bascule.service.results import CopyText, Deployed, Discarded, Loaded, RevisionRow, RevisionText
from cli.calling import NOW, PretendedConnection, call

KEPT = Loaded(sentence="kept as your working copy")
COPY = CopyText(text="one\ntwo\n", base=3, newest=3, at=NOW)
ROW = RevisionRow(number=3, at=NOW, author="alice", message="", digest="ab")


def test_load_sends_the_file_and_shows_what_is_wrong_with_it(tmp_path: Path) -> None:
    """In its own lines; it is kept all the same."""
    file = tmp_path / "new.conf"
    file.write_text("one\nthree\n")
    wrong = Diagnostic.error(Span(line=2, column=1, length=5), "there is no third")
    connection = PretendedConnection({LoadCopy: Loaded(sentence="kept", diagnostics=(wrong,))})
    called = call("load", str(file), "--base", "2", connection=connection)
    assert called.code == 0
    assert called.out.splitlines()[0] == f"{file}:2:1: error: there is no third"
    assert called.out.splitlines()[-1] == "kept"
    assert connection.asked == [LoadCopy(text=b"one\nthree\n", base=2)]


def test_edit_keeps_what_the_editor_left(tmp_path: Path) -> None:
    """With the revision that it was written from; the editor may have words of its own."""
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\nsed -i s/two/2/ "$2"\n')
    editor.chmod(0o700)
    connection = PretendedConnection({ShowCopy: COPY, LoadCopy: KEPT})
    called = call("edit", connection=connection, environment={"EDITOR": f"'{editor}' --wait"})
    assert (called.code, called.out) == (0, "kept as your working copy\n")
    assert connection.asked[1] == LoadCopy(text=b"one\n2\n", base=3, expected="")


@pytest.mark.parametrize(
    ("editor", "code", "words"),
    [("true", 0, "nothing was changed"), ("false", 2, "ended with 1"), ("/no/such", 2, "cannot run /no/such")],
)
def test_an_editor_that_does_nothing_changes_nothing(editor: str, code: int, words: str) -> None:
    """Nor does one that fails."""
    connection = PretendedConnection({ShowCopy: COPY})
    called = call("edit", connection=connection, environment={"VISUAL": editor, "EDITOR": "false"})
    assert called.code == code
    assert words in called.out + called.err
    assert connection.asked == [ShowCopy()]


def test_deploy_without_a_file_means_the_working_copy(tmp_path: Path) -> None:
    """With --rebase for what was committed since; for a file that means nothing."""
    done = Deployed(sentence="in effect for 60 s")
    connection = PretendedConnection({Deploy: done, ShowCopy: COPY})
    called = call("deploy", "--rebase", connection=connection)
    assert (called.code, called.out) == (0, "in effect for 60 s\n")
    assert connection.asked[0] == Deploy(rebase=True)
    (tmp_path / "file").write_text("one\n")
    assert call("deploy", str(tmp_path / "file"), "--rebase", connection=connection).code == 2


def test_a_file_may_name_the_revision_it_was_written_from(tmp_path: Path) -> None:
    """It is refused where that is not the newest any more."""
    (tmp_path / "file").write_text("one\n")
    connection = PretendedConnection({Deploy: OperationFailed(Conflict(message="revision 2 is not the newest"))})
    called = call("deploy", str(tmp_path / "file"), "--base", "2", connection=connection)
    assert (called.code, called.err) == (1, "bascule: revision 2 is not the newest\n")
    assert connection.asked == [Deploy(text=b"one\n", base=2)]


def test_diff_without_a_file_shows_what_you_have_changed() -> None:
    """Over the revision that it was written from."""
    revision = RevisionText(row=ROW, text="one\n")
    connection = PretendedConnection({ShowCopy: COPY, ShowRevision: revision})
    called = call("diff", connection=connection)
    assert called.out.splitlines() == ["--- revision 3", "+++ your working copy", "@@ -1 +1,2 @@", " one", "+two"]


def test_it_can_be_printed_and_forgotten() -> None:
    """As it is; and in the answer's words."""
    connection = PretendedConnection({ShowCopy: COPY, DiscardCopy: Discarded(sentence="it is gone")})
    assert call("show", "working-copy", connection=connection).out == "one\ntwo\n"
    assert call("discard", connection=connection).out == "it is gone\n"
