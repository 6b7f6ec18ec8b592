"""Finds the line of a text that a path means."""

from collections.abc import Sequence

from bascule.config.editing.finding import find, named
from bascule.config.editing.layout import Lines
from bascule.config.editing.spelling import from_arguments, spelled


def line_of(text: str, path: Sequence[str]) -> int | None:
    """Return where a block or a statement begins; None where the text has none, or cannot be read so far."""
    words = spelled(from_arguments(path), lambda _: None)
    place = find(Lines.of(text).tree, words.steps)
    if not words.words or len(place.chain) < len(words.steps):
        return None
    statements = named(place, words) if words.rest else place.chain[-1:]
    return statements[0].words[0].line if statements else None
