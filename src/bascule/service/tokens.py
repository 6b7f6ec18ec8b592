"""API tokens as they are asked for: what programs are known by, each with a role and a last day."""

from typing import Annotated, Final

import msgspec

from bascule.service.accounts import AccountName
from bascule.service.moment import Moment
from bascule.service.operation import Operation
from bascule.service.permissions import Permission, Role
from bascule.service.request import Request
from bascule.service.result import Result

PREFIX: Final = "bsc_"
"""Begins every token, so that programs that look for lost secrets find it."""

LONGEST_DAYS: Final = 730
"""Days that a token may last."""

USUAL_DAYS: Final = 90
MOST_TOKENS: Final = 50
"""Tokens of one account."""

TokenName = Annotated[str, msgspec.Meta(min_length=1, max_length=63)]


class TokenRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a token; not the token itself."""

    account: str
    name: str
    role: Role
    """What it may do, as long as its account may that, too."""
    since: Moment
    until: Moment
    used: Moment | None = None
    """When it was shown last, to the minute; None where it never was."""


class TokenRows(Result, frozen=True, kw_only=True, tag="tokens"):
    """Tokens, by account and name."""

    rows: tuple[TokenRow, ...]


class TokenMade(Result, frozen=True, kw_only=True, tag="token.made"):
    """A token, which is told this once."""

    token: str
    row: TokenRow

    def __repr__(self) -> str:
        """Return no secret."""
        return f"TokenMade(row={self.row!r})"


class TokenChanged(Result, frozen=True, kw_only=True, tag="token.changed"):
    """A token is as it was asked to be."""

    sentence: str


class ShowTokens(Request[TokenRows], frozen=True, kw_only=True, tag="show.tokens"):
    """Asks which tokens there are: one's own, or for an administrator all."""


class AddToken(Request[TokenMade], frozen=True, kw_only=True, tag="token.add"):
    """Asks for a token of one's own account; an administrator may name another."""

    account: AccountName
    name: TokenName
    role: Role
    """No more than the account's own."""
    days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_DAYS)] = USUAL_DAYS


class RemoveToken(Request[TokenChanged], frozen=True, kw_only=True, tag="token.remove"):
    """Asks to have a token be worth nothing."""

    account: AccountName
    name: TokenName


OPERATIONS: Final = (
    Operation(
        ShowTokens,
        Permission.VIEW,  # one's own: the service shows administrators alone all
        "list API tokens",
        rest="GET /tokens",
    ),
    Operation(
        AddToken,
        Permission.OWN,  # of one's own, which may do no more than oneself
        "make an API token",
        rest="POST /tokens",
        audit="made token {name} of account {account}: {role}, for {days} days",
    ),
    Operation(
        RemoveToken,
        Permission.OWN,  # likewise
        "take an API token away",
        rest="DELETE /accounts/{account}/tokens/{name}",
        audit="took token {name} of account {account} away",
    ),
)
