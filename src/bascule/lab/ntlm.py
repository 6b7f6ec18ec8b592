"""A login that belongs to a connection, as NTLM's does: whoever splits a client's requests over connections breaks it.

The three messages are NTLM's, so that its clients (curl's, for one) know what to say. But no password is proven here: any
answer to the connection's own challenge is believed. Source: [MS-NLMP] 2.2.1.
"""

import secrets
from base64 import b64decode, b64encode
from binascii import Error
from struct import Struct
from typing import Final

CHALLENGES: Final = ("WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM")
"""The headers that ask for a login."""

_SIGNATURE: Final = b"NTLMSSP\0"
_KIND: Final = Struct("<8sI")
_NEGOTIATE, _AUTHENTICATE = 1, 3
_CHALLENGE: Final = Struct("<8sIHHII8s8sHHI")
_FLAGS: Final = 0x00888201
"""Unicode, NTLM, always sign, extended session security, target information."""


class Login:
    """How far one connection's login has come."""

    def __init__(self) -> None:
        self._challenged = False
        self.done = False

    def answer(self, authorization: str) -> tuple[str, ...]:
        """Take a request's `Authorization`; return the headers of a 401, or none where the connection is logged in."""
        if self.done:
            return ()
        kind = _kind(authorization)
        if kind == _AUTHENTICATE and self._challenged:
            self.done = True
            return ()
        self._challenged = kind == _NEGOTIATE
        return (f"WWW-Authenticate: NTLM {_challenge()}",) if self._challenged else CHALLENGES


def _kind(authorization: str) -> int:
    """Return the number of the message in a header; 0 where there is none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.upper() != "NTLM":
        return 0
    try:
        signature, kind = _KIND.unpack_from(b64decode(encoded, validate=True).ljust(_KIND.size, b"\0"))
    except Error:
        return 0
    return int(kind) if signature == _SIGNATURE else 0


def _challenge() -> str:
    end = _CHALLENGE.size
    head = _CHALLENGE.pack(_SIGNATURE, 2, 0, 0, end, _FLAGS, secrets.token_bytes(8), bytes(8), 4, 4, end)
    return b64encode(head + bytes(4)).decode("ascii")  # target information of nothing but its end
