"""RPC services, by the names that Exchange's have or by their UUID."""

from typing import Final

from bascule.config.kinds.kind import Flaw, Kind, expected
from bascule.config.lexer import Token, TokenKind
from bascule.config.wording import nearest, quoted
from bascule.dcerpc.interfaces import SERVICES, interface

_WHAT: Final = '"emsmdb", "nspi" or the UUID of an RPC interface in quotes'


def _service(token: Token) -> str | Flaw:
    """Return the name of one of Exchange's services, also where the text has its UUID; of others UUID and version."""
    if token.kind is not TokenKind.STRING:
        return Flaw(expected(_WHAT, token).message, f'write "{token.text}"')
    name = token.text[1:-1].lower()
    found = interface(name)
    if found is not None:
        return next((known for known, syntax in SERVICES.items() if syntax == found), str(found))
    near = nearest(name, list(SERVICES))
    hint = f'did you mean "{near}"?' if near else 'such as "12345778-1234-abcd-ef00-0123456789ac v1.0"'
    return Flaw(f"{quoted(token.text)} is no RPC service", hint)


def _meant(token: Token) -> bool:
    return token.kind is TokenKind.STRING or token.text.lower() in SERVICES


SERVICE: Final = Kind(name='"SERVICE"', what=_WHAT, read=_service, meant=_meant)
