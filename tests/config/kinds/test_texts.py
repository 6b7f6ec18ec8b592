"""Names and quoted texts: what they mean, and what is refused."""

import pytest

from bascule.config.kinds.kind import Flaw
from bascule.config.kinds.texts import HOST_NAME, NAME, TABLE, identifier, text
from bascule.config.lexer import Token, TokenKind


def string(inner: str) -> Token:
    """Return a quoted string as the lexer would."""
    return Token(TokenKind.STRING, f'"{inner}"', 1, 1)


def word(inner: str) -> Token:
    """Return a word as the lexer would."""
    return Token(TokenKind.WORD, inner, 1, 1)


@pytest.mark.parametrize(
    ("inner", "meaning"),
    [("QUIT\\r\\n", "QUIT\r\n"), ('say \\"a\\"', 'say "a"'), ("C:\\\\x", "C:\\x"), ("\\\\n", "\\n"), ("", ""), ("ü", "ü")],
)
def test_escapes(inner: str, meaning: str) -> None:
    """Five escapes are known, each read once."""
    assert text("a text").read(string(inner)) == meaning


@pytest.mark.parametrize("inner", ["\\q", "\\x41", "x" * 4097])
def test_other_strings_are_flaws(inner: str) -> None:
    """Unknown escapes and endless strings are refused."""
    assert isinstance(text("a text").read(string(inner)), Flaw)


@pytest.mark.parametrize("inner", ["HTTPS", "a b", "Büro", "x" * 63, "ü" * 31])
def test_names(inner: str) -> None:
    """A name is any printable text of at most 63 bytes."""
    assert NAME.read(string(inner)) == inner


@pytest.mark.parametrize("inner", ["", " a", "a ", "x" * 64, "ü" * 32, 'a\\"b', "a\\\\b", "a\\nb", "a\u202eb", "a\tb"])
def test_other_names_are_flaws(inner: str) -> None:
    """Names reach the kernel's comments and people's terminals: nothing in them may change what is around them."""
    assert isinstance(NAME.read(string(inner)), Flaw)


@pytest.mark.parametrize(
    ("inner", "good"), [("a", True), ("a-b.c_1", True), ("", False), ("-a", False), ("é", False), ("a" * 64, False)]
)
def test_tables(inner: str, *, good: bool) -> None:
    """A table's name is a word of letters, digits and a few marks."""
    assert isinstance(TABLE.read(Token(TokenKind.TABLE, f"<{inner}>", 1, 1)), str) is good


@pytest.mark.parametrize(
    ("inner", "good"), [("eth0", True), ("br-1.2@x", True), ("x" * 15, True), ("x" * 16, False), ("../x", False)]
)
def test_interfaces(inner: str, *, good: bool) -> None:
    """An interface's name has at most 15 letters and is no path."""
    assert isinstance(identifier("INTERFACE", "an interface", 15).read(word(inner)), str) is good


def test_host_names_may_be_quoted() -> None:
    """Both ways of writing a host name are known from the appliance."""
    assert HOST_NAME.read(word("lb1.lab.local")) == HOST_NAME.read(string("lb1.lab.local")) == "lb1.lab.local"
    assert isinstance(HOST_NAME.read(string("lb 1")), Flaw)


def test_a_secret_is_not_repeated() -> None:
    """What was written in place of a password does not stand in the message."""
    flaw = text("a password in quotes", secret=True).read(word("hunter2"))
    assert isinstance(flaw, Flaw)
    assert "hunter2" not in f"{flaw.message} {flaw.hint}"
