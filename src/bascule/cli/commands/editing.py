"""`set`, `delete` and `show working-copy`: the working copy, statement by statement."""

from argparse import Namespace
from collections.abc import Sequence

from bascule.cli.desk import Desk
from bascule.cli.report import report
from bascule.cli.session import Session
from bascule.cli.source import Source
from bascule.config.editing.deleting import delete
from bascule.config.editing.edited import Edited
from bascule.config.editing.extract import extract
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_arguments
from bascule.config.lexer import Token
from bascule.service.failures import ExitCode
from bascule.service.results import Loaded

COPY = "your working copy"


def set_statement(arguments: Namespace, session: Session) -> int:
    """Put a statement into the working copy."""
    desk = Desk(session.connect(arguments.socket))
    return _said(put_in(desk, from_arguments(arguments.words), session), session)


def delete_statement(arguments: Namespace, session: Session) -> int:
    """Take a statement, a block or an option out of the working copy."""
    desk = Desk(session.connect(arguments.socket))
    return _said(take_out(desk, from_arguments(arguments.words), session), session)


def show_copy(arguments: Namespace, session: Session) -> int:
    """Print the working copy, or what a path means in it."""
    return show(Desk(session.connect(arguments.socket)), from_arguments(arguments.words), session)


def put_in(desk: Desk, words: Sequence[Token], session: Session) -> Loaded | ExitCode:
    """Edit, and return what was kept, or why nothing was; what is wrong has been said."""
    return _outcome("set", *desk.edit(lambda text: put(text, words)), desk, session)


def take_out(desk: Desk, words: Sequence[Token], session: Session) -> Loaded | ExitCode:
    """Edit, and return what was kept, or why nothing was; what is wrong has been said."""
    return _outcome("delete", *desk.edit(lambda text: delete(text, words)), desk, session)


def show(desk: Desk, words: Sequence[Token], session: Session) -> ExitCode:
    """Print what a path means in the working copy as it is now."""
    shown = extract(desk.look().text, words)
    if shown.diagnostics:
        return complain_of("show", shown, desk, session)
    session.screen.copy(shown.text)
    return ExitCode.FINE


def complain_of(command: str, edited: Edited, desk: Desk, session: Session) -> ExitCode:
    """Say why an edit was not made: in the words of the command, or in the lines of a text that cannot be edited so."""
    if edited.illegible:
        source = Source(COPY, desk.copy.text.encode())
        session.screen.complain("bascule: ", f"{COPY} cannot be read: mend it with `bascule edit`")
    else:
        source = Source(command, edited.words.encode())
    for line in report(edited.diagnostics, source):
        session.screen.complain(line)
    return ExitCode.REFUSED


def _outcome(command: str, edited: Edited, loaded: Loaded | None, desk: Desk, session: Session) -> Loaded | ExitCode:
    if edited.diagnostics:
        return complain_of(command, edited, desk, session)
    if loaded is None:
        session.screen.say("nothing changes: it stands there already")
        return ExitCode.FINE
    return loaded


def _said(outcome: Loaded | ExitCode, session: Session) -> int:
    if isinstance(outcome, ExitCode):
        return outcome
    session.screen.say(outcome.sentence)
    return ExitCode.FINE
