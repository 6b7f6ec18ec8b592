"""Adds a statement to a block: behind the last of its kind, else where the schema has it, in the lines around it."""

from collections.abc import Sequence

from bascule.config.editing.finding import Place, clause_of, read
from bascule.config.editing.layout import INDENT, Lines, comments_of, ends_line, final, is_blank, is_comment, own_items
from bascule.config.format import format_text
from bascule.config.lexer import Token, tokenize
from bascule.config.schema.clause import Clause
from bascule.config.syntax import Item, Statement, tokens_of


def added(lines: Lines, place: Place, clause: Clause, words: str) -> str:
    """Return the text with a statement more in a block, whose statements stand in lines of their own."""
    items = _items(place)
    behind = _behind(place, clause, items, words)
    end = lines.end_of_line
    blank = end if clause.block is not None and _apart(items) else ""
    if behind is not None:
        at = lines.end(final(items[behind]))
        spaced = behind + 1 == len(items) or is_blank(items[behind + 1])
        made = _made(words, lines.indent(_first(items[behind])), end)
        lead = "" if ends_line(items[behind]) else end
        return lines.replaced(at, at, f"{lead}{blank if spaced else ''}{made}")
    first = next((index for index, item in enumerate(items) if isinstance(item, Statement)), None)
    if first is not None:
        indent = lines.indent(_first(items[first]))
        token = _first(items[comments_of(items, first)])
        at = lines.start(token) - len(lines.indent(token))
        return lines.replaced(at, at, f"{_made(words, indent, end)}{blank}")
    return _alone(lines, place, items, words)


def _alone(lines: Lines, place: Place, items: Sequence[Item], words: str) -> str:
    """Return the text with the first statement of a block, behind the comments that it may hold."""
    end = lines.end_of_line
    lead = end if items and is_comment(items[-1]) else ""
    if not place.chain:
        lead = (end if items and not ends_line(items[-1]) else "") + lead
        return f"{lines.text}{lead}{_made(words, '', end)}"
    block = place.chain[-1].block
    assert block is not None
    assert block.close is not None
    at = lines.line(block.close)
    return lines.replaced(at, at, f"{lead}{_made(words, lines.indent(place.chain[-1].words[0]) + INDENT, end)}")


def _items(place: Place) -> Sequence[Item]:
    block = place.chain[-1].block if place.chain else None
    return place.items if block is None else own_items(block)


def _behind(place: Place, clause: Clause, items: Sequence[Item], words: str) -> int | None:
    """Return the item behind whose line a statement goes; None where it goes before all others."""
    known = place.clause.block or ()
    order = {id(one): index for index, one in enumerate(known)}
    kinds = [_kind(place.clause, item) for item in items]
    kinds = kinds[: _closing(kinds, items, clause, words)]
    alike = [index for index, kind in enumerate(kinds) if kind is clause]
    before = [index for index, kind in enumerate(kinds) if kind is not None and order[id(kind)] <= order[id(clause)]]
    found = next(iter(alike[::-1] or before[::-1]), None)
    while found is not None and found + 1 < len(items) and not ends_line(items[found]):
        found += 1
    return found


def _closing(kinds: Sequence[Clause | None], items: Sequence[Item], clause: Clause, words: str) -> int | None:
    """Return the first item that would leave a statement nothing, being asked before it, or None."""
    if clause.closes is None:
        return None
    tokens = tokenize(words, lambda _: None)[:-1]
    wanted = read(clause, tokens)[0]
    if clause.closes(wanted.extras):
        return None
    for index, (kind, item) in enumerate(zip(kinds, items, strict=True)):
        if kind is not None and kind.closes is not None and isinstance(item, Statement):
            found = read(kind, item.words)[0]
            if kind.closes(found.extras) and found.leading == wanted.leading:
                return index
    return None


def _kind(within: Clause, item: Item) -> Clause | None:
    return clause_of(within, item.words) if isinstance(item, Statement) and item.words else None


def _apart(items: Sequence[Item]) -> bool:
    """Tell whether blocks have empty lines between them here."""
    return any(
        is_blank(items[above - 1])
        for index, item in enumerate(items)
        if isinstance(item, Statement)
        and item.block is not None
        and (above := comments_of(items, index))
        and any(isinstance(one, Statement) for one in items[:above])
    )


def _made(words: str, indent: str, end: str) -> str:
    return "".join(f"{indent}{line}{end}" for line in format_text(words).splitlines())


def _first(item: Item) -> Token:
    return next(tokens_of(item))
