"""Cuts a text into tokens and loses nothing: the tokens put together again are the text.

The lexer knows no keyword. What it cannot read becomes a token of kind `WRONG` and a diagnostic; it never stops early.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bascule.config.diagnostics import Diagnostic, Span

MAXIMUM_TEXT: Final = 4 * 1024 * 1024
"""Characters of a configuration. What lies behind them is not read."""

MAXIMUM_TOKENS: Final = 1_000_000
"""Enough for 50,000 firewall rules; the text behind the last one is not read."""

Report = Callable[[Diagnostic], None]
"""Where a finding goes; a list's `append` will do."""


class TokenKind(StrEnum):
    """What a piece of the text is, before any keyword is known."""

    WORD = "word"
    STRING = "string"
    TABLE = "table name"
    OPEN = "{"
    CLOSE = "}"
    SEMICOLON = ";"
    NEWLINE = "end of line"
    COMMENT = "comment"
    WRONG = "unreadable"
    END = "end of text"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text that never spans lines, and the blanks before it."""

    kind: TokenKind
    text: str
    line: int
    column: int
    before: str = ""
    """Spaces and tabs between the token before and this one, and a byte order mark at the start of the text."""

    @property
    def span(self) -> Span:
        """Return where the token stands."""
        return Span(self.line, self.column, max(1, len(self.text)))

    @property
    def after(self) -> Span:
        """Return the place right behind the token, where something may be missing."""
        return Span(self.line, self.column + len(self.text), 1)


_PIECE: Final = re.compile(
    r"""
      (?P<NEWLINE>\r\n|\n|\r)
    | (?P<BLANK>[ \t]+)
    | (?P<COMMENT>\#[^\r\n]*)
    | (?P<STRING>"(?:[^"\\\r\n]|\\[^\r\n])*")
    | (?P<OPEN>\{)
    | (?P<CLOSE>\})
    | (?P<SEMICOLON>;)
    | (?P<TABLE><[^\s<>{};"\#]*>)
    | (?P<WORD>[!$-:=?-z|~]+)
    | (?P<WRONG>"[^\r\n{]*(?=\{[ \t]*(?:[\r\n]|\Z))|"[^\r\n]*|[<>]|[^ \t\r\n!-~]+)
    """,
    re.VERBOSE,
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LOOKALIKES: Final = {
    "\u00a0": "a no-break space; use a plain one",
    "\u201c": 'a curly quotation mark; use "',
    "\u201d": 'a curly quotation mark; use "',
    "\u201e": 'a curly quotation mark; use "',
    "\u2013": "a dash; use -",
    "\u2014": "a dash; use -",
    "\u200b": "an invisible space; delete it",
    "\ufeff": "a byte order mark; it may stand only at the start of the text",
}
_BYTE_ORDER_MARK: Final = "\ufeff"


def tokenize(text: str, report: Report) -> tuple[Token, ...]:
    """Return the tokens of a text; the last one is of kind `END`.

    Their `before` and `text` put together give the text again, whatever it holds. Reports what cannot be read: control
    characters, strings without an end, characters that no statement uses, and a text beyond the bounds of this module.
    """
    tokens = list(_pieces(text))
    too_long = len(text) > MAXIMUM_TEXT or len(tokens) > MAXIMUM_TOKENS + 1
    if too_long:
        unread = tokens[-2]
        limits = f"at most {MAXIMUM_TEXT // 1024 // 1024} MiB and {MAXIMUM_TOKENS} words"
        report(
            Diagnostic.error(Span(unread.line, unread.column), "the text is too long: what follows was not read", limits)
        )
    for token in tokens[:-2] if too_long else tokens:
        complaint = _complaint(token)
        if complaint is not None:
            report(complaint)
    return tuple(tokens)


def _pieces(text: str) -> Iterator[Token]:
    """Yield the tokens; what lies behind the bounds becomes one `WRONG` token."""
    position = 1 if text.startswith(_BYTE_ORDER_MARK) else 0
    before = text[:position]
    line, start, count = 1, 0, 0
    while position < len(text):
        piece = _PIECE.match(text, position) if position < MAXIMUM_TEXT and count < MAXIMUM_TOKENS else None
        kind = piece.lastgroup if piece is not None else "WRONG"
        end = piece.end() if piece is not None else len(text)
        if kind == "BLANK":
            before += text[position:end]
        else:
            count += 1
            yield Token(TokenKind[str(kind)], text[position:end], line, position - start + 1, before)
            before = ""
        if kind == "NEWLINE":
            line, start = line + 1, end
        position = end
    yield Token(TokenKind.END, "", line, position - start + 1, before)


def _complaint(token: Token) -> Diagnostic | None:
    """Return what is wrong with the letters of a token, or None."""
    control = None if token.kind in _PLAIN else _CONTROL.search(token.text)
    if control is not None:
        place = Span(token.line, token.column + control.start(), 1)
        return Diagnostic.error(place, f"control character {_name(control[0])}", "a configuration is plain UTF-8 text")
    if token.kind is not TokenKind.WRONG:
        return None
    first = token.text[0]
    if first == '"':
        return Diagnostic.error(token.span, 'this string has no closing `"` on its line')
    if first in "<>":
        return Diagnostic.error(
            token.span, f"`{first}` belongs to no table name", "a table's name is written <name>, without blanks"
        )
    what = _LOOKALIKES.get(first)
    if what is not None:
        return Diagnostic.error(token.span, f"the character {_name(first)} is {what}")
    return Diagnostic.error(token.span, f"the character {_name(first)} may stand only in quotes and comments")


def _name(character: str) -> str:
    """Return the name of a character that may not be seen."""
    return f"U+{ord(character):04X}"


_PLAIN: Final = frozenset(
    {TokenKind.OPEN, TokenKind.CLOSE, TokenKind.SEMICOLON, TokenKind.NEWLINE, TokenKind.WORD, TokenKind.END}
)
