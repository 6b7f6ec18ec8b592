"""The editor in a terminal: a line is read, done, and what it says is printed, until somebody leaves."""

import sys
from typing import Final

from prompt_toolkit.patch_stdout import patch_stdout

from bascule.cli.configure.editor import Editor
from bascule.cli.configure.offers import Offers, offers
from bascule.cli.configure.prompt import line_session
from bascule.cli.configure.watch import Watch
from bascule.cli.screen import DOUBTFUL, QUIET, styled
from bascule.config.matching import Wanted
from bascule.service.deployment import ShowRevisions
from bascule.service.failures import ExitCode, OperationFailed

_OFFERED: Final = 30
"""Revisions that completion knows, the last ones."""


def converse(editor: Editor) -> int:
    """Do what somebody types. Ctrl-C cancels a line, or stops waiting for a command; Ctrl-D leaves."""
    screen = editor.session.screen
    revisions: list[Wanted] = []
    watch = Watch(editor.connection, editor.pending, _tell, editor.session.now)

    def offered(before: str) -> Offers:
        return offers(before, editor.desk.copy.text, editor.place.words, revisions)

    _greet(editor)
    lines = line_session(lambda: editor.place.title, editor.pending.words, offered, screen)
    watch.start()
    while not editor.left:
        revisions[:] = _revisions(editor)
        editor.refresh()
        screen.flush()
        try:
            with patch_stdout():
                line = lines.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            break
        with watch.busy():
            _obey(editor, line)
    watch.close()
    return ExitCode.FINE


def _obey(editor: Editor, line: str) -> None:
    try:
        editor.obey(line)
    except KeyboardInterrupt:
        words = "not waited for any longer, and perhaps done all the same: `status` tells"
        editor.session.screen.complain("bascule: ", words)


def _greet(editor: Editor) -> None:
    copy = editor.desk.copy
    begun = f"revision {copy.base}" if copy.base else "nothing: no revision was committed yet"
    what = "Your working copy, written from" if copy.at is not None else "You begin with"
    editor.session.screen.say(f"{what} {begun}.", styled(" `help` lists the commands, ? says what may follow.", QUIET))
    if copy.newest != copy.base:
        words = f"Since then revision {copy.newest} was committed: `deploy --rebase` makes both edits one."
        editor.session.screen.say(styled(words, DOUBTFUL))


def _revisions(editor: Editor) -> list[Wanted]:
    """Return the numbers of revisions, for completion; none where they cannot be asked for."""
    try:
        rows = editor.connection.call(ShowRevisions(limit=_OFFERED)).rows
    except OperationFailed:
        return []
    return [Wanted(str(row.number), f"{row.author}  {row.message}", literal=True) for row in rows]


def _tell(words: str) -> None:
    """Print above the line that somebody types; what stands in for standard output then knows how."""
    sys.stdout.write(f"{styled(words, '').plain}\n")
    sys.stdout.flush()
