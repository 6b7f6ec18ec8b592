"""Takes a statement out of a text, with the comments that belong to it, or one of its options."""

from collections.abc import Sequence
from typing import Final

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.editing.edited import Edited
from bascule.config.editing.finding import Place, clause_of, find, missing, named, read, same, shown, texts
from bascule.config.editing.layout import Lines, comments_of, ends_line, final, is_blank, is_comment, last, own_items
from bascule.config.editing.setting import options
from bascule.config.editing.spelling import Path, spelled
from bascule.config.lexer import Token, TokenKind
from bascule.config.syntax import Item, Statement, tokens_of
from bascule.config.wording import listed, quoted

_MOST_LISTED: Final = 8


def delete(text: str, words: Sequence[Token]) -> Edited:
    """Return a text without what a path means: a block with all it holds, a statement, or an option of one.

    Words that name a statement and all of its options mean the statement; those that name some of its options mean these.
    The comment lines right above a statement, and the comment behind it, go with it.
    """
    found: list[Diagnostic] = []
    path = spelled(words, found.append)
    if not words:
        found.append(Diagnostic.error(Span(1, 1), "say what shall be deleted", "such as load-balancer workers"))
    if found:
        return Edited(text=text, words=path.text, diagnostics=tuple(found))
    lines = Lines.of(text)
    if lines.tree.diagnostics:
        return Edited(text=text, words=path.text, diagnostics=lines.tree.diagnostics, illegible=True)
    deleted = _deleted(lines, path)
    if isinstance(deleted, Diagnostic):
        return Edited(text=text, words=path.text, diagnostics=(deleted,))
    return Edited(text=deleted, words=path.text)


def _deleted(lines: Lines, path: Path) -> str | Diagnostic:
    place = find(lines.tree, path.steps)
    if len(place.chain) < len(path.steps):
        return missing(place, path)
    if not path.rest:
        around = find(lines.tree, path.steps[:-1])
        return without(lines, around, place.chain[-1])
    shortened = _without_options(lines, place, path)
    if shortened is not None:
        return shortened
    statements = named(place, path)
    if not statements:
        return missing(place, path)
    if len({texts(one.words) for one in statements}) > 1:
        choices = listed([quoted(shown(one)) for one in statements[:_MOST_LISTED]], "and")
        span = path.rest[0].span.to(path.rest[-1].span)
        return Diagnostic.error(span, f"this means {len(statements)} statements", f"say which: {choices}")
    return without(lines, place, statements[-1])


# --- options -------------------------------------------------------------------------------------------------------------


def _without_options(lines: Lines, place: Place, path: Path) -> str | Diagnostic | None:
    """Return the text without some options of a statement; None where the path names none, or all that there are."""
    clause = clause_of(place.clause, path.rest)
    if clause is None or (clause.many and clause.identity is None):
        return None
    statement = same(place, clause, path.rest)
    base = read(clause, path.rest)[0].base
    told = path.rest[base:]
    if statement is None or not told or not (clause.many or texts(path.rest[:base]) == texts(statement.words[:base])):
        return None
    has, given = options(clause, statement.words), options(clause, path.rest)
    if sum(map(len, given.values())) != len(told):
        given = {name: texts(told) for name, option in has.items() if option[: len(told)] == texts(told)}
    elif given == has:
        return None
    if not given or any(has.get(name, ())[: len(option)] != option for name, option in given.items()):
        span = told[0].span.to(told[-1].span)
        what = f"there is no {quoted(' '.join(texts(told)))} in {quoted(shown(statement))}"
        return Diagnostic.error(span, what)
    own = texts(statement.words[: read(clause, statement.words)[0].base])
    kept = (word for name, option in has.items() if name not in given for word in option)
    start, end = lines.start(statement.words[0]), lines.end(statement.words[-1])
    return lines.replaced(start, end, " ".join((*own, *kept)))


# --- statements ----------------------------------------------------------------------------------------------------------


def without(lines: Lines, place: Place, statement: Statement) -> str:
    """Return the text without a statement of a block."""
    block = place.chain[-1].block if place.chain else None
    items = place.items if block is None else own_items(block)
    index = next(index for index, item in enumerate(items) if item is statement)
    first = comments_of(items, index) if lines.begins_line(statement.words[0]) else index
    if block is not None and block.open is not None and block.close is not None:
        opening = block.items[: len(block.items) - len(items)]
        rest = (*opening, *items[:first], *items[index + 1 :])
        if not any(isinstance(item, Statement) or is_comment(item) for item in rest):
            return lines.replaced(lines.end(block.open), lines.start(block.close), " ")
    ends = ends_line(statement) or (block is None and index + 1 == len(items))
    if lines.begins_line(statement.words[0]) and ends:
        first, behind = _with_blank(items, first, index + 1)
        start = next(tokens_of(items[first]))
        at = lines.start(start) - len(lines.indent(start))
        return lines.replaced(at, lines.end(final(items[behind - 1])), "")
    return _out_of_line(lines, statement)


def _with_blank(items: Sequence[Item], first: int, behind: int) -> tuple[int, int]:
    """Return which items go, with an empty line that would stand beside another, or at an end of the block."""
    above = first > 0 and is_blank(items[first - 1])
    below = behind < len(items) and is_blank(items[behind])
    if above and (below or behind == len(items)):
        return first - 1, behind
    if below and first == 0:
        return first, behind + 1
    return first, behind


def _out_of_line(lines: Lines, statement: Statement) -> str:
    """Return the text without a statement that shares its line with others."""
    first, end = statement.words[0], lines.end(last(statement))
    semicolon = next((token for token in statement.tail if token.kind is TokenKind.SEMICOLON), None)
    end = end if semicolon is None else lines.end(semicolon)
    start = lines.start(first)
    if not lines.begins_line(first):
        return lines.replaced(start - len(first.before), end, "")
    blanks = len(lines.text[end:]) - len(lines.text[end:].lstrip(" \t"))
    return lines.replaced(start, end + blanks, "")
