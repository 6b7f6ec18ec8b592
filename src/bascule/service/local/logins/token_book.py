"""What programs are known by: tokens of accounts, of which hashes are kept, each with a role and a last day."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from bascule.config.kinds.kind import Flaw
from bascule.config.kinds.texts import NAME
from bascule.config.lexer import Token, TokenKind
from bascule.service.failures import Conflict, Forbidden, NotFound, OperationFailed
from bascule.service.local.account_book import AccountBook
from bascule.service.logins import Bearer, Login
from bascule.service.permissions import ALLOWED, ROLES, Permission, Role
from bascule.service.request import Context
from bascule.service.server import Borne
from bascule.service.tokens import MOST_TOKENS, PREFIX, AddToken, RemoveToken, TokenChanged, TokenMade, TokenRow, TokenRows
from bascule.store.tokens import KeptToken, Tokens

_NOTED_EVERY: Final = timedelta(minutes=1)
"""How exactly it is known when a token was used last: programs may ask many times a second."""


def lower(one: Role, other: Role) -> Role:
    """Return the role that may less."""
    return max(one, other, key=ROLES.index)


class TokenBook:
    """The tokens of all accounts. Every method may raise OperationFailed and MachineError."""

    def __init__(
        self,
        tokens: Tokens,
        accounts: AccountBook,
        *,
        now: Callable[[], datetime],
        secret: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        self._tokens = tokens
        self._accounts = accounts
        self._now = now
        self._secret = secret
        self._one_at_a_time = asyncio.Lock()

    async def rows(self, context: Context) -> TokenRows:
        """Return one's own, and for an administrator all."""
        if Permission.ADMINISTER in ALLOWED[context.role]:
            found = await asyncio.to_thread(self._tokens.every)
        else:
            found = await asyncio.to_thread(self._tokens.of, context.user)
        return TokenRows(rows=tuple(_row(each) for each in found))

    async def add(self, request: AddToken, context: Context) -> TokenMade:
        """Make one, and tell it."""
        _require_own(request.account, context)
        if context.program:
            raise OperationFailed(Forbidden(message="a token makes no other: it would outlive its own last day"))
        if isinstance(flaw := NAME.read(Token(TokenKind.STRING, f'"{request.name}"', 1, 1)), Flaw):
            raise OperationFailed(Conflict(message=flaw.message))
        account = await self._accounts.known(request.account)
        if account is None:
            words = f"there is no account {request.account}, and a token belongs to one (--account NAME says which)"
            raise OperationFailed(NotFound(message=words))
        if lower(Role(account.role), request.role) is not request.role:
            words = f"{account.name} is {account.role}, and a token may do no more than its account"
            raise OperationFailed(Forbidden(message=words))
        token, now = f"{PREFIX}{self._secret()}", self._now()
        kept = KeptToken(
            account=account.name,
            name=request.name,
            digest=_digest(token),
            role=request.role,
            since=now,
            until=now + timedelta(days=request.days),
        )
        async with self._one_at_a_time:
            if len(await asyncio.to_thread(self._tokens.of, account.name)) >= MOST_TOKENS:
                raise OperationFailed(Conflict(message=f"{account.name} has {MOST_TOKENS} tokens: remove one first"))
            if not await asyncio.to_thread(self._tokens.keep, kept):
                raise OperationFailed(Conflict(message=f"{account.name} has a token {request.name} already"))
        return TokenMade(token=token, row=_row(kept))

    async def remove(self, request: RemoveToken, context: Context) -> TokenChanged:
        """Take one away; a token takes itself alone away, unless it is an administrator's."""
        _require_own(request.account, context)
        if context.program not in {"", request.name} and Permission.ADMINISTER not in ALLOWED[context.role]:
            raise OperationFailed(Forbidden(message="a token takes none away but itself: log in"))
        if not await asyncio.to_thread(self._tokens.drop, request.account, request.name):
            raise OperationFailed(NotFound(message=f"{request.account} has no token {request.name}"))
        return TokenChanged(sentence=f"token {request.name} of {request.account} is worth nothing any more")

    async def borne(self, bearer: Bearer) -> Borne | None:
        """Return whom a token stands for; None where it is worth nothing."""
        digest, now = _digest(bearer.token), self._now()
        kept = await asyncio.to_thread(self._tokens.found, digest)
        account = None if kept is None else await self._accounts.known(kept.account)
        if kept is None or account is None or now >= kept.until:
            return None
        if kept.used is None or now - kept.used >= _NOTED_EVERY:
            await asyncio.to_thread(self._tokens.use, digest, now)
        login = Login(name=account.name, role=lower(Role(account.role), Role(kept.role)), until=kept.until)
        return Borne(login=login, token=bearer.token, source=bearer.source, program=kept.name)


def _require_own(account: str, context: Context) -> None:
    if account != context.user and Permission.ADMINISTER not in ALLOWED[context.role]:
        words = f"{context.user} is {context.role}, and {account}'s tokens are not his"
        raise OperationFailed(Forbidden(message=words))


def _digest(token: str) -> bytes:
    """Return what a token is kept as, and found by: 256 random bits need no slow hash."""
    return sha256(token.encode()).digest()


def _row(kept: KeptToken) -> TokenRow:
    return TokenRow(
        account=kept.account,
        name=kept.name,
        role=Role(kept.role),
        since=kept.since,
        until=kept.until,
        used=kept.used,
    )
