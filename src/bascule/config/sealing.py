"""Takes addresses of webhooks, communities of SNMP and passwords of logins out of a text: labels stand there then. Pure."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from bascule.config.kinds.kept import COMMUNITY as KEPT_WITH
from bascule.config.kinds.kept import label, mark
from bascule.config.kinds.kind import Flaw
from bascule.config.kinds.outward import COMMUNITY, WEB_ADDRESS
from bascule.config.lexer import Token, TokenKind

_WEBHOOK: Final = re.compile(r"(?i)web-?ho+k[\w-]*(?![\w.-])")
_COMMUNITY: Final = re.compile(r"(?i)com+unit[\w-]*(?![\w.-])")
"""Not `community.example.com`, which is a host."""

_GLUED: Final = re.compile(r"(?i)([a-z-]+)\W.*")
"""A word that goes on with the secret itself: `community=public`."""

_AROUND: Final = "snmp"
"""A word behind which one of these is no name, in a text that lacks a brace."""

_STRINGS: Final = frozenset({TokenKind.STRING, TokenKind.WRONG})
_LINES: Final = frozenset({TokenKind.NEWLINE, TokenKind.OPEN})
_ENDS: Final = frozenset({TokenKind.SEMICOLON, TokenKind.CLOSE, TokenKind.END})
_NOTHING: Final = "set"
"""What stands for what could not be read."""


class Sealing:
    """Follows the tokens of a text; `named` returns the label under which a secret is kept, and is asked of each."""

    def __init__(self, named: Callable[[str], str]) -> None:
        self.secrets: dict[str, str] = {}
        """What was found, by its labels."""
        self._named = named
        self._word: re.Pattern[str] | None = None
        """What the statement begins with."""
        self._written = False
        self._quoted_only = False
        """Whether what is not quoted is no secret: it stands in the next line, or that word is the name of a zone."""
        self._last: Token | None = None

    def read(self, token: Token) -> Token | None:
        """Return what stands in the place of a token that belongs to a secret, None for one that does not."""
        last, self._last = self._last, token
        if token.kind in _ENDS or (token.kind in _LINES and self._written):
            self._word = None
        if token.kind in _LINES:
            self._quoted_only = True
        if token.kind in _ENDS | _LINES:
            return None
        if self._word is None:
            return self._begun(token, last)
        if (self._written and token.before and token.text == "login") or (self._quoted_only and token.kind not in _STRINGS):
            self._word = None
            return None
        if self._written:  # a piece of a secret that has a quote or a blank of its own
            return replace(token, before="", text="")
        self._written = True
        return replace(token, before=token.before or " ", text=self._sealed(token))

    def _begun(self, token: Token, last: Token | None) -> Token | None:
        """Return a word that goes on with the secret without it; None for any other."""
        words = (each for each in (_WEBHOOK, _COMMUNITY) if token.kind is TokenKind.WORD and each.match(token.text))
        name = last is not None and last.kind is TokenKind.WORD and last.text != _AROUND  # `pass in on community`
        self._word, self._written, self._quoted_only = next(words, None), False, name
        glued = None if self._word is None or name else _GLUED.fullmatch(token.text)
        if glued is None:
            return None
        self._written = True
        return replace(token, text=f"{glued[1]} {_NOTHING}")

    def _sealed(self, token: Token) -> str:
        value = (WEB_ADDRESS if self._word is _WEBHOOK else COMMUNITY).read(token)
        if isinstance(value, Flaw):
            return _NOTHING
        if label(value):
            return token.text
        if self._word is _COMMUNITY:
            return f'"{mark(self.label(KEPT_WITH + value))}"'
        parts = urlsplit(value)
        if parts.path in {"", "/"} and not parts.query:  # what stands there is a machine's name, and no secret
            return token.text
        place = f"{parts.scheme}://{parts.netloc}"
        quotable = place.replace("\\", "\\\\").replace('"', '\\"')
        rest = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        return f'"{quotable}/{mark(self.label(place + rest))}"'

    def label(self, secret: str) -> str:
        """Return the label of a secret that was found."""
        known = next((each for each, kept in self.secrets.items() if kept == secret), None)
        new = self._named(secret) if known is None else known
        self.secrets[new] = secret
        return new
