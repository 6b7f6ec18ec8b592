"""Does what the lines of the editor say, one after the other, wherever they come from."""

import shlex
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from bascule.cli.commands.editing import complain_of, put_in, show, take_out
from bascule.cli.configure.commands import COMMANDS, meant
from bascule.cli.configure.pending import Pending
from bascule.cli.configure.place import Place
from bascule.cli.desk import Desk
from bascule.cli.performing import perform
from bascule.cli.screen import DOUBTFUL, QUIET, STRONG, styled
from bascule.cli.session import Session
from bascule.cli.source import UsageError
from bascule.cli.wording import counted
from bascule.config.diagnostics import Diagnostic, Severity
from bascule.config.editing.edited import Edited
from bascule.config.editing.spelling import from_line
from bascule.config.lexer import Token
from bascule.service.deployment import ShowRevision
from bascule.service.failures import ExitCode, OperationFailed
from bascule.service.results import Loaded

Parse = Callable[[Sequence[str]], Namespace]
"""Reads a command line; raises SystemExit where it is wrong, after it has said so."""

_FINE: Final = frozenset({ExitCode.FINE, ExitCode.DEGRADED, ExitCode.DOWN})
"""Codes of what was done; `status` tells with them how it goes, which stops nobody."""
_DEEPEST: Final = 16
_LONG: Final = frozenset({"deploy", "rollback"})
"""Commands that may take seconds."""


class Editor:
    """The state of one `bascule configure`."""

    def __init__(self, arguments: Namespace, session: Session, parse: Parse) -> None:
        self.session = session
        self._socket = str(arguments.socket)
        self.connection = session.connect(arguments.socket)
        self._parse = parse
        self.desk = Desk(self.connection)
        self.pending = Pending(self.connection, session.now)
        self.place = Place()
        self.left = False
        """Somebody has said that he goes."""
        self._own: dict[str, Callable[[str], int]] = {
            "show": self._show,
            "edit": self._edit,
            "up": self._up,
            "top": self._top,
            "exit": self._exit,
            "set": self._set,
            "delete": self._delete,
            "run": self._run,
            "help": self._help,
        }

    def obey(self, line: str) -> int:
        """Do what a line says, and return what its command ends with; what goes wrong is said, and raises nothing."""
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            return ExitCode.FINE
        return perform(partial(self._done, word, rest.strip()), self.session.screen)

    def refresh(self) -> None:
        """See what has become of the working copy and of a deployment; what cannot be asked stays as it was."""
        with suppress(OperationFailed):
            self.desk.refresh()
            self.pending.look()

    def farewell(self) -> None:
        """Say what is left undone: a deployment that will be taken back, or changes that are not in effect."""
        waiting = self.pending.look()
        if waiting is not None:
            words = (
                f"a deployment waits for its commit: {waiting.words(self.session.now())} unless `bascule commit` keeps it"
            )
            self.session.screen.complain(styled("warning: ", DOUBTFUL), words)
            return
        copy = self.desk.look()
        if copy.at is not None and copy.text != self._text(copy.base):
            words = "your working copy is kept, and is not in effect: `bascule deploy` puts it into effect"
            self.session.screen.complain(styled("warning: ", DOUBTFUL), words)

    def _text(self, base: int) -> str:
        return self.connection.call(ShowRevision(number=base)).text if base else ""

    def _done(self, word: str, rest: str) -> int:
        names = meant(word)
        if len(names) != 1:
            what = f"may be {' or '.join(names)}" if names else "is no command here: `help` lists them"
            raise UsageError(f"`{word}` {what}")
        own = self._own.get(names[0])
        return own(rest) if own is not None else self._plain([names[0], *_split(rest)])

    # --- commands of the command line --------------------------------------------------------------------------------

    def _plain(self, argv: Sequence[str]) -> int:
        try:
            arguments = self._parse([*argv, "--socket", self._socket])
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else ExitCode.USAGE
        self.desk.forget()
        if argv[0] in _LONG and self.session.screen.terminal:
            self.session.screen.say(styled("rehearsing it, then putting it into effect …", QUIET))
            self.session.screen.flush()
        code: int = arguments.command(arguments, self.session)
        return code

    def _run(self, rest: str) -> int:
        argv = _split(rest)
        if not argv or argv[0] in {"configure", "run"}:
            raise UsageError("say which command: run show hosts")
        return self._plain(argv)

    # --- the working copy --------------------------------------------------------------------------------------------

    def _set(self, rest: str) -> int:
        return self._edited("set", rest, lambda words: put_in(self.desk, words, self.session))

    def _delete(self, rest: str) -> int:
        if not rest:
            raise UsageError("say what shall be deleted; `up`, then `delete` with the name of the block, deletes a block")
        return self._edited("delete", rest, lambda words: take_out(self.desk, words, self.session))

    def _edited(self, command: str, rest: str, edit: Callable[[Sequence[Token]], Loaded | ExitCode]) -> int:
        words = self._words(command, rest)
        if words is None:
            return ExitCode.REFUSED
        outcome = edit((*self.place.words, *words))
        if isinstance(outcome, ExitCode):
            return outcome
        self._say_errors(outcome.diagnostics)
        return ExitCode.FINE

    def _say_errors(self, found: Sequence[Diagnostic]) -> None:
        """Say how much is wrong by now; an edit of several lines is wrong in between, so it is not listed each time."""
        errors = sum(each.severity is Severity.ERROR for each in found)
        if errors:
            words = f"{counted(errors, 'error')} must be mended before it can be deployed: `check` lists them"
            self.session.screen.say(styled(words, QUIET))

    def _show(self, rest: str) -> int:
        words = self._words("show", rest)
        return ExitCode.REFUSED if words is None else show(self.desk, (*self.place.words, *words), self.session)

    def _words(self, command: str, rest: str) -> Sequence[Token] | None:
        """Return the words of a line, or None where it has something else, which was said."""
        found: list[Diagnostic] = []
        words = from_line(rest, found.append)
        if not found:
            return words
        edited = Edited(text="", words=rest, diagnostics=tuple(found))
        complain_of(command, edited, self.desk, self.session)
        return None

    # --- places ------------------------------------------------------------------------------------------------------

    def _edit(self, rest: str) -> int:
        words = self._words("edit", rest)
        if words is None:
            return ExitCode.REFUSED
        place = self.place.entered(words)
        if isinstance(place, Edited):
            return complain_of("edit", place, self.desk, self.session)
        self.place = place
        return ExitCode.FINE

    def _up(self, rest: str) -> int:
        if rest and not (rest.isascii() and rest.isdigit() and 1 <= int(rest[:3]) <= _DEEPEST):
            raise UsageError(f"`{rest}` is no number of blocks")
        self.place = self.place.up(int(rest[:3]) if rest else 1)
        return ExitCode.FINE

    def _top(self, rest: str) -> int:
        _nothing(rest)
        self.place = Place(before=self.place)
        return ExitCode.FINE

    def _exit(self, rest: str) -> int:
        _nothing(rest)
        if self.place.words and self.place.before is not None:
            self.place = self.place.before
        else:
            self.left = True
        return ExitCode.FINE

    # --- help --------------------------------------------------------------------------------------------------------

    def _help(self, rest: str) -> int:
        names = meant(rest) if rest else tuple(COMMANDS)
        if not names:
            raise UsageError(f"`{rest}` is no command here: `help` lists them")
        wide = max(len(COMMANDS[name].usage) for name in names)
        for name in names:
            command = COMMANDS[name]
            self.session.screen.say(styled(command.usage.ljust(wide), STRONG), f"  {command.help}")
        if not rest:
            words = (
                "Tab completes a word, ? says what may follow, words may be cut short; Ctrl-C cancels a line, Ctrl-D leaves"
            )
            self.session.screen.say(styled(words, QUIET))
        return ExitCode.FINE


def fine(code: int) -> bool:
    """Tell whether a command did what it was asked."""
    return code in _FINE


def _nothing(rest: str) -> None:
    if rest:
        raise UsageError(f"nothing follows here: `{rest}`")


def _split(rest: str) -> list[str]:
    try:
        return shlex.split(rest)
    except ValueError as error:
        raise UsageError(f"{rest}: {error}") from error
