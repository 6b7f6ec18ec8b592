"""`configure`: the editor of the working copy, in a terminal or out of a pipe."""

import importlib
from argparse import Namespace
from functools import partial
from typing import Final

from bascule.cli.configure.editor import Editor
from bascule.cli.configure.plain import obey_lines
from bascule.cli.performing import perform
from bascule.cli.session import Session

LONGEST_LINE: Final = 65536
"""Characters of a line out of a pipe; what is longer is two lines, of which the second is none that means anything."""


def configure(arguments: Namespace, session: Session) -> int:
    """Edit the working copy by what is typed, or by what comes through the pipe; at the end say what is left undone."""
    editor = Editor(arguments, session, arguments.parse)
    editor.desk.look()
    typed = session.stdin.isatty() and session.screen.terminal
    code = _converse(editor) if typed else obey_lines(editor, iter(partial(session.stdin.readline, LONGEST_LINE), ""))
    return perform(partial(_leave, editor, code), session.screen)


def _converse(editor: Editor) -> int:
    """Talk in the terminal; no other command waits for the library that this takes."""
    code: int = importlib.import_module("bascule.cli.configure.dialogue").converse(editor)
    return code


def _leave(editor: Editor, code: int) -> int:
    editor.farewell()
    return code
