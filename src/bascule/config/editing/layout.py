"""Where statements stand in the characters of a text, and what of its layout belongs to them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bascule.config.format import format_text
from bascule.config.lexer import Token, TokenKind
from bascule.config.parser import parse
from bascule.config.syntax import Block, Gap, Item, Statement, Tree, tokens_of

INDENT: Final = "\t"

_LINE_END: Final = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Lines:
    """A text, its tree, and where its lines begin."""

    text: str
    tree: Tree
    starts: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "Lines":
        """Return the lines of a text."""
        return cls(text, parse(text), (0, *(end.end() for end in _LINE_END.finditer(text))))

    @property
    def end_of_line(self) -> str:
        """Return what ends the lines of this text."""
        found = _LINE_END.search(self.text)
        return "\n" if found is None else found[0]

    def start(self, token: Token) -> int:
        """Return the place of a token's first character."""
        return self.starts[token.line - 1] + token.column - 1

    def end(self, token: Token) -> int:
        """Return the place behind a token's last character."""
        return self.start(token) + len(token.text)

    def line(self, token: Token) -> int:
        """Return the place where a token's line begins."""
        return self.starts[token.line - 1]

    def begins_line(self, token: Token) -> bool:
        """Tell whether nothing but blanks stands before a token in its line."""
        return not self.text[self.line(token) : self.start(token)].strip(" \t\ufeff")

    def indent(self, token: Token) -> str:
        """Return the blanks at the beginning of a token's line."""
        line = self.text[self.line(token) : self.start(token)].lstrip("\ufeff")
        return line[: len(line) - len(line.lstrip(" \t"))]

    def replaced(self, start: int, end: int, by: str) -> str:
        """Return the text with something else between two places."""
        return f"{self.text[:start]}{by}{self.text[end:]}"


def last(statement: Statement) -> Token:
    """Return the last token of a statement, without its tail."""
    block = statement.block
    if block is not None and block.close is not None:
        return block.close
    return statement.words[-1]


def final(item: Item) -> Token:
    """Return the last token of an item, with its tail."""
    *_, token = tokens_of(item)
    return token


def ends_line(item: Item) -> bool:
    """Tell whether the line ends behind an item."""
    return final(item).kind is TokenKind.NEWLINE


def is_blank(item: Item) -> bool:
    """Tell whether an item is an empty line."""
    return isinstance(item, Gap) and [token.kind for token in item.tokens] == [TokenKind.NEWLINE]


def is_comment(item: Item) -> bool:
    """Tell whether an item holds a comment of its own."""
    return isinstance(item, Gap) and any(token.kind is TokenKind.COMMENT for token in item.tokens)


def own_items(block: Block) -> Sequence[Item]:
    """Return the items of a block without the rest of the line that opens it."""
    first = block.items[:1]
    opens = block.open is not None and first and isinstance(first[0], Gap) and first[0].tokens[0].line == block.open.line
    return block.items[1:] if opens else block.items


def in_lines(lines: Lines, block: Block) -> bool:
    """Tell whether a block has its statements in lines of their own, between those of its braces."""
    if block.open is None or block.close is None:
        return True
    return len(own_items(block)) < len(block.items) and lines.begins_line(block.close)


def comments_of(items: Sequence[Item], index: int) -> int:
    """Return the index of the first of the comment lines that belong to an item: those right above it."""
    while index and is_comment(items[index - 1]):
        index -= 1
    return index


def spread(lines: Lines, statement: Statement) -> str:
    """Return the text with the block of one statement in lines, as the usual form has it."""
    block = statement.block
    assert block is not None
    assert block.open is not None
    assert block.close is not None
    first = statement.words[0]
    indent = lines.indent(first)
    if not block.items:
        return lines.replaced(lines.end(block.open), lines.start(block.close), f"{lines.end_of_line}{indent}")
    usual = format_text(lines.text[lines.start(first) : lines.end(block.close)]).rstrip("\n")
    made = f"{lines.end_of_line}{indent}".join(usual.split("\n"))
    return lines.replaced(lines.start(first), lines.end(block.close), made)
