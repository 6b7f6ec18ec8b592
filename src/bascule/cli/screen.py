"""What a person sees: colours on a terminal, plain aligned lines in a pipe; neither wraps nor cuts anything off."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TextIO

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

GOOD: Final = "green"
DOUBTFUL: Final = "yellow"
BAD: Final = "bold red"
QUIET: Final = "dim"
STRONG: Final = "bold"

_GAP: Final = "  "


class Screen:
    """Standard output for answers, standard error for complaints."""

    def __init__(self, out: TextIO, err: TextIO, environment: Mapping[str, str]) -> None:
        self._stdout = out
        self._out = _console(out, environment)
        self._err = _console(err, environment)
        self._stderr, self._environment = err, environment

    def say(self, *parts: Text | str) -> None:
        """Print a line of an answer."""
        _print(self._out, parts)

    def complain(self, *parts: Text | str) -> None:
        """Print a line of what went wrong."""
        _print(self._err, parts)

    def json(self, value: Any) -> None:
        """Print a value as one line of JSON."""
        self._stdout.write(msgspec.json.encode(value).decode() + "\n")

    def copy(self, text: str) -> None:
        """Print a text as it is."""
        self._stdout.write(text)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[Text | str]]) -> None:
        """Print rows under headings, each column as wide as its widest cell."""
        lines = [[styled(heading, STRONG) for heading in headings], *([_text(cell) for cell in row] for row in rows)]
        widths = [max(cell.cell_len for cell in column) for column in zip(*lines, strict=True)]
        for line in lines:
            cells = [_padded(cell, width) for cell, width in zip(line, widths, strict=True)]
            aligned = Text(_GAP).join(cells)
            aligned.rstrip()
            self.say(aligned)

    @property
    def terminal(self) -> bool:
        """Tell whether somebody looks at it."""
        return self._stdout.isatty()

    def draws(self) -> bool:
        """Tell whether answers go to a terminal, where a picture says more than numbers."""
        return self._stdout.isatty() and not self._out.options.ascii_only

    def watched(self) -> Console | None:
        """Return the terminal of standard error, for what comes and goes; None where it is none that a cursor moves on."""
        console = Console(file=self._stderr, highlight=False, emoji=False, _environ=self._environment)
        return console if self._stderr.isatty() and console.is_interactive else None

    def flush(self) -> None:
        """Hand on everything that was printed."""
        self._stdout.flush()


def styled(text: str, style: str) -> Text:
    """Return a text in a style; what could steer a terminal is made visible first, since servers choose some texts."""
    return Text(
        "".join(character if character.isprintable() or character == "\t" else _visible(character) for character in text),
        style,
    )


def _visible(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _text(part: Text | str) -> Text:
    return part if isinstance(part, Text) else styled(part, "")


def _padded(cell: Text, width: int) -> Text:
    padded = cell.copy()
    padded.append(" " * (width - cell_len(cell.plain)))
    return padded


class _Console(Console):
    """A console that leaves a closed pipe to the process's edge."""

    def on_broken_pipe(self) -> None:
        """Pass it on; rich would end the process."""
        raise BrokenPipeError


def _console(stream: TextIO, environment: Mapping[str, str]) -> Console:
    return _Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True, _environ=environment)


def _print(console: Console, parts: Sequence[Text | str]) -> None:
    console.print(Text().join(_text(part) for part in parts))
