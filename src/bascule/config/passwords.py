"""Takes plain passwords and other secrets out of a text: they stand in it until it is kept, and never after."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from bascule.config.kinds.kept import is_mark, login, mark
from bascule.config.kinds.kind import Flaw
from bascule.config.kinds.mailbox import MAILBOX, MAILBOX_PASSWORD
from bascule.config.kinds.texts import NAME, text
from bascule.config.lexer import Token, TokenKind
from bascule.config.parser import parse
from bascule.config.sealing import Sealing
from bascule.config.syntax import Statement, tokens

_KEPT: Final = "set"
"""What stands in the place of a password that is kept elsewhere."""

_PASSWORD: Final = text("a password in quotes", secret=True)
_ABOUT: Final = re.compile(r"passw|pasw", re.IGNORECASE)
_TOLD: Final = re.compile(r"passw|pasw|web-?ho+k|com+unit", re.IGNORECASE)
"""Of what a comment speaks that may have a secret in it."""

_GLUED: Final = re.compile(r"(?i)(password)\W.*")
"""A word that goes on with the password itself: `password:secret`, `password=secret`."""
_SOUGHT: Final = re.compile(_TOLD.pattern.encode(), re.IGNORECASE)
_HOST: Final = re.compile(r"(?i)(?!password\W)[\w-]+(\.[\w-]+)+")
"""A host that is called so: `passwordreset.example.com`."""

_QUOTED: Final = re.compile(r'"[^"]*"?')
_ENDS: Final = frozenset({TokenKind.SEMICOLON, TokenKind.OPEN, TokenKind.CLOSE, TokenKind.END})
_STRINGS: Final = frozenset({TokenKind.STRING, TokenKind.WRONG})
_BEHIND: Final = 4
"""Words of `login "USER" password "…"`."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A text without plain passwords."""

    text: str
    passwords: Mapping[str, str]
    """The password of each user whose statement could be read; the last that was written counts."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Passwords of logins, addresses of webhooks and communities of SNMP, by the labels that stand in the text for them."""

    def __repr__(self) -> str:
        """Return nothing that is a secret."""
        return f"Sealed({len(self.passwords)} passwords, {len(self.secrets)} other secrets)"


def concerns(text: bytes) -> bool:
    """Tell whether a text may have secrets in it."""
    return _SOUGHT.search(text) is not None


def sealed(text: str, named: Callable[[str], str] | None = None) -> Sealed:
    """Return a text with `password set` for every plain password, and what they were; all else stays as it is.

    `named` returns the label of the password of a login, an address of a webhook, or a community of SNMP. Without it, such
    passwords become `set`, and the others stay.
    Never raises. In a text with mistakes, whatever stands behind a word like `password` is taken for one, and in a comment
    that has such a word, whatever stands in quotes: such a text may be kept, and is read by others then.
    """
    tree = parse(text)
    sealing = None if named is None else Sealing(named)
    found = "".join(f"{token.before}{token.text}" for token in _without(tokens(tree), sealing))
    passwords: dict[str, str] = {}
    for user, statement in _statements(tree.statements, None):
        passwords |= _meant(user, statement)
    return Sealed(found, passwords, {} if sealing is None else sealing.secrets)


def _without(whole: Iterable[Token], sealing: Sealing | None) -> Iterator[Token]:
    """Yield the tokens of a text, with others in the place of secrets."""
    hiding, written, quoted_only = False, False, False
    logins = _Logins(sealing)
    for token in whole:
        if token.kind is TokenKind.COMMENT:
            yield _comment(token)
        elif (sealed_login := logins.read(token)) is not None:
            hiding = False
            yield sealed_login
        elif sealing is not None and (sealed_secret := sealing.read(token)) is not None:
            hiding = False
            yield sealed_secret
        elif token.kind in _ENDS:
            hiding = hiding and token.kind is TokenKind.OPEN and not written
            yield token
        elif token.kind is TokenKind.NEWLINE:
            hiding, quoted_only = hiding and not written and not quoted_only, True
            yield token
        elif token.kind is TokenKind.WORD and _ABOUT.search(token.text) and not _HOST.fullmatch(token.text):
            hiding, quoted_only, written = True, False, _GLUED.fullmatch(token.text) is not None
            yield replace(token, text=_GLUED.sub(rf"\1 {_KEPT}", token.text))
        elif not hiding or (quoted_only and token.kind not in _STRINGS):
            hiding = False
            yield token
        else:
            yield replace(token, before="" if written else token.before or " ", text="" if written else _KEPT)
            written = True


class _Logins:
    """Follows the words of a line to `login "USER" password "…"`: unlike a user's password it has words behind it."""

    def __init__(self, sealing: Sealing | None) -> None:
        self._sealing = sealing
        self._user: str | Flaw = ""
        self._place = 0
        """How many of `login`, its user, `password` and what stands behind that have been read."""

    def read(self, token: Token) -> Token | None:
        """Return what stands in the place of a token that belongs to a password, None for one that is not of a login."""
        if token.kind in {*_ENDS, TokenKind.NEWLINE}:
            self._place = 0
            return None
        if self._place == _BEHIND:  # a piece of a password with a quote of its own is hidden, too
            piece = token.kind in _STRINGS or not token.before
            return replace(token, text="") if piece else token
        if self._place == _BEHIND - 1:
            if token.kind is not TokenKind.STRING and token.text != _KEPT:
                self._place = 0
                return None
            self._place = _BEHIND
            return replace(token, before=token.before or " ", text=self._sealed(token))
        if self._place == 1:
            self._user = MAILBOX.read(token)
        fits = (token.text == "login", token.kind is TokenKind.STRING, token.text == "password")[self._place]
        self._place = self._place + 1 if fits else int(token.text == "login")
        return None

    def _sealed(self, token: Token) -> str:
        secret = MAILBOX_PASSWORD.read(token)
        if isinstance(secret, Flaw) or isinstance(self._user, Flaw) or not secret:
            return _KEPT
        if is_mark(secret):
            return token.text
        return _KEPT if self._sealing is None else f'"{mark(self._sealing.label(login(self._user, secret)))}"'


def _comment(token: Token) -> Token:
    return replace(token, text=_QUOTED.sub("…", token.text)) if _TOLD.search(token.text) else token


def _statements(statements: Iterable[Statement], user: Statement | None) -> Iterator[tuple[Statement | None, Statement]]:
    """Yield every statement with the `user` block that it stands in."""
    for statement in statements:
        yield user, statement
        if statement.block is not None:
            named = bool(statement.words) and statement.words[0].text == "user"
            yield from _statements(statement.block.statements, statement if named else user)


def _meant(user: Statement | None, statement: Statement) -> Mapping[str, str]:
    """Return whose password a statement writes, and which."""
    words = [*statement.words]
    if user is None or len(user.words) < 2 or len(words) < 2 or words[0].text != "password":  # noqa: PLR2004 - word and value
        return {}
    name, password = NAME.read(user.words[1]), _PASSWORD.read(words[1])
    return {} if isinstance(name, Flaw) or isinstance(password, Flaw) else {name: password}
