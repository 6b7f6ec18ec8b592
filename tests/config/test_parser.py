"""The tree holds the whole text, whatever the text is, and mistakes of form are told in one pass."""

import gc
from pathlib import Path
from time import process_time
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bascule.config.diagnostics import Diagnostic
from bascule.config.lexer import MAXIMUM_TEXT, MAXIMUM_TOKENS, TokenKind, tokenize
from bascule.config.parser import MAXIMUM_DEPTH, parse
from bascule.config.syntax import Gap, Statement, text_of

CORPUS: Final = Path(__file__).parents[1] / "corpus" / "config"
TEXTS: Final = sorted(CORPUS.iterdir())
PIECES: Final = (
    "a",
    "{",
    "}",
    "\n",
    "\r\n",
    "\t",
    " ",
    ";",
    "# c",
    '"',
    '"s"',
    "<t>",
    "<",
    ">",
    "\ufeff",
    "\x00",
    "é",
    "\\",
)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_printing_gives_the_text_back(text: str) -> None:
    """Print after parse is the same text, for any text."""
    assert text_of(parse(text)) == text


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=80).map("".join))
def test_printing_gives_braces_and_layout_back(text: str) -> None:
    """Print after parse is the same text, for texts of braces that pair or do not."""
    assert text_of(parse(text)) == text


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_printing_gives_the_corpus_back(path: Path) -> None:
    """Print after parse is the same text, for every text we keep."""
    text = path.read_bytes().decode()
    assert text_of(parse(text)) == text


def test_comments_stay_where_they_are() -> None:
    """A comment of its own is layout; one behind a statement is the statement's."""
    first, second = parse("# of its own\nword  # behind\n").items
    assert isinstance(first, Gap)
    assert [token.text for token in first.tokens] == ["# of its own", "\n"]
    assert isinstance(second, Statement)
    assert [token.text for token in second.tail] == ["# behind", "\n"]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("listen on <a>;", [TokenKind.WORD, TokenKind.WORD, TokenKind.TABLE, TokenKind.SEMICOLON]),
        (r'"a \" b" c', [TokenKind.STRING, TokenKind.WORD]),
        ('"a\n"', [TokenKind.WRONG, TokenKind.NEWLINE, TokenKind.WRONG]),
        ("a#b", [TokenKind.WORD, TokenKind.COMMENT]),
        ("é\r\rb", [TokenKind.WRONG, TokenKind.NEWLINE, TokenKind.NEWLINE, TokenKind.WORD]),
    ],
)
def test_tokens_are_told_apart(text: str, kinds: list[TokenKind]) -> None:
    """Strings know their escapes and end with their line; every kind of line end counts."""
    found = [token.kind for token in tokenize(text, lambda _: None)]
    assert found == [*kinds, TokenKind.END]


def said(text: str) -> list[str]:
    """Return the messages of a parse with their places."""
    return [f"{one.span.line}:{one.span.column} {one.message}" for one in parse(text).diagnostics]


def test_too_long_a_text_is_refused_and_kept() -> None:
    """What lies behind the bound is not read, and not lost either."""
    text = f"#{'x' * 1022}\n" * (MAXIMUM_TEXT // 1024 + 2)
    tree = parse(text)
    assert [one.message for one in tree.diagnostics] == ["the text is too long: what follows was not read"]
    assert text_of(tree) == text


def test_too_many_tokens_are_refused() -> None:
    """A text of a million semicolons and one is refused; one of a million is read."""
    found: list[Diagnostic] = []
    tokenize(";" * MAXIMUM_TOKENS, found.append)
    assert not found
    tokenize(";" * (MAXIMUM_TOKENS + 1), found.append)
    assert [(one.span.column, one.message) for one in found] == [
        (MAXIMUM_TOKENS + 1, "the text is too long: what follows was not read"),
    ]


def test_depth_is_bounded() -> None:
    """A text of braces alone neither exhausts the stack nor stops the parser."""
    text = "a {\n" * 5000
    assert any(f"more than {MAXIMUM_DEPTH} deep" in one for one in said(text))
    assert text_of(parse(text)) == text


@pytest.mark.parametrize(
    "piece",
    ["{", "}", "a { }", '"', "<", "<a", 'a "', " ", "a {\n", "\t}\n", "\n", "\x00", "\\", '"\\', '"{', "# c\n"],
    ids=repr,
)
def test_time_grows_with_the_length(piece: str) -> None:
    """Ten times the text takes less than thirty times as long, whatever it repeats."""

    def seconds(count: int) -> float:
        text = piece * count
        started = process_time()
        gc.disable()  # how much there is to look through depends on the tests before this one
        try:
            parse(text)
        finally:
            gc.enable()
        return process_time() - started

    count = 30_000 // len(piece)
    assert min(seconds(count) for _ in range(3)) < 30 * max(min(seconds(count // 10) for _ in range(3)), 0.003)
