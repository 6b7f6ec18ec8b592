"""Accounts as they are asked for: who there is, who comes and goes, and what each may do."""

from typing import Annotated, Final, TypeAlias

import msgspec

from bascule.service.moment import Moment
from bascule.service.operation import Operation
from bascule.service.permissions import Permission, Role
from bascule.service.request import Request
from bascule.service.result import Result

LONGEST_PASSWORD: Final = 256
"""Characters."""

AccountName: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=63)]
Password: TypeAlias = Annotated[str, msgspec.Meta(max_length=LONGEST_PASSWORD)]


class AccountRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who has an account."""

    name: str
    role: Role
    password: bool
    """Whether a password opens the pages for him."""
    since: Moment
    totp: bool = False
    """Whether a login needs a code, too."""
    recovery_codes: int = 0
    """How many are left."""


class GroupRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of a directory whose members may log in to the pages without an account."""

    name: str
    """Its distinguished name."""
    role: Role


class AccountRows(Result, frozen=True, kw_only=True, tag="accounts"):
    """Who has an account, by name."""

    rows: tuple[AccountRow, ...]
    groups: tuple[GroupRow, ...] = ()
    """Of the directory that the running configuration names, in its order."""


class AccountChanged(Result, frozen=True, kw_only=True, tag="account.changed"):
    """An account is as it was asked to be."""

    sentence: str


class _Request(Request[AccountChanged], frozen=True, kw_only=True):
    """Something about one account; what is a secret of it shows nowhere."""

    name: AccountName

    def __repr__(self) -> str:
        """Return what it is about, and no password."""
        return f"{type(self).__name__}(name={self.name!r})"


class ShowAccounts(Request[AccountRows], frozen=True, kw_only=True, tag="show.accounts"):
    """Asks who has an account."""


class AddAccount(_Request, frozen=True, kw_only=True, tag="account.add"):
    """Asks for a new account."""

    role: Role
    password: Password | None = None
    """None opens no page: the account is for the Unix user of its name."""


class ChangeRole(_Request, frozen=True, kw_only=True, tag="account.role"):
    """Asks to have an account be something else."""

    role: Role


class ChangePassword(_Request, frozen=True, kw_only=True, tag="account.password"):
    """Asks to give an account another password; anybody may do that for his own."""

    password: Password
    old: Password | None = None
    """Of one's own account; an administrator needs none."""


class RemoveAccount(_Request, frozen=True, kw_only=True, tag="account.remove"):
    """Asks to take an account away."""


class EndLogins(_Request, frozen=True, kw_only=True, tag="account.logout"):
    """Asks to log somebody out of the pages, wherever he is; anybody may do that for himself."""


OPERATIONS: Final = (
    Operation(ShowAccounts, Permission.VIEW, "list who may do what", rest="GET /accounts"),
    Operation(
        AddAccount, Permission.ADMINISTER, "make an account", rest="POST /accounts", audit="made account {name}: {role}"
    ),
    Operation(
        ChangeRole,
        Permission.ADMINISTER,
        "change what an account may do",
        rest="PUT /accounts/{name}/role",
        audit="changed the role of account {name}: {role}",
    ),
    Operation(
        ChangePassword,
        Permission.OWN,  # of one's own account: the service lets administrators alone change others'
        "change an account's password",
        rest="PUT /accounts/{name}/password",
        audit="changed the password of account {name}",
    ),
    Operation(
        RemoveAccount,
        Permission.ADMINISTER,
        "remove an account",
        rest="DELETE /accounts/{name}",
        audit="removed account {name}",
    ),
    Operation(
        EndLogins,
        Permission.OWN,  # of one's own: the service lets administrators alone end others'
        "log an account out of the pages everywhere",
        rest="DELETE /accounts/{name}/logins",
        audit="logged {name} out everywhere",
    ),
)
