import json
from datetime import timedelta
from pathlib import Path

import pytest

from bascule.config.diagnostics import Diagnostic, Span
from bascule.service.deployment import Cancel, Commit, Deploy, ShowRevision, ShowRevisions
from bascule.service.failures import Busy, Conflict, NotFound, OperationFailed, Rejected
from bascule.service.request import Origin
from bascule.service.results import Deployed, RevisionRow, Revisions, RevisionText
from cli.calling import NOW, PretendedConnection, call

FIRST = RevisionRow(number=1, at=NOW - timedelta(days=1), author="alice", message="first", digest="ab")
SECOND = RevisionRow(number=2, at=NOW, author="bob", message="port 8443", digest="cd")
WAITING = Deployed(sentence="in effect for 90 s: keep it with `bascule commit`", until=NOW)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with a text."""
    (tmp_path / "new.conf").write_text("one\nthree\n")
    return tmp_path / "new.conf"


def test_deploy_sends_the_file(file: Path) -> None:
    """With its message and time; the answer's sentence says how to keep it."""
    connection = PretendedConnection({Deploy: WAITING})
    called = call("deploy", str(file), "--seconds", "90", "-m", "a third", connection=connection)
    assert (called.code, called.out) == (0, f"{WAITING.sentence}\n")
    assert connection.asked == [Deploy(text=b"one\nthree\n", seconds=90, message="a third")]


def test_a_refused_text_is_shown_in_its_own_lines(file: Path) -> None:
    """As `check` does it."""
    wrong = Diagnostic.error(Span(line=2, column=1, length=5), "there is no third")
    connection = PretendedConnection({Deploy: OperationFailed(Rejected(diagnostics=(wrong,)))})
    called = call("deploy", str(file), connection=connection)
    assert called.code == 1
    assert called.err.splitlines()[:3] == [f"{file}:2:1: error: there is no third", "        three", "        ^~~~~"]


@pytest.mark.parametrize(("failure", "code"), [(Busy(message="bob's waits"), 3), (Conflict(message="moved on"), 1)])
def test_what_stands_against_it_is_said(file: Path, failure: Busy | Conflict, code: int) -> None:
    """In one line."""
    called = call("deploy", str(file), connection=PretendedConnection({Deploy: OperationFailed(failure)}))
    assert (called.code, called.err) == (code, f"bascule: {failure.message}\n")


@pytest.mark.parametrize("seconds", ["4", "2d", "soon"])
def test_a_time_that_is_none_is_refused(file: Path, seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody has to find out what it was taken for."""
    with pytest.raises(SystemExit):
        call("deploy", str(file), "--seconds", seconds)
    assert "--seconds" in capsys.readouterr().err


def test_commit_and_cancel_say_what_is_in_effect() -> None:
    """In the words of the answer."""
    kept = Deployed(sentence="committed: revision 2 is in effect", revision=2)
    back = Deployed(sentence="taken back: revision 1 is in effect", revision=1)
    connection = PretendedConnection({Commit: kept, Cancel: back})
    assert call("commit", connection=connection).out == f"{kept.sentence}\n"
    assert call("cancel", connection=connection).out == f"{back.sentence}\n"


def test_revisions_are_listed() -> None:
    """The newest first, with when, who and why; as JSON with their digests."""
    connection = PretendedConnection({ShowRevisions: Revisions(rows=(SECOND, FIRST))})
    assert call("revisions", connection=connection).out.splitlines() == [
        "    2  2026-03-01 12:00:00  bob  port 8443",
        "    1  2026-02-28 12:00:00  alice  first",
    ]
    rows = [json.loads(line) for line in call("revisions", "--json", connection=connection).out.splitlines()]
    assert [(row["number"], row["digest"]) for row in rows] == [(2, "cd"), (1, "ab")]


def test_one_revision_is_printed_as_it_is() -> None:
    """So that it can be written into a file."""
    connection = PretendedConnection({ShowRevision: RevisionText(row=FIRST, text="one\ttwo")})
    assert call("revisions", "1", connection=connection).out == "one\ttwo"
    assert connection.asked == [ShowRevision(number=1)]


def test_rollback_deploys_an_old_text() -> None:
    """For a time, like any other, with a message of its own."""
    connection = PretendedConnection({ShowRevision: RevisionText(row=FIRST, text="one\n"), Deploy: WAITING})
    assert call("rollback", "1", connection=connection).out == f"{WAITING.sentence}\n"
    assert connection.asked[1] == Deploy(text=b"one\n", message="back to revision 1", again=True)


def test_diff_shows_what_a_file_changes(file: Path) -> None:
    """Over the newest revision, or the one that is named."""
    connection = PretendedConnection({ShowRevision: RevisionText(row=SECOND, text="one\ntwo\n")})
    changes = ["--- revision 2", f"+++ {file}", "@@ -1,2 +1,2 @@", " one", "-two", "+three"]
    assert call("diff", str(file), connection=connection).out.splitlines() == changes
    assert connection.asked == [ShowRevision()]


def test_diff_compares_revisions() -> None:
    """A number that is no file's name is a revision."""
    connection = PretendedConnection({ShowRevision: RevisionText(row=FIRST, text="one\n")})
    assert call("diff", "3", "1", connection=connection).out == ""
    assert connection.asked == [ShowRevision(number=3), ShowRevision(number=1)]


def test_before_the_first_commit_everything_is_new(file: Path) -> None:
    """And a revision that is not there is said."""
    connection = PretendedConnection({ShowRevision: OperationFailed(NotFound(message="nothing was ever committed"))})
    changes = ["--- no configuration", f"+++ {file}", "@@ -0,0 +1,2 @@", "+one", "+three"]
    assert call("diff", str(file), connection=connection).out.splitlines() == changes
    assert call("diff", str(file), "7", connection=connection).code == 1


@pytest.mark.parametrize(
    ("said", "origin"),
    [
        ("192.0.2.7 50122 10.2.0.10 2222", Origin(source="192.0.2.7", to="10.2.0.10", port=2222)),
        ("", None),
        ("nonsense", None),
        ("192.0.2.7 50122 10.2.0.10 99999", None),
        ("192.0.2.7 50122 10.2.0.10 ²", None),
    ],
)
def test_who_comes_by_ssh_says_whence(said: str, origin: Origin | None, tmp_path: Path) -> None:
    """So that a firewall does not shut him out, wherever sshd listens."""
    file = tmp_path / "a.conf"
    file.write_text("one\n")
    connection = PretendedConnection({Deploy: Deployed(sentence="in effect")})
    call("deploy", str(file), "--force", connection=connection, environment={"SSH_CONNECTION": said})
    assert connection.asked == [Deploy(text=b"one\n", force=True, origin=origin)]
