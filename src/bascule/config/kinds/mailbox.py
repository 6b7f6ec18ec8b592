"""Who logs in to a test mailbox, and with what."""

from typing import Final

from bascule.config.kinds.kind import Flaw, Kind
from bascule.config.kinds.texts import text
from bascule.config.lexer import Token, TokenKind

LONGEST: Final = 256
"""Characters."""


def printable_text(what: str, *, secret: bool) -> Kind[str]:
    """Return the kind of texts of one line that may be sent as they are."""
    whole = text(what, secret=secret, empty=False)

    def read(token: Token) -> str | Flaw:
        said = whole.read(token)
        if isinstance(said, Flaw):
            return said
        if len(said) > LONGEST:
            return Flaw(f"expected {what}, found more than {LONGEST} characters")
        if not said.isprintable():
            return Flaw(
                f"expected {what}, found one with a control character"
            )  # it would end the command that it stands in
        return said

    return Kind(name='"TEXT"', what=what, read=read)


MAILBOX: Final = printable_text("the user of a test mailbox in quotes", secret=False)
_PASSWORD: Final = printable_text("a password in quotes, or `set`", secret=True)


def _password(token: Token) -> str | Flaw:
    """Read a password; empty for `set`, which stands where it is kept elsewhere."""
    return "" if token.kind is TokenKind.WORD and token.text == "set" else _PASSWORD.read(token)


MAILBOX_PASSWORD: Final = Kind(name='"TEXT"|set', what=_PASSWORD.what, read=_password)
