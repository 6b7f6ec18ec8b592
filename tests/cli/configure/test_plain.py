"""The editor out of a pipe: every line in its turn, up to the first that is not done."""

from typing import Any, Final

import pytest

from bascule.service.deployment import Cancel, Commit, LoadCopy, ShowCopy, ShowRevision
from bascule.service.failures import NotFound, OperationFailed
from bascule.service.operations import Status
from bascule.service.result import Result
from bascule.service.results import (
    CopyText,
    Deployed,
    Level,
    Loaded,
    PendingRow,
    RevisionRow,
    RevisionText,
    StatusReport,
)
from cli.calling import NOW, Called, PretendedConnection, call

TEXT: Final = 'load-balancer {\n\trelay "HTTPS" {\n\t\tlisten on port 443\n\t}\n}\n'
STATUS: Final = StatusReport(
    level=Level.DEGRADED,
    sentence="it goes",
    version="0.1.0",
    pid=1,
    configuration="revision 3",
    since=NOW,
    relays=0,
    relays_active=0,
    hosts=0,
    hosts_up=0,
)
PENDING: Final = PendingRow(author="bob", message="", until=NOW.replace(minute=1), stage="testing")


def edited(*lines: str, pending: PendingRow | None = None) -> tuple[Called, PretendedConnection]:
    """Send lines to the editor."""
    status = StatusReport(**{name: getattr(STATUS, name) for name in STATUS.__struct_fields__} | {"pending": pending})
    answers: dict[Any, Result | OperationFailed] = {
        ShowCopy: CopyText(text=TEXT, base=3, newest=3),
        LoadCopy: Loaded(sentence="kept"),
        ShowRevision: RevisionText(row=RevisionRow(number=3, at=NOW, author="a", message="", digest=""), text=TEXT),
        Status: status,
        Commit: OperationFailed(NotFound(message="no deployment waits for a commit")),
        Cancel: Deployed(sentence="taken back"),
    }
    connection = PretendedConnection(answers)
    return call("configure", connection=connection, stdin="".join(f"{line}\n" for line in lines).encode()), connection


@pytest.mark.parametrize(
    ("lines", "code", "said"),
    [
        (["commit", "cancel"], 1, "bascule: no deployment waits for a commit\nbascule: line 1 was not done"),
        (["nonsense"], 2, "`nonsense` is no command here: `help` lists them"),
        (["c", "cancel"], 2, "`c` may be compare or check or commit or cancel"),
        (["edit load workers"], 1, "this is no block"),
        (["show load {"], 1, "`{` has no place here"),
        (["up 0"], 2, "`0` is no number of blocks"),
        (["top now"], 2, "nothing follows here: `now`"),
        (["deploy -m 'never closed"], 2, "No closing quotation"),
        (["run"], 2, "say which command"),
        (["delete"], 2, "say what shall be deleted"),
        (['set password "secret" {'], 1, "set … password …"),
    ],
)
def test_the_first_line_that_is_not_done_is_the_last(lines: list[str], code: int, said: str) -> None:
    """Its code is that of the whole; what follows was written for another text."""
    called, connection = edited(*lines)
    assert called.code == code
    assert said in called.err
    assert not any(isinstance(request, Cancel | LoadCopy) for request in connection.asked)


def test_what_goes_well_ends_well() -> None:
    """`status` that tells of trouble is no trouble of the editor's; nothing is done behind `exit`."""
    called, connection = edited(
        "", "# nothing", "edit load relay HTTPS", "sh", "exit", "status", "run status", "quit", "cancel"
    )
    assert (called.code, called.err) == (0, "")
    assert called.out.startswith('relay "HTTPS" {\n\tlisten on port 443\n}\ndegraded: it goes\n')
    assert not any(isinstance(request, Cancel) for request in connection.asked)


def test_paths_begin_at_the_place() -> None:
    """And a statement goes there."""
    called, connection = edited("edit load relay HTTPS", "set on down keep", "up", "set fall 3")
    assert called.code == 0
    loads = [request for request in connection.asked if isinstance(request, LoadCopy)]
    assert b"\t\ton down keep\n" in loads[0].text
    assert b"\n\tfall 3\n" in loads[1].text


def test_whoever_leaves_hears_of_what_waits() -> None:
    """A deployment that will be taken back."""
    called, _ = edited("status", pending=PENDING)
    assert "warning: a deployment waits for its commit: taken back in 1m unless `bascule commit` keeps it" in called.err


def test_help_names_every_command() -> None:
    """And one alone where it is asked for."""
    called, _ = edited("help", "help dep")
    assert [line.split()[0] for line in called.out.splitlines()].count("deploy") == 2
