"""What a text changes is shown in its lines, then in effect."""

from bascule.service.deployment import Compare, ShowCopy, ShowRevision
from bascule.service.results import Compared, CopyText, RevisionRow, RevisionText
from cli.calling import NOW, PretendedConnection, call

OLD = RevisionText(row=RevisionRow(number=3, at=NOW, author="alice", message="", digest="ab"), text="one\n")
COPY = CopyText(text="one\ntwo\n", base=3, newest=4, at=NOW)


def connection(compared: Compared, copy: CopyText = COPY) -> PretendedConnection:
    """Return who knows a revision and a working copy."""
    return PretendedConnection({ShowCopy: copy, ShowRevision: OLD, Compare: compared})


def test_a_working_copy_over_the_revision_that_it_was_written_from() -> None:
    """Whoever has committed since is told of."""
    asked = connection(Compared(changes=("relay HTTPS is new",)))
    called = call("compare", connection=asked)
    assert called.code == 0
    assert called.out.splitlines() == [
        "revision 4 was committed since: `deploy --rebase` makes both one",
        *("--- revision 3", "+++ your working copy", "@@ -1 +1,2 @@", " one", "+two"),
        *("in effect:", "  relay HTTPS is new"),
    ]
    assert asked.asked[-1] == Compare(old=3)


def test_two_revisions() -> None:
    """Of which neither is the working copy."""
    asked = connection(Compared())
    called = call("compare", "3", "3", connection=asked)
    assert called.out == "revision 3 is as revision 3\n"


def test_what_cannot_be_told() -> None:
    """Is said in its place; and where only the text differs, that too."""
    assert call("compare", connection=connection(Compared(untold="it cannot run"))).out.endswith("it cannot run\n")
    assert call("compare", connection=connection(Compared())).out.endswith("in effect nothing changes\n")


def test_before_the_first_commit_everything_is_new() -> None:
    """There is no revision to ask for."""
    asked = connection(Compared(), CopyText(text="one\n", base=0, newest=0))
    assert call("compare", connection=asked).out.startswith("--- no configuration\n")
    assert asked.asked == [ShowCopy(), Compare(old=0)]
