"""Values as people type them in a field, and as the language writes them."""

import re
from typing import Any, Final

from bascule.config.kinds.kind import Flaw, Kind
from bascule.config.lexer import Token, TokenKind, tokenize

_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_MEANT: Final = {"n": "\n", "r": "\r", "t": "\t"}
_UPPER: Final = frozenset(
    {"icmp", "tcp", "udp", "tls", "http", "https", "smtp", "imap", "pop3", "rpc", "ip", "ttl", "mtu", "dns", "dhcp"}
    | {"owa", "ecp", "ews", "mapi", "oab", "url", "starttls"}
)
_LABELS: Final = {"roundrobin": "Round robin", "loadbalance": "Load balance"}


def written(kind: Kind[Any], typed: str) -> str | Flaw:
    """Return the one word of the language that means what was typed, or why there is none.

    Quotes and angle brackets may be left out: what they hold cannot end the word that it becomes.
    """
    wanted = {'"': TokenKind.STRING, "<": TokenKind.TABLE}.get(kind.name[0], TokenKind.WORD)
    flaws: dict[TokenKind, Flaw] = {}
    for form, text in (
        (TokenKind.WORD, typed),
        (TokenKind.STRING, f'"{typed.translate(_ESCAPES)}"'),
        (TokenKind.TABLE, typed if typed[:1] == "<" else f"<{typed}>"),
    ):
        token = _whole(text, form)
        if token is None:
            continue
        value = kind.read(token)
        if not isinstance(value, Flaw):
            return text
        flaws[form] = value
    found = flaws.get(wanted) or Flaw(f"expected {kind.what}")
    return found if wanted is TokenKind.WORD else Flaw(found.message)


def shown(token: Token) -> str:
    """Return a word of the language as a field shows it: without its quotes or brackets."""
    if token.kind is TokenKind.STRING:
        return re.sub(r"\\(.)", lambda escape: _MEANT.get(escape[1], escape[1]), token.text[1:-1])
    return token.text[1:-1] if token.kind is TokenKind.TABLE else token.text


def label(word: str) -> str:
    """Return a keyword as a label has it: `source-hash` is Source hash, `ip ttl` is IP TTL."""
    if word in _LABELS:
        return _LABELS[word]
    parts = [part.upper() if part in _UPPER else part for part in word.strip('<>"').replace("-", " ").lower().split()]
    whole = " ".join(parts)
    return whole[:1].upper() + whole[1:]


def slug(word: str) -> str:
    """Return a word as a part of a field's name."""
    return re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")


def _whole(text: str, kind: TokenKind) -> Token | None:
    """Return a text as the one token that it is; None where it is another, or several."""
    wrong: list[Any] = []
    tokens = tokenize(text, wrong.append)
    if len(tokens) != 2 or wrong or tokens[0].kind is not kind or tokens[0].before or tokens[1].before:  # noqa: PLR2004 - it, and the end
        return None
    return tokens[0]
