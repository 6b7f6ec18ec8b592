"""Finds the place of a text that a path means."""

from collections.abc import Sequence
from dataclasses import dataclass

from bascule.config.editing.finding import find, named
from bascule.config.editing.layout import Lines, last
from bascule.config.editing.spelling import from_arguments, spelled


@dataclass(frozen=True, slots=True)
class Passage:
    """A block or a statement as it stands in a text."""

    line: int
    words: str
    """From its first word to its last, lines without the blanks around them."""


def line_of(text: str, path: Sequence[str]) -> int | None:
    """Return where a block or a statement begins; None where the text has none, or cannot be read so far."""
    found = passage_of(text, path)
    return None if found is None else found.line


def passage_of(text: str, path: Sequence[str]) -> Passage | None:
    """Return a block or a statement; None where the text has none, or cannot be read so far."""
    words = spelled(from_arguments(path), lambda _: None)
    lines = Lines.of(text)
    place = find(lines.tree, words.steps)
    if not words.words or len(place.chain) < len(words.steps):
        return None
    statements = named(place, words) if words.rest else place.chain[-1:]
    if not statements:
        return None
    first = statements[0].words[0]
    written = text[lines.start(first) : lines.end(last(statements[0]))]
    return Passage(first.line, "\n".join(line.strip() for line in written.splitlines()))
