"""Names of accounts."""

from typing import Final

from bascule.config.directory import SUFFIX
from bascule.config.kinds.kind import Flaw, Kind
from bascule.config.kinds.texts import NAME
from bascule.config.lexer import Token
from bascule.config.wording import quoted


def _account(token: Token) -> str | Flaw:
    name = NAME.read(token)
    if isinstance(name, Flaw) or not name.endswith(SUFFIX):
        return name
    return Flaw(f"{quoted(token.text)} ends with {SUFFIX}, as names of the directory's users do, and no account's")


ACCOUNT: Final = Kind(name=NAME.name, what=NAME.what, read=_account)
