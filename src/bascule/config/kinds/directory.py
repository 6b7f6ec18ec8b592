"""Names in a directory: distinguished names (RFC 4514), and patterns of them."""

import re
from typing import Final

from bascule.config.kinds.kind import Flaw, Kind
from bascule.config.kinds.texts import text
from bascule.config.lexer import Token
from bascule.config.wording import quoted

LONGEST: Final = 1_000
"""Characters."""

NAME_HERE: Final = "{name}"

_TYPE: Final = r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*)"
_VALUE: Final = r'(?:[^\\,+"<>;\x00-\x1f]|\\[^\x00-\x1f])+'
_PAIR: Final = rf"\s*{_TYPE}\s*=\s*{_VALUE}"
_NAME: Final = re.compile(rf"{_PAIR}(?:[,+]{_PAIR})*")
_TEXT: Final = text("a distinguished name in quotes", empty=False)


def _distinguished(token: Token) -> str | Flaw:
    content = _TEXT.read(token)
    if isinstance(content, Flaw):
        return content
    if len(content) > LONGEST:
        return Flaw(f"the distinguished name is longer than {LONGEST} characters")
    if not content.isprintable() or not _NAME.fullmatch(content):
        return Flaw(f"{quoted(token.text)} is no distinguished name", 'such as "CN=Admins,OU=Groups,DC=example,DC=com"')
    return content


DISTINGUISHED: Final = Kind(name='"DN"', what="a distinguished name in quotes", read=_distinguished)


def _entry(token: Token) -> str | Flaw:
    content = _distinguished(token)
    if isinstance(content, Flaw):
        return content
    if content.count(NAME_HERE) != 1:
        what = f"{quoted(token.text)} does not have {NAME_HERE} once, where the user's name stands"
        return Flaw(what, 'such as "uid={name},ou=people,dc=example,dc=com"')
    return content


ENTRY: Final = Kind(name='"DN"', what="the distinguished name of a user in quotes, with {name} for his own", read=_entry)
