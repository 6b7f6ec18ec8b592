"""The kinds of values that statements take: how each is written, what it means, and what to say when it is not one.

A kind reads one token. What it cannot read is a `Flaw`, never an exception.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from bascule.config.lexer import Token
from bascule.config.wording import listed, nearest, quoted

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a token is not a value of its kind."""

    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[T]):
    """A kind of value."""

    name: str
    """As the manual writes it: `ADDRESS`."""
    what: str
    """As messages say it: "an IPv4 or IPv6 address"."""
    read: Callable[[Token], T | Flaw]
    words: Mapping[str, str | None] | None = None
    """The words it may be, each with the version that brings it, None where it is there already; None where any will do."""
    meant: Callable[[Token], bool] | None = None
    """Whether a token is meant to be one, where it may be left out and another word may follow; None where any other is."""


def expected(what: str, token: Token) -> Flaw:
    """Return the flaw of a token that is something else altogether."""
    return Flaw(f"expected {what}, found {quoted(token.text)}")


def choice(name: str, words: Mapping[str, str | None], what: str = "") -> Kind[str]:
    """Return the kind of a few known words, each with the version that brings it, None where it is there already."""
    known = tuple(word for word, since in words.items() if since is None)

    def read(token: Token) -> str | Flaw:
        if token.text in known:
            return token.text
        near = nearest(token.text, known)
        return Flaw(
            expected(what or listed(known), token).message,
            f"did you mean `{near}`?" if near else f"one of {', '.join(known)}",
        )

    return Kind(name=name, what=what or listed(known), read=read, words=words)
