"""Cuts out of a text what a path means, as it stands there."""

from collections.abc import Sequence

from bascule.config.diagnostics import Diagnostic
from bascule.config.editing.edited import Edited
from bascule.config.editing.finding import find, missing, named
from bascule.config.editing.layout import Lines, comments_of, final
from bascule.config.editing.spelling import spelled
from bascule.config.lexer import Token
from bascule.config.syntax import Item, Statement, tokens_of


def extract(text: str, words: Sequence[Token]) -> Edited:
    """Return what a path means, with the comments that belong to it, as if nothing stood around it.

    Words that begin several statements mean all of them; none means the whole text.
    """
    found: list[Diagnostic] = []
    path = spelled(words, found.append)
    if not words:
        return Edited(text=text)
    if found:
        return Edited(text="", words=path.text, diagnostics=tuple(found))
    lines = Lines.of(text)
    if lines.tree.diagnostics:
        return Edited(text="", words=path.text, diagnostics=lines.tree.diagnostics, illegible=True)
    place = find(lines.tree, path.steps)
    whole = len(place.chain) == len(path.steps)
    around = place if path.rest else find(lines.tree, path.steps[:-1])
    statements = named(place, path) if path.rest and whole else place.chain[-1:]
    if not whole or not statements:
        return Edited(text="", words=path.text, diagnostics=(missing(place, path),))
    return Edited(text="".join(_cut(lines, around.items, each) for each in statements), words=path.text)


def _cut(lines: Lines, items: Sequence[Item], statement: Statement) -> str:
    """Return a statement with its comments, moved to the left."""
    index = next(index for index, item in enumerate(items) if item is statement)
    first = next(tokens_of(items[comments_of(items, index)]))
    if not lines.begins_line(statement.words[0]):
        first = statement.words[0]
    indent = lines.indent(first)
    piece = lines.text[lines.start(first) : lines.end(final(statement))]
    return "".join(f"{line.removeprefix(indent)}\n" for line in piece.splitlines())
