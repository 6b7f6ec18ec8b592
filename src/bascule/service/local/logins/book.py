"""Lets people in by their passwords and codes, and knows them by their tokens."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from bascule.directory.names import normal, shown
from bascule.service.accounts import AccountChanged, EndLogins
from bascule.service.failures import Busy, Conflict, Forbidden, NotFound, OperationFailed
from bascule.service.local.account_book import AccountBook
from bascule.service.local.logins.backoff import Backoff
from bascule.service.local.logins.codes import Codes
from bascule.service.local.logins.directory import DirectoryLogins
from bascule.service.local.logins.proving import Proving
from bascule.service.local.logins.sessions import Session, Sessions
from bascule.service.local.logins.setup_key import LASTS, SetupKey
from bascule.service.local.logins.token_book import TokenBook
from bascule.service.local.passwords import Passwords
from bascule.service.local.words import counted
from bascule.service.logins import Bearer, LoggedIn, LogIn, Login, SetUp, SetupLink
from bascule.service.permissions import ALLOWED, Permission, Role
from bascule.service.request import Context
from bascule.service.second_factor import BeginTotp, ConfirmTotp, EndTotp, TotpOff, TotpOffered, TotpOn
from bascule.service.server import Borne
from bascule.service.tokens import PREFIX
from bascule.store.accounts import Account

_WRONG: Final = "name, password or code is not right"


class LoginBook:
    """Whoever has logged in to the pages of one parent. Every method may raise OperationFailed and MachineError."""

    def __init__(
        self,
        accounts: AccountBook,
        passwords: Passwords,
        clock: Callable[[], float],
        *,
        codes: Codes,
        tokens: TokenBook,
        now: Callable[[], datetime],
        directory: DirectoryLogins | None = None,
    ) -> None:
        """`directory` lets in who has no account; None lets in nobody."""
        self.codes = codes
        self.tokens = tokens
        self._accounts = accounts
        self._now = now
        self._directory = directory
        self._proving = Proving(passwords)
        self._sessions = Sessions(clock)
        self._backoff = Backoff(clock)
        self._setup_key = SetupKey(clock)
        self._one_at_a_time = asyncio.Lock()
        """Holds from looking at a key to spending it."""

    async def log_in(self, request: LogIn) -> LoggedIn:
        """Let somebody in whose password is right, and whose code where he needs one."""
        self._require_patience(request.source, request.name)
        account = await self._accounts.known(request.name)
        if account is None and self._directory is not None and self._directory.there:
            return await self._log_in_by(self._directory, request)
        if not await self._proving.fits(account, request.password, request.source):
            self._backoff.failed(request.source, request.name)
            raise OperationFailed(Forbidden(message=_WRONG))
        assert account is not None, "nobody's password fits nothing"
        if not await self.codes.fit(account.name, request.code):
            self._backoff.failed_code(request.source, request.name)
            raise OperationFailed(Forbidden(message=_WRONG))
        self._backoff.succeeded(request.source, request.name)
        return self._opened(account)

    async def _log_in_by(self, directory: DirectoryLogins, request: LogIn) -> LoggedIn:
        """Let somebody in whom a directory knows; he has no account by that."""
        spoken = shown(normal(request.name) or request.name)
        with self._counted(request.source, spoken):
            known = await directory.known(request.name, request.password, request.source)
            if known is None or await self._accounts.known(known.name) is not None:
                raise OperationFailed(Forbidden(message=_WRONG))
        self._backoff.succeeded(request.source, spoken)
        token = self._sessions.open(known.name, "", known)
        return LoggedIn(token=token, name=known.name, role=known.role)

    async def set_up(self, request: SetUp) -> LoggedIn:
        """Let somebody in who has the key, as an administrator with the password that he chooses."""
        whose = f"a setup link, from {request.source}"
        if self._backoff.wait(request.source, whose):
            raise OperationFailed(Busy(message="too many wrong keys: try again later"))
        async with self._one_at_a_time:
            return await self._set_up(request, whose)

    async def _set_up(self, request: SetUp, whose: str) -> LoggedIn:
        if not self._setup_key.opens(request.key):
            self._backoff.failed(request.source, whose)
            words = "this link is not valid any more: `bascule account setup-link` on the machine prints another one"
            raise OperationFailed(Forbidden(message=words))
        account = await self._accounts.set_up(request.name, request.password)
        self._setup_key.spend(request.key)
        return self._opened(account)

    def setup_link(self, places: Sequence[str]) -> SetupLink:
        """Make a link."""
        until = self._now() + timedelta(seconds=LASTS)
        return SetupLink(path=f"/setup/{self._setup_key.make()}", until=until, places=tuple(places))

    async def borne(self, bearer: Bearer) -> Borne | None:
        """Return whom a token stands for; None where it is worth nothing, or his account is not what it was."""
        if bearer.token.startswith(PREFIX):
            return await self.tokens.borne(bearer)
        session = self._sessions.find(bearer.token, seen=not bearer.looks_on)
        if session is None:
            return None
        role = await self._role(session)
        if role is None:
            self._sessions.close(bearer.token)
            return None
        until = self._now() + timedelta(seconds=self._sessions.remaining(session))
        login = Login(name=session.name, role=role, until=until)
        return Borne(login=login, token=bearer.token, source=bearer.source)

    async def _role(self, session: Session) -> Role | None:
        """Return what somebody is who has logged in; None where what let him in is not what it was."""
        if session.known is not None:
            stands = self._directory is not None and self._directory.stands(session.known)
            return session.known.role if stands else None
        account = await self._accounts.known(session.name)
        return None if account is None or account.password != session.proof else Role(account.role)

    def leave(self, token: str) -> None:
        """Log somebody out."""
        self._sessions.close(token)

    def leave_everywhere(self, request: EndLogins, context: Context) -> AccountChanged:
        """Log somebody out wherever he is; whoever asks it of himself by the pages stays where he is.

        No token does, unless it is an administrator's.
        """
        _require_own(request.name, context)
        if context.program and Permission.ADMINISTER not in ALLOWED[context.role]:
            raise OperationFailed(Forbidden(message="a token logs nobody out: log in"))
        ended = self._sessions.close_all(request.name, but=context.token)
        return AccountChanged(sentence=f"{counted(ended, 'login')} of {request.name} ended")

    async def begin_totp(self, request: BeginTotp, context: Context, machine: str) -> TotpOffered:
        """Offer an account what makes its codes."""
        account = await self._own(context)
        if not account.password:
            words = f"{account.name} has no password, and so no login that a code could be asked at"
            raise OperationFailed(Conflict(message=words))
        with self.guarded(context):
            await self._require_password(account, request.password, context)
        return await self.codes.offer(account.name, machine)

    async def confirm_totp(self, request: ConfirmTotp, context: Context) -> TotpOn:
        """Have an account need codes; logins without one end, but the one that asks."""
        account = await self._own(context)
        on = await self.codes.confirm(account.name, request.code)
        self._sessions.close_all(account.name, but=context.token)
        return on

    async def end_totp(self, request: EndTotp, context: Context) -> TotpOff:
        """Have an account need no code: one's own by the password, others' as an administrator."""
        _require_own(request.name, context)
        if context.program:
            raise OperationFailed(Forbidden(message="a token takes off no second factor: log in"))
        if request.name == context.user and (context.token or context.role is not Role.ADMINISTRATOR):
            with self.guarded(context):
                await self._require_password(await self._own(context), request.password or "", context)
        if not await self.codes.end(request.name):
            raise OperationFailed(NotFound(message=f"{request.name} needs no code"))
        return TotpOff(sentence=f"{request.name} needs no code any more")

    async def require_proof(self, context: Context, password: str, code: str) -> None:
        """Have somebody who asks something grave by the pages prove again who he is; a token is never enough.

        Who asks on the machine itself is known by the kernel.
        """
        if context.program:
            raise OperationFailed(Forbidden(message="a token may not do that: log in"))
        if not context.token:
            return
        with self.guarded(context):
            account = await self._accounts.known(context.user)
            if account is None and self._directory is not None:
                if await self._directory.known(context.user, password, _source(context)) is None:
                    raise OperationFailed(Forbidden(message="the password is not the one"))
                return
            await self._require_password(await self._own(context), password, context)
            if not await self.codes.fit(context.user, code):
                raise OperationFailed(Forbidden(message="the code is not right, or was used already"))

    def end(self, names: Iterable[str]) -> None:
        """Log accounts out wherever they are."""
        for name in names:
            self._sessions.close_all(name)

    @contextmanager
    def guarded(self, context: Context) -> Iterator[None]:
        """Count what is refused inside as a guess at a password, and refuse all where there were too many."""
        with self._counted(_source(context), context.user):
            yield

    @contextmanager
    def _counted(self, source: str, name: str) -> Iterator[None]:
        self._require_patience(source, name)
        try:
            yield
        except OperationFailed as failed:
            if isinstance(failed.failure, Forbidden):
                self._backoff.failed(source, name)
            raise

    def _require_patience(self, source: str, name: str) -> None:
        wait = self._backoff.wait(source, name)
        if wait:
            raise OperationFailed(Busy(message=f"too many wrong passwords or codes: try again in {ceil(wait)} s"))

    async def _require_password(self, account: Account, password: str, context: Context) -> None:
        if not await self._proving.fits(account, password, _source(context)):
            raise OperationFailed(Forbidden(message="the password is not the one"))

    async def _own(self, context: Context) -> Account:
        """Return the account of whoever asks; a token may not ask this."""
        if context.program:
            raise OperationFailed(Forbidden(message="a token changes no second factor: log in"))
        account = await self._accounts.known(context.user)
        if account is None:
            raise OperationFailed(NotFound(message=f"there is no account {context.user}"))
        return account

    def _opened(self, account: Account) -> LoggedIn:
        token = self._sessions.open(account.name, account.password)
        return LoggedIn(token=token, name=account.name, role=Role(account.role))


def _source(context: Context) -> str:
    """Return where somebody comes from; of this very machine, its users are as many places."""
    return context.source or f"uid {context.uid}"


def _require_own(name: str, context: Context) -> None:
    if name != context.user and Permission.ADMINISTER not in ALLOWED[context.role]:
        raise OperationFailed(Forbidden(message=f"{context.user} is {context.role}, and may do that for himself alone"))


def no_accounts(name: str) -> OperationFailed:
    """Return what a Bascule says that runs a file alone."""
    words = f"this Bascule runs {name} alone, and has no accounts: the pages are for one that keeps revisions"
    return OperationFailed(Conflict(message=words))
