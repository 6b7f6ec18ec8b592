"""Logins as the pages ask for them: who comes in by a password, who he is then, and the link that makes the first."""

from typing import Annotated, Final, TypeAlias

import msgspec

from bascule.service.accounts import LONGEST_PASSWORD, AccountName
from bascule.service.moment import Moment
from bascule.service.operation import Operation
from bascule.service.permissions import Permission, Role
from bascule.service.request import Request
from bascule.service.result import Result

LONGEST_TOKEN: Final = 256
"""Characters of what a browser or a program shows to be known."""

Token: TypeAlias = Annotated[str, msgspec.Meta(max_length=LONGEST_TOKEN)]
Source: TypeAlias = Annotated[str, msgspec.Meta(max_length=64)]
"""The address that somebody comes from, by the word of the web process."""


class Bearer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="operation", tag="bearer"):
    """Comes before a request of the web process: on whose behalf it is made. It is no operation by itself."""

    token: Token
    source: Source = ""
    looks_on: bool = False
    """It is asked by a page that follows what happens, not by whoever sits before it: he is not seen by that."""

    def __repr__(self) -> str:
        """Return no secret."""
        return f"Bearer(source={self.source!r})"


class Login(Result, frozen=True, kw_only=True, tag="login.row"):
    """Who somebody is who has logged in."""

    name: str
    role: Role
    until: Moment | None = None
    """When he must log in again; None of whoever came by the control socket."""
    pending_until: Moment | None = None
    """When a deployment is taken back that is not committed; None where there is none."""
    pending_by: str = ""


class LoggedIn(Result, frozen=True, kw_only=True, tag="logged.in"):
    """Somebody is known from now on by a token."""

    token: str
    name: str
    role: Role

    def __repr__(self) -> str:
        """Return no secret."""
        return f"LoggedIn(name={self.name!r}, role={self.role!r})"


class Left(Result, frozen=True, kw_only=True, tag="left"):
    """A token is worth nothing any more."""


class SetupLink(Result, frozen=True, kw_only=True, tag="setup.link.made"):
    """A link that makes an administrator, once."""

    path: str
    """What follows the admin server's address."""
    until: Moment
    places: tuple[str, ...] = ()
    """Where the admin server answers: `https://10.2.0.10:4433`."""

    def __repr__(self) -> str:
        """Return no secret."""
        return f"SetupLink(until={self.until!r})"


class LogIn(Request[LoggedIn], frozen=True, kw_only=True, tag="login"):
    """Asks to be known by a token, with a password."""

    name: AccountName
    password: Annotated[str, msgspec.Meta(max_length=LONGEST_PASSWORD)]
    code: Annotated[str, msgspec.Meta(max_length=32)] = ""
    """Of the second factor; empty where the account has none."""
    source: Source = ""

    def __repr__(self) -> str:
        """Return no secret."""
        return f"LogIn(name={self.name!r})"


class LogOut(Request[Left], frozen=True, kw_only=True, tag="logout"):
    """Asks to end the login that this is asked by."""


class ShowLogin(Request[Login], frozen=True, kw_only=True, tag="show.login"):
    """Asks who one is."""


class SetUp(Request[LoggedIn], frozen=True, kw_only=True, tag="setup"):
    """Asks for an administrator's account, with the key of a setup link."""

    key: Token
    name: AccountName
    password: Annotated[str, msgspec.Meta(max_length=LONGEST_PASSWORD)]
    source: Source = ""

    def __repr__(self) -> str:
        """Return no secret."""
        return f"SetUp(name={self.name!r})"


class MakeSetupLink(Request[SetupLink], frozen=True, kw_only=True, tag="setup.link"):
    """Asks for a link that makes an administrator; the one before is worth nothing any more."""


OPERATIONS: Final = (
    Operation(LogIn, Permission.ENTER, "log in to the pages", rest=None, audit="logged {name} in, from {source}"),
    Operation(LogOut, Permission.ENTER, "log out of the pages", rest=None, audit="logged out"),
    Operation(ShowLogin, Permission.ENTER, "say who one is", rest="GET /login"),
    Operation(
        SetUp,
        Permission.ENTER,
        "make an administrator by a setup link",
        rest=None,
        audit="made {name} an administrator by a setup link, from {source}",
    ),
    Operation(
        MakeSetupLink,
        Permission.ADMINISTER,
        "make a link that makes an administrator",
        rest="POST /accounts/setup-link",
        audit="made a setup link",
    ),
)
