"""`compare` and `diff`: what a text changes over another, in its lines and in effect."""

import difflib
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from bascule.cli.screen import BAD, DOUBTFUL, GOOD, QUIET, Screen, styled
from bascule.cli.session import Connection, Session
from bascule.cli.source import Source, UsageError, read_source
from bascule.service.deployment import LAST_NUMBER, Compare, ShowCopy, ShowRevision
from bascule.service.failures import ExitCode, NotFound, OperationFailed
from bascule.service.results import CopyText, RevisionText


def compare(arguments: Namespace, session: Session) -> int:
    """Show what the working copy, or a revision, changes over another: in the text, then in effect."""
    connection = session.connect(arguments.socket)
    if arguments.new is None:
        copy = connection.call(ShowCopy())
        number, new = copy.base if arguments.old is None else arguments.old, _mine(copy)
        if arguments.old is None and copy.base != copy.newest:
            since = f"revision {copy.newest} was committed since: `deploy --rebase` makes both one"
            session.screen.say(styled(since, DOUBTFUL))
    else:
        number, new = arguments.old, _revision(arguments.new, connection)
    old = _revision(number, connection)
    if old.text == new.text:
        session.screen.say(f"{new.name} is as {old.name}")
        return ExitCode.FINE
    _say_changes(old, new, session.screen)
    compared = connection.call(Compare(old=number, new=arguments.new))
    if compared.untold:
        session.screen.say(styled(compared.untold, DOUBTFUL))
    else:
        session.screen.say(styled("in effect:" if compared.changes else "in effect nothing changes", QUIET))
    for change in compared.changes:
        session.screen.say(f"  {change}")
    return ExitCode.FINE


def diff(arguments: Namespace, session: Session) -> int:
    """Show what a file or a revision changes."""
    connection = session.connect(arguments.socket)
    if arguments.what is None:
        copy = connection.call(ShowCopy())
        new, old = _mine(copy), _revision(copy.base, connection)
    else:
        new, old = _meant(arguments.what, session, connection), _base(arguments.base, connection)
    _say_changes(old, new, session.screen)
    return ExitCode.FINE


def _mine(copy: CopyText) -> Source:
    return Source("your working copy", copy.text.encode())


def _meant(what: str, session: Session, connection: Connection) -> Source:
    """Return a revision where a number is given that names no file, else the file."""
    if what.isascii() and what.isdigit() and not Path(what).exists():
        if not 1 <= int(what[:10]) <= LAST_NUMBER:
            raise UsageError(f"{what} is no number of a revision")
        return _revision(int(what), connection)
    return read_source(what, session.stdin)


def _base(number: int | None, connection: Connection) -> Source:
    """Return a revision, the newest for None; before the first commit that is an empty text."""
    try:
        return _told(connection.call(ShowRevision(number=number)))
    except OperationFailed as failed:
        if number is None and isinstance(failed.failure, NotFound):
            return _revision(0, connection)
        raise


def _revision(number: int, connection: Connection) -> Source:
    """Return a revision; 0 is what there is before the first."""
    return _told(connection.call(ShowRevision(number=number))) if number else Source("no configuration", b"")


def _told(found: RevisionText) -> Source:
    return Source(f"revision {found.row.number}", found.text.encode())


def _say_changes(old: Source, new: Source, screen: Screen) -> None:
    for line in _changes(old, new):
        style = GOOD if line.startswith("+") else BAD if line.startswith("-") else QUIET
        screen.say(styled(line, style if line[:1] in "+-@" else ""))


def _changes(old: Source, new: Source) -> Iterable[str]:
    before, after = (source.text.decode(errors="replace").splitlines() for source in (old, new))
    return difflib.unified_diff(before, after, old.name, new.name, lineterm="")
