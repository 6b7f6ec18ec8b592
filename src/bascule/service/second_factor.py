"""Second factors as they are asked for: codes of an app (TOTP, RFC 6238), which a login needs beside the password."""

from typing import Annotated, Final

import msgspec

from bascule.service.accounts import AccountName, Password
from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Request
from bascule.service.result import Result

LONGEST_CODE: Final = 32
"""Characters of a code, or of a recovery code."""

Code = Annotated[str, msgspec.Meta(max_length=LONGEST_CODE)]


class TotpOffered(Result, frozen=True, kw_only=True, tag="totp.offered"):
    """What an app is given; it counts once a code of it is shown."""

    secret: str
    """In base32."""
    uri: str
    """The same for a camera: `otpauth://totp/…`."""

    def __repr__(self) -> str:
        """Return no secret."""
        return "TotpOffered()"


class TotpOn(Result, frozen=True, kw_only=True, tag="totp.on"):
    """Logins need a code from now on."""

    recovery_codes: tuple[str, ...]
    """Each is good once in the place of a code; they are told this once."""

    def __repr__(self) -> str:
        """Return no secret."""
        return "TotpOn()"


class TotpOff(Result, frozen=True, kw_only=True, tag="totp.off"):
    """Logins need no code any more."""

    sentence: str


class BeginTotp(Request[TotpOffered], frozen=True, kw_only=True, tag="totp.begin"):
    """Asks for what makes the codes of one's own account; nothing changes until one is confirmed."""

    password: Password

    def __repr__(self) -> str:
        """Return no secret."""
        return "BeginTotp()"


class ConfirmTotp(Request[TotpOn], frozen=True, kw_only=True, tag="totp.confirm"):
    """Asks for codes from now on, and shows one."""

    code: Code

    def __repr__(self) -> str:
        """Return no secret."""
        return "ConfirmTotp()"


class EndTotp(Request[TotpOff], frozen=True, kw_only=True, tag="totp.end"):
    """Asks to need no code any more: of one's own account with the password, of others' as an administrator."""

    name: AccountName
    password: Password | None = None

    def __repr__(self) -> str:
        """Return what it is about, and no password."""
        return f"EndTotp(name={self.name!r})"


OPERATIONS: Final = (
    Operation(
        BeginTotp,
        Permission.OWN,  # of one's own account, with its password
        "offer your account a second factor",
        rest=None,
        audit="began to turn codes on",
    ),
    Operation(
        ConfirmTotp,
        Permission.OWN,  # likewise
        "have your logins need a code from now on",
        rest=None,
        audit="turned codes on",
    ),
    Operation(
        EndTotp,
        Permission.OWN,  # of one's own with the password: administrators alone may of others'
        "have an account's logins need no code any more",
        rest=None,
        audit="turned codes off for account {name}",
    ),
)
