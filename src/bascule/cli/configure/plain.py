"""The editor without a terminal: lines out of a pipe or a file, up to the first that is not done."""

from collections.abc import Iterable

from bascule.cli.configure.editor import Editor, fine
from bascule.service.failures import ExitCode


def obey_lines(editor: Editor, lines: Iterable[str]) -> int:
    """Do what the lines say; stop at the first that is not done, since those behind it were written for another text.

    Returns what that one ends with.
    """
    for number, line in enumerate(lines, 1):
        code = editor.obey(line)
        if not fine(code):
            editor.session.screen.complain("bascule: ", f"line {number} was not done, nor what follows it: {_shown(line)}")
            return code
        if editor.left:
            break
    return ExitCode.FINE


def _shown(line: str) -> str:
    """Return a line as a message shows it; a password is nobody's business."""
    return "set … password …" if "password" in line else line.strip()
