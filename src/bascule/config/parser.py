"""Parses a text into its syntax tree by recursive descent, and reports every mistake of form in one pass.

Braces that do not pair are where a parser loses its way. Before it starts, this one knows how many are missing or too
many, and then lets the indentation say where: a block that was never closed is named at the statement that shows it, and
the rest of the text is read as it was meant.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bascule.config.diagnostics import Diagnostic
from bascule.config.lexer import Report, Token, TokenKind, tokenize
from bascule.config.syntax import Block, Gap, Item, Statement, Tree

MAXIMUM_DEPTH: Final = 16
"""Blocks within blocks; the language itself needs four."""

_WORDS: Final = frozenset({TokenKind.WORD, TokenKind.STRING, TokenKind.TABLE, TokenKind.WRONG})
_LINE_ENDS: Final = frozenset({TokenKind.NEWLINE, TokenKind.END})


def parse(text: str) -> Tree:
    """Return the tree of any text; its diagnostics say what is wrong with its form, in the order of the text.

    Never raises, whatever the text holds, and `text_of` gives the text back.
    """
    diagnostics: list[Diagnostic] = []
    parser = _Parser(tokenize(text, diagnostics.append), diagnostics.append)
    items = parser.items(())
    return Tree(tuple(items), parser.tokens[-1], tuple(sorted(diagnostics, key=lambda finding: finding.span)))


@dataclass(frozen=True, slots=True)
class _Opened:
    """A block that is open at the moment."""

    words: tuple[Token, ...]
    line: int
    indent: int
    """The column of the first token on the line that opened it."""

    @property
    def name(self) -> str:
        """Return what to call the block."""
        words = " ".join(token.text.strip('"') for token in self.words)
        return f'block "{words}"' if words else "a block"


class _Parser:
    """The state of one parse: where it stands, and how many braces are still unpaired."""

    def __init__(self, tokens: tuple[Token, ...], report: Report) -> None:
        self.tokens = tokens
        self._report = report
        self._position = 0
        self._line_start = 0
        opens, closes = (sum(token.kind is kind for token in tokens) for kind in (TokenKind.OPEN, TokenKind.CLOSE))
        self._missing = max(0, opens - closes)
        self._surplus = max(0, closes - opens)
        self._indented = any(
            self._starts_line(i) and token.column > 1 for i, token in enumerate(tokens) if token.kind in _WORDS
        )

    # --- tokens ------------------------------------------------------------------------------------------------------

    @property
    def _next(self) -> Token:
        return self.tokens[self._position]

    def _take(self) -> Token:
        token = self._next
        self._position += 1
        if token.kind is TokenKind.NEWLINE:
            self._line_start = self._position
        return token

    def _at(self, kinds: Iterable[TokenKind]) -> bool:
        return self._next.kind in kinds

    def _starts_line(self, position: int) -> bool:
        return position == 0 or self.tokens[position - 1].kind is TokenKind.NEWLINE

    # --- grammar -----------------------------------------------------------------------------------------------------

    def items(self, opened: tuple[_Opened, ...]) -> list[Item]:
        """Read what stands in the innermost block, or at the top level, up to its closing brace or the end."""
        items: list[Item] = []
        while not self._at((TokenKind.END,)):
            if opened and self._shows_missing_close(opened[-1]):
                break
            if self._at((TokenKind.CLOSE,)):
                if opened and not self._shows_surplus_close(opened[-1]):
                    break
                items.append(self._stray_close())
            elif self._at((TokenKind.NEWLINE, TokenKind.COMMENT, TokenKind.SEMICOLON)):
                items.append(Gap(self._line_end()))
            else:
                items.append(self._statement(opened))
        return items

    def _statement(self, opened: tuple[_Opened, ...]) -> Item:
        start = self._position
        words: list[Token] = []
        while self._at(_WORDS):
            words.append(self._take())
        if not words and self._missing:
            self._missing -= 1
            return self._stray("this `{` opens a second block")
        block = None
        if self._at((TokenKind.OPEN,)):
            block = self._block(words, opened)
        elif self._shows_missing_open(start):
            self._surplus -= 1
            self._report(Diagnostic.error(words[-1].after, f"expected `{{` after `{words[-1].text}`"))
            block = self._body(None, self._opened(words), opened)
        return Statement(tuple(words), block, self._end_of_statement())

    def _block(self, words: list[Token], opened: tuple[_Opened, ...]) -> Block:
        if not words:
            what = "this `{` belongs to no statement"
            self._report(Diagnostic.error(self._next.span, what, "a block opens on the line of its statement"))
        block = self._opened(words)
        return self._body(self._take(), block, opened)

    def _opened(self, words: list[Token]) -> _Opened:
        first = self.tokens[self._line_start]
        return _Opened(tuple(words), first.line, first.column)

    def _body(self, brace: Token | None, block: _Opened, opened: tuple[_Opened, ...]) -> Block:
        if len(opened) >= MAXIMUM_DEPTH:
            return self._too_deep(brace)
        items = self.items((*opened, block))
        if self._at((TokenKind.CLOSE,)) and not self._shows_missing_close(block):
            return Block(brace, tuple(items), self._take())
        self._missing = max(0, self._missing - 1)
        what = f"{block.name} opened in line {block.line} was never closed"
        self._report(Diagnostic.error(self._next.span, what, "a `}` is missing before this place"))
        return Block(brace, tuple(items), None)

    def _too_deep(self, brace: Token | None) -> Block:
        """Read over a block that lies too deep, without entering it."""
        self._report(Diagnostic.error(self._next.span, f"blocks lie more than {MAXIMUM_DEPTH} deep here"))
        depth = 1
        skipped: list[Token] = []
        while not self._at((TokenKind.END,)):
            depth += {TokenKind.OPEN: 1, TokenKind.CLOSE: -1}.get(self._next.kind, 0)
            if depth == 0:
                return Block(brace, (Gap(tuple(skipped)),), self._take())
            skipped.append(self._take())
        return Block(brace, (Gap(tuple(skipped)),), None)

    def _end_of_statement(self) -> tuple[Token, ...]:
        if self._at((TokenKind.CLOSE, TokenKind.END)):
            return ()
        if self._at((TokenKind.SEMICOLON, TokenKind.COMMENT, TokenKind.NEWLINE)):
            return self._line_end()
        if not self._starts_line(self._position):
            self._report(Diagnostic.error(self._next.span, "expected the end of the line or `;` behind `}`"))
        return ()

    def _line_end(self) -> tuple[Token, ...]:
        """Read a semicolon, a comment and a line end, as far as they are there."""
        return tuple(
            self._take() for kind in (TokenKind.SEMICOLON, TokenKind.COMMENT, TokenKind.NEWLINE) if self._at((kind,))
        )

    # --- braces that do not pair -------------------------------------------------------------------------------------

    def _stray_close(self) -> Gap:
        self._surplus = max(0, self._surplus - 1)
        return self._stray("this `}` closes nothing")

    def _stray(self, message: str) -> Gap:
        self._report(Diagnostic.error(self._next.span, message))
        return Gap((self._take(),))

    def _shows_missing_close(self, block: _Opened) -> bool:
        """Whether the next token cannot stand in a block, by its indentation, and a closing brace is missing somewhere."""
        token = self._next
        if token.kind is TokenKind.END:
            return True
        if not self._missing or not self._indented or token.line == block.line or not self._starts_line(self._position):
            return False
        if token.kind is TokenKind.CLOSE:
            return token.column < block.indent
        return token.kind in _WORDS and token.column <= block.indent

    def _shows_surplus_close(self, block: _Opened) -> bool:
        """Whether the next token, a closing brace, is not the block's, and one is too many somewhere."""
        token = self._next
        if not self._surplus or not self._indented or token.line == block.line:
            return False
        if self._starts_line(self._position):
            return token.column > block.indent
        return self.tokens[self._position - 1].kind is TokenKind.CLOSE

    def _shows_missing_open(self, start: int) -> bool:
        """Whether the statement just read has lost its opening brace: a brace is missing, and what follows is deeper."""
        if not self._surplus or not self._indented or not self._at((TokenKind.NEWLINE, TokenKind.COMMENT)):
            return False
        following = self._position
        while self.tokens[following].kind in (TokenKind.NEWLINE, TokenKind.COMMENT):
            following += 1
        token = self.tokens[following]
        return self._starts_line(start) and token.kind in _WORDS and token.column > self.tokens[start].column
