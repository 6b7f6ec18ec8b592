"""Accounts: made, changed and removed, by who may, or by a text that is committed; the last administrator stays."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from bascule.config.kinds.accounts import ACCOUNT
from bascule.config.kinds.kind import Flaw
from bascule.config.lexer import Token, TokenKind
from bascule.config.load import load
from bascule.config.model import Configuration, User
from bascule.config.passwords import concerns, sealed
from bascule.service.accounts import (
    AccountChanged,
    AccountRow,
    AccountRows,
    AddAccount,
    ChangePassword,
    ChangeRole,
    RemoveAccount,
)
from bascule.service.failures import Conflict, Forbidden, NotFound, OperationFailed
from bascule.service.local.outward.lacking import lacking
from bascule.service.local.passwords import Passwords, weakness
from bascule.service.permissions import ALLOWED, Permission, Role
from bascule.service.request import Context
from bascule.store.accounts import Account, Accounts
from bascule.store.secrets import Secrets

MOST_PROPOSED: Final = 100
"""Accounts to be for which one text may bring passwords: to hash each takes a good part of a second, and 64 MB."""

_UNREADABLE: Final = "surrogateescape"


class AccountBook:
    """Whoever may do something. Every method may raise OperationFailed and MachineError."""

    def __init__(
        self,
        accounts: Accounts,
        passwords: Passwords,
        *,
        now: Callable[[], datetime],
        secrets: Secrets | None = None,
    ) -> None:
        self._secrets = secrets
        self._accounts = accounts
        self._passwords = passwords
        self._now = now
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """Have nobody change an account meanwhile."""
        async with self._one_at_a_time:
            yield

    async def rows(self) -> AccountRows:
        """Return everybody, by name."""
        found = await asyncio.to_thread(self._accounts.every)
        return AccountRows(rows=tuple(_row(account) for account in found))

    async def add(self, request: AddAccount) -> AccountChanged:
        """Make an account."""
        async with self._one_at_a_time:
            if isinstance(flaw := ACCOUNT.read(Token(TokenKind.STRING, f'"{request.name}"', 1, 1)), Flaw):
                raise OperationFailed(Conflict(message=flaw.message))
            if await asyncio.to_thread(self._accounts.account, request.name) is not None:
                raise OperationFailed(Conflict(message=f"there is an account {request.name} already"))
            password = "" if request.password is None else await self._hashed(request.name, request.password)
            await self._keep(Account(name=request.name, role=request.role, password=password, since=self._now()))
            opened = "" if password else ", without a password: for the Unix user of that name"
            return AccountChanged(sentence=f"{request.name} is {_a(request.role)} now{opened}")

    async def change_role(self, request: ChangeRole) -> AccountChanged:
        """Have an account be something else."""
        async with self._one_at_a_time:
            account = await self._known(request.name)
            if request.role is not Role.ADMINISTRATOR:
                await self._not_the_last(account, "demoted")
            await self._keep(replace(account, role=request.role))
            return AccountChanged(sentence=f"{request.name} is {_a(request.role)} now")

    async def change_password(self, request: ChangePassword, context: Context) -> AccountChanged:
        """Give an account another password: one's own with the old one, others' as an administrator.

        An administrator on the machine itself needs no old one either; in a browser somebody else may have sat down.
        """
        async with self._one_at_a_time:
            if context.role is not Role.ADMINISTRATOR or (context.token and context.user == request.name):
                await self._prove(request, context)
            account = await self._known(request.name)
            await self._keep(replace(account, password=await self._hashed(request.name, request.password)))
            return AccountChanged(sentence=f"{request.name} has a new password")

    async def remove(self, request: RemoveAccount) -> AccountChanged:
        """Take an account away."""
        async with self._one_at_a_time:
            await self._not_the_last(await self._known(request.name), "removed")
            await asyncio.to_thread(self._accounts.drop, request.name)
            return AccountChanged(sentence=f"{request.name} has no account any more")

    async def known(self, name: str) -> Account | None:
        """Return the account of that name, with the hash of its password; None where nobody has it."""
        return await asyncio.to_thread(self._accounts.account, name)

    async def set_up(self, name: str, password: str) -> Account:
        """Make an administrator with a password, or of an account one; whoever asks has proved that he may."""
        async with self._one_at_a_time:
            if isinstance(flaw := ACCOUNT.read(Token(TokenKind.STRING, f'"{name}"', 1, 1)), Flaw):
                raise OperationFailed(Conflict(message=flaw.message))
            hashed = await self._hashed(name, password)
            account = Account(name=name, role=Role.ADMINISTRATOR, password=hashed, since=self._now())
            await self._keep(account)
            return account

    async def sealed(self, text: bytes, author: str) -> bytes:
        """Return a text without plain passwords, whose hashes are kept for the accounts that will come of it.

        Passwords of logins, addresses of webhooks and communities are kept by labels, for those who send them where the
        text runs. What is no UTF-8 goes through as it is.
        """
        if not concerns(text):
            return text
        kept_here = self._secrets
        named = None if kept_here is None else kept_here.label
        found = await asyncio.to_thread(sealed, text.decode(errors=_UNREADABLE), named)
        if kept_here is not None and found.secrets:
            await asyncio.to_thread(kept_here.keep, found.secrets)
        known = {account.name for account in await asyncio.to_thread(self._accounts.every)} if found.passwords else set()
        new = {name: password for name, password in found.passwords.items() if name not in known}
        if len(new) > MOST_PROPOSED:
            words = f"the text has passwords for {len(new)} new accounts: {MOST_PROPOSED} at once are enough"
            raise OperationFailed(Conflict(message=words))
        for name, password in new.items():
            kept = await asyncio.to_thread(self._passwords.hashed, password)
            await asyncio.to_thread(self._accounts.propose, author, name, kept)
        return found.text.encode(errors=_UNREADABLE)

    def lacking(self, configuration: Configuration) -> Sequence[str]:
        """Return which secrets of a sealed text nobody has kept here."""
        secret = (lambda _: "") if self._secrets is None else self._secrets.secret
        return lacking(configuration, secret)

    async def settle(self, before: bytes, text: bytes, author: str) -> Sequence[str]:
        """Make the accounts that a text has and the one before had not, and return a sentence for each."""
        users = await asyncio.to_thread(_users, text)
        known = {user.name for user in await asyncio.to_thread(_users, before)} if users else set()
        told = []
        async with self._one_at_a_time:
            for user in users:
                if user.name in known or await asyncio.to_thread(self._accounts.account, user.name) is not None:
                    continue
                role = Role(user.role or Role.VIEWER)
                password = await asyncio.to_thread(self._accounts.proposed, author, user.name)
                await self._keep(Account(name=user.name, role=role, password=password, since=self._now()))
                await asyncio.to_thread(self._accounts.settle, user.name)
                opened = "" if password else f"; `bascule account password {user.name}` gives it a password"
                told.append(f"{user.name} has an account now, as {_a(role)}{opened}")
        return told

    async def require_known(self, users: Sequence[User], role: Role, by: str) -> None:
        """Raise OperationFailed where a text would make an account and its author may not, even by another's commit."""
        if Permission.ADMINISTER in ALLOWED[role]:
            return
        for user in users:
            if await asyncio.to_thread(self._accounts.account, user.name) is None:
                words = f"the text has a user {user.name}, who has no account: {by} is {role} and may make none"
                raise OperationFailed(Forbidden(message=words))

    async def doubts(self, users: Sequence[User]) -> Sequence[str]:
        """Return where a text says of an account what is not so: it only documents what there is."""
        told = []
        for user in users:
            account = await asyncio.to_thread(self._accounts.account, user.name)
            if account is not None and user.role and user.role != account.role:
                words = f"the text says that {user.name} is {_a(Role(user.role))}: the account is {_a(Role(account.role))}"
                told.append(f"{words}, and stays so (`bascule account role` changes it)")
        return told

    async def _prove(self, request: ChangePassword, context: Context) -> None:
        if request.name != context.user:
            words = f"{context.user} may not change the password of {request.name}"
            raise OperationFailed(Forbidden(message=words))
        account = await self._known(request.name)
        fits = await asyncio.to_thread(self._passwords.fits, account.password, request.old or "")
        if account.password and not fits:
            raise OperationFailed(Forbidden(message="the old password is not the one"))

    async def _hashed(self, name: str, password: str) -> str:
        weak = weakness(name, password)
        if weak:
            raise OperationFailed(Conflict(message=weak))
        return await asyncio.to_thread(self._passwords.hashed, password)

    async def _known(self, name: str) -> Account:
        account = await asyncio.to_thread(self._accounts.account, name)
        if account is None:
            raise OperationFailed(NotFound(message=f"there is no account {name}"))
        return account

    async def _not_the_last(self, account: Account, how: str) -> None:
        everyone = await asyncio.to_thread(self._accounts.every)
        others = [each for each in everyone if each.role == Role.ADMINISTRATOR and each.name != account.name]
        if account.role == Role.ADMINISTRATOR and not others:
            words = f"{account.name} is the last administrator and cannot be {how}: make another one first"
            raise OperationFailed(Conflict(message=words))

    async def _keep(self, account: Account) -> None:
        await asyncio.to_thread(self._accounts.keep, account)


def _users(text: bytes) -> Sequence[User]:
    if b"user" not in text:
        return ()
    configuration = load(text).configuration
    return () if configuration is None else configuration.system.users


def _a(role: Role) -> str:
    return f"{'a' if role is Role.VIEWER else 'an'} {role}"


def _row(account: Account) -> AccountRow:
    return AccountRow(name=account.name, role=Role(account.role), password=bool(account.password), since=account.since)
