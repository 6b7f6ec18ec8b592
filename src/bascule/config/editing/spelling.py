"""Reads the words of a path as people type them: abbreviated, names without their quotes, blocks without their braces.

Each word is held against what the schema says may stand there. What fits nothing stays as it is, for whoever reads the
statement to complain about with its place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bascule.config.completion import following
from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.kinds.kind import Flaw
from bascule.config.lexer import Report, Token, TokenKind, tokenize
from bascule.config.matching import Wanted, match, select
from bascule.config.schema import TOP
from bascule.config.schema.clause import Clause, Value
from bascule.config.wording import listed, quoted

LONGEST_PATH: Final = 200
"""Words; the longest statement of the language has thirty."""

_WORDS: Final = frozenset({TokenKind.WORD, TokenKind.STRING, TokenKind.TABLE, TokenKind.WRONG})
_SHELL_EATS: Final = str.maketrans({'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


@dataclass(frozen=True, slots=True)
class Step:
    """A block on the way: what it is, and the words before its brace."""

    clause: Clause
    words: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """Where somebody means, from the outside in."""

    steps: tuple[Step, ...]
    rest: tuple[Token, ...]
    """The words of a statement, or a part of it, in the innermost block; none where the block itself is meant."""

    @property
    def words(self) -> tuple[Token, ...]:
        """Return all words in their order."""
        return (*(word for step in self.steps for word in step.words), *self.rest)

    @property
    def text(self) -> str:
        """Return it as one line, in which its tokens know their places."""
        return " ".join(token.text for token in self.words)

    @property
    def clause(self) -> Clause:
        """Return the clause of the innermost block."""
        return self.steps[-1].clause if self.steps else TOP


def from_line(line: str, report: Report) -> tuple[Token, ...]:
    """Return the words of a line that somebody typed; reports what belongs to no path, such as a brace."""
    tokens = tokenize(line, report)
    for token in tokens:
        if token.kind not in _WORDS and token.kind is not TokenKind.END:
            what = {TokenKind.COMMENT: "a comment", TokenKind.NEWLINE: "the end of a line"}.get(
                token.kind, quoted(token.text)
            )
            hint = "words alone, from the outside in: load-balancer workers 2; for more, edit the text"
            report(Diagnostic.error(token.span, f"{what} has no place here", hint))
    return tokens[:-1]


def from_arguments(arguments: Iterable[str]) -> tuple[Token, ...]:
    """Return the words of a command's arguments, from which a shell has taken the quotes."""
    return tuple(map(_from_argument, arguments))


def _from_argument(argument: str) -> Token:
    """Return the token that an argument is, or one that only fits where a text in quotes may stand."""
    complaints: list[Diagnostic] = []
    tokens = tokenize(argument, complaints.append)
    whole = len(tokens) == 2 and not tokens[0].before and not tokens[1].before  # noqa: PLR2004 - it and the end
    if whole and tokens[0].kind in _WORDS and not complaints:
        return tokens[0]
    return Token(TokenKind.WRONG, argument, 1, 1)


def spelled(words: Sequence[Token], report: Report) -> Path:
    """Return the path that somebody means; reports words that may mean several, and names that cannot be."""
    steps: list[Step] = []
    rest: list[Token] = []
    clause = TOP
    column = 1
    for word in words[:LONGEST_PATH]:
        if rest and (inner := _entered(clause, rest)) is not None:
            steps.append(Step(inner, tuple(rest)))
            clause, rest = inner, []
        token = _placed(_fitted(word, following(clause, rest), first=not rest), column)
        column += len(token.text) + 1
        if not rest or token.kind is not TokenKind.WRONG:
            _doubt(token, following(clause, rest), report, first=not rest)
        rest.append(token)
    if rest and (inner := _entered(clause, rest)) is not None:
        steps.append(Step(inner, tuple(rest)))
        rest = []
    for step in steps:
        match(step.clause, step.words, report)
    if len(words) > LONGEST_PATH:
        report(Diagnostic.error(Span(1, column), f"more than {LONGEST_PATH} words"))
    return Path(tuple(steps), tuple(rest))


def _entered(clause: Clause, words: Sequence[Token]) -> Clause | None:
    """Return the clause of the block whose words before the brace are complete."""
    found = select(clause.block or (), words)
    if len(found) != 1 or found[0].block is None:
        return None
    complete = len(words) == len(found[0].words) + len(found[0].parts)
    return found[0] if complete else None


def _fitted(word: Token, wanted: Sequence[Wanted], *, first: bool) -> Token:
    """Return a word as the schema has it: as it is where that fits, else spelled out, else in quotes.

    The first word of a statement is sooner a keyword cut short than the name of a host.
    """
    values = [one.value for one in wanted if one.value is not None]
    meant = _meant(word, wanted)
    fits = any(_reads(value, word) for value in values)
    if word.text in _literals(wanted) or (fits and not (first and meant)):
        return word
    if len(meant) == 1:
        return Token(TokenKind.WORD, meant[0], word.line, word.column)
    bare = word.text[1:-1] if word.kind in (TokenKind.STRING, TokenKind.TABLE) else word.text
    for kind, text in ((TokenKind.STRING, f'"{bare.translate(_SHELL_EATS)}"'), (TokenKind.TABLE, f"<{bare}>")):
        candidate = Token(kind, text, word.line, word.column)
        if word.kind is not kind and any(_reads(value, candidate) for value in values):
            return candidate
    return word


def _doubt(token: Token, wanted: Sequence[Wanted], report: Report, *, first: bool) -> None:
    """Report an abbreviation of several words."""
    values = [one.value for one in wanted if one.value is not None]
    meant = _meant(token, wanted)
    fits = any(_reads(value, token) for value in values)
    if len(meant) > 1 and token.text not in meant and (first or not fits):
        report(Diagnostic.error(token.span, f"{quoted(token.text)} may be {listed([quoted(one) for one in meant])}"))


def _meant(word: Token, wanted: Sequence[Wanted]) -> Sequence[str]:
    return [text for text in _literals(wanted) if text.startswith(word.text)] if word.kind is TokenKind.WORD else []


def _literals(wanted: Sequence[Wanted]) -> Sequence[str]:
    return list(dict.fromkeys(one.text for one in wanted if one.literal))


def _reads(value: Value[Any], token: Token) -> bool:
    return not isinstance(value.kind.read(token), Flaw)


def _placed(token: Token, column: int) -> Token:
    return Token(token.kind, token.text, 1, column, "" if column == 1 else " ")
