"""Brings a text into its usual form: tabs, one statement a line, one blank between words; comments stay."""

from collections.abc import Iterator, Sequence
from typing import Final

from bascule.config.lexer import Token, TokenKind
from bascule.config.parser import parse
from bascule.config.syntax import Block, Gap, Item, Statement

_INDENT: Final = "\t"
_BEFORE_COMMENT: Final = "  "


def format_text(text: str) -> str:
    """Return a text in its usual form; it means the same, and formatting it again changes nothing.

    A text whose form is wrong is returned as it is, since nobody knows what was meant. Ends of lines become line feeds, and
    of several empty lines one stays.
    """
    tree = parse(text)
    if tree.diagnostics:
        return text
    return "".join(f"{line}\n" for line in _lines(tree.items, 0))


def _lines(items: Sequence[Item], depth: int) -> Iterator[str]:
    """Yield the lines of a block; empty ones only between others, and one at a time."""
    started = empty = False
    for item in items:
        if isinstance(item, Gap) and _comment(item.tokens) is None:
            empty = started and _is_empty_line(item)
            continue
        if empty:
            yield ""
        started, empty = True, False
        if isinstance(item, Gap):
            yield f"{_INDENT * depth}{_comment(item.tokens)}"
        else:
            yield from _statement(item, depth)


def _is_empty_line(gap: Gap) -> bool:
    return [token.kind for token in gap.tokens] == [TokenKind.NEWLINE]


def _statement(statement: Statement, depth: int) -> Iterator[str]:
    indent = _INDENT * depth
    words = " ".join(token.text for token in statement.words)
    comment = _comment(statement.tail)
    tail = f"{_BEFORE_COMMENT}{comment}" if comment else ""
    block = statement.block
    if block is None:
        yield f"{indent}{words}{tail}"
    elif _on_one_line(block):
        yield f"{indent}{words} {{ }}{tail}"
    else:
        first, items = _opening_comment(block)
        yield f"{indent}{words} {{{first}"
        yield from _lines(items, depth + 1)
        yield f"{indent}}}{tail}"


def _on_one_line(block: Block) -> bool:
    """Whether a block holds nothing and was written `{ }`."""
    return not block.items


def _opening_comment(block: Block) -> tuple[str, Sequence[Item]]:
    """Return the comment behind the opening brace, and the items without the rest of its line."""
    first = block.items[0]
    if not isinstance(first, Gap):
        return "", block.items
    comment = _comment(first.tokens)
    return (f"{_BEFORE_COMMENT}{comment}" if comment else ""), block.items[1:]


def _comment(tokens: Sequence[Token]) -> str | None:
    """Return the comment among some tokens, without blanks at its end."""
    return next((token.text.rstrip() for token in tokens if token.kind is TokenKind.COMMENT), None)
