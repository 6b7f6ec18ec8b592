"""The syntax tree: statements, blocks and the layout between them, with every character of the text.

The tree knows no keyword: what the words mean is the schema's. Printing it gives the text it was parsed from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.lexer import Token, TokenKind


@dataclass(frozen=True, slots=True)
class Gap:
    """Layout that belongs to no statement: an empty line, a comment of its own, or a stray token that was reported."""

    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """The braces of a statement and what stands between them."""

    open: Token | None
    """None where the brace is missing, which was reported."""
    items: tuple["Item", ...]
    close: Token | None
    """None where the block was never closed, which was reported."""

    @property
    def statements(self) -> Iterator["Statement"]:
        """Yield the statements, without the layout between them."""
        return (item for item in self.items if isinstance(item, Statement))


@dataclass(frozen=True, slots=True)
class Statement:
    """Words, perhaps a block, and what ends the line."""

    words: tuple[Token, ...]
    """Never empty, unless a block stands without words, which was reported."""
    block: Block | None
    tail: tuple[Token, ...]
    """The semicolon, comment and line end behind it, as far as there are any."""

    @property
    def span(self) -> Span:
        """Return where the words stand, from the first to the last."""
        first = self.words[0]
        return first.span.to(self.words[-1].span)

    @property
    def unreadable(self) -> bool:
        """Whether a word could not be read, which was reported: nothing more can be said of the statement."""
        return any(token.kind is TokenKind.WRONG for token in self.words)


Item: TypeAlias = Statement | Gap


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole text: what it says and what is wrong with its form."""

    items: tuple[Item, ...]
    end: Token
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def statements(self) -> Iterator[Statement]:
        """Yield the statements of the top level."""
        return (item for item in self.items if isinstance(item, Statement))


def tokens(tree: Tree) -> Iterator[Token]:
    """Yield every token of a tree in the order of the text."""
    for item in tree.items:
        yield from tokens_of(item)
    yield tree.end


def tokens_of(item: Item) -> Iterator[Token]:
    """Yield every token of a statement or a gap in the order of the text."""
    if isinstance(item, Gap):
        yield from item.tokens
        return
    yield from item.words
    if item.block is not None:
        if item.block.open is not None:
            yield item.block.open
        for inner in item.block.items:
            yield from tokens_of(inner)
        if item.block.close is not None:
            yield item.block.close
    yield from item.tail


def text_of(tree: Tree) -> str:
    """Return the text that a tree was parsed from, character for character."""
    return "".join(f"{token.before}{token.text}" for token in tokens(tree))
