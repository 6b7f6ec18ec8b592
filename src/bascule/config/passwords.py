"""Takes plain passwords out of a text: they stand in it until it is kept, and never after."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from bascule.config.kinds.kind import Flaw
from bascule.config.kinds.texts import NAME, text
from bascule.config.lexer import Token, TokenKind
from bascule.config.parser import parse
from bascule.config.syntax import Statement, tokens

_KEPT: Final = "set"
"""What stands in the place of a password that is kept elsewhere."""

_PASSWORD: Final = text("a password in quotes", secret=True)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A text without plain passwords."""

    text: str
    passwords: Mapping[str, str]
    """The password of each user whose name could be read; the last that was written counts."""

    def __repr__(self) -> str:
        """Return nothing that is a secret."""
        return f"Sealed({len(self.passwords)} passwords)"


def sealed(text: str) -> Sealed:
    """Return a text with `password set` for every plain password, and what they were; all else stays as it is.

    Never raises. Only accounts have passwords in the language: the word begins no other statement.
    """
    tree = parse(text)
    found: dict[Token, str] = {}
    passwords: dict[str, str] = {}
    for user, statement in _statements(tree.statements, None):
        plain = _plain(statement)
        if plain is not None:
            found |= {plain: _KEPT, **dict.fromkeys(_clinging(statement.words[2:]), "")}
            passwords |= _meant(user, plain)
    if not found:
        return Sealed(text, {})
    kept = (replace(token, text=found.get(token, token.text)) for token in tokens(tree))
    return Sealed("".join(f"{token.before}{token.text}" for token in kept), passwords)


def _statements(statements: Iterable[Statement], user: Statement | None) -> Iterator[tuple[Statement | None, Statement]]:
    """Yield every statement with the `user` block that it stands in; blocks that are not closed may hide which."""
    for statement in statements:
        yield user, statement
        if statement.block is not None:
            named = bool(statement.words) and statement.words[0].text == "user"
            yield from _statements(statement.block.statements, statement if named else user)


def _plain(statement: Statement) -> Token | None:
    """Return the token that is a plain password; one that is not in quotes is none yet, and is a secret all the same."""
    if len(statement.words) < 2 or statement.words[0].text != "password":  # noqa: PLR2004 - the word, and what it says
        return None
    token = statement.words[1]
    return None if token.kind is TokenKind.WORD and token.text == _KEPT else token


def _clinging(words: Sequence[Token]) -> Iterator[Token]:
    """Yield what follows a password without a blank: where a quotation mark is one too many, it is the rest of it."""
    return takewhile(lambda token: not token.before, words)


def _meant(user: Statement | None, plain: Token) -> Mapping[str, str]:
    name = NAME.read(user.words[1]) if user is not None and len(user.words) > 1 else Flaw("")
    password = _PASSWORD.read(plain)
    return {} if isinstance(name, Flaw) or isinstance(password, Flaw) else {name: password}
