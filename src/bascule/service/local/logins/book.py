"""Lets people in by their passwords, and knows them by their tokens."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from bascule.service.failures import Busy, Conflict, Forbidden, OperationFailed
from bascule.service.local.account_book import AccountBook
from bascule.service.local.logins.backoff import Backoff
from bascule.service.local.logins.sessions import Sessions
from bascule.service.local.logins.setup_key import LASTS, SetupKey
from bascule.service.local.passwords import Passwords
from bascule.service.logins import Bearer, LoggedIn, LogIn, Login, SetUp, SetupLink
from bascule.service.permissions import Role
from bascule.service.server import Borne
from bascule.store.accounts import Account

_WRONG: Final = "name, password or code is not right"
_MOST_AT_ONCE: Final = 16
"""Logins that may wait for each other; hashing takes tens of milliseconds and a lot of memory, one after another."""


class LoginBook:
    """Whoever has logged in to the pages of one parent. Every method may raise OperationFailed and MachineError."""

    def __init__(
        self, accounts: AccountBook, passwords: Passwords, clock: Callable[[], float], *, now: Callable[[], datetime]
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._now = now
        self._sessions = Sessions(clock)
        self._backoff = Backoff(clock)
        self._setup_key = SetupKey(clock)
        self._waiting = 0
        self._one_at_a_time = asyncio.Lock()
        self._nobody = ""
        """A hash that fits no password: who has no account waits as long as who has one."""

    async def log_in(self, request: LogIn) -> LoggedIn:
        """Let somebody in whose password is right."""
        wait = self._backoff.wait(request.source, request.name)
        if wait:
            raise OperationFailed(Busy(message=f"too many wrong passwords: try again in {wait:.0f} s"))
        account = await self._accounts.known(request.name)
        if not await self._fits(account, request.password):
            self._backoff.failed(request.source, request.name)
            raise OperationFailed(Forbidden(message=_WRONG))
        assert account is not None, "nobody's password fits nothing"
        self._backoff.succeeded(request.source, request.name)
        return self._opened(account)

    async def set_up(self, request: SetUp) -> LoggedIn:
        """Let somebody in who has the key, as an administrator with the password that he chooses."""
        if self._backoff.wait(request.source, ""):
            raise OperationFailed(Busy(message="too many wrong keys: try again later"))
        if not self._setup_key.opens(request.key):
            self._backoff.failed(request.source, "")
            words = "this link is not valid any more: `bascule setup-link` on the machine prints another one"
            raise OperationFailed(Forbidden(message=words))
        account = await self._accounts.set_up(request.name, request.password)
        self._setup_key.spend()
        return self._opened(account)

    def setup_link(self, places: Sequence[str]) -> SetupLink:
        """Make a link."""
        until = self._now() + timedelta(seconds=LASTS)
        return SetupLink(path=f"/setup/{self._setup_key.make()}", until=until, places=tuple(places))

    async def borne(self, bearer: Bearer) -> Borne | None:
        """Return whom a token stands for; None where it is worth nothing, or his account is not what it was."""
        session = self._sessions.find(bearer.token)
        if session is None:
            return None
        account = await self._accounts.known(session.name)
        if account is None or account.password != session.proof:
            self._sessions.close(bearer.token)
            return None
        until = self._now() + timedelta(seconds=self._sessions.remaining(session))
        login = Login(name=account.name, role=Role(account.role), until=until)
        return Borne(login=login, token=bearer.token, source=bearer.source)

    def leave(self, token: str) -> None:
        """Log somebody out."""
        self._sessions.close(token)

    def _opened(self, account: Account) -> LoggedIn:
        token = self._sessions.open(account.name, account.password)
        return LoggedIn(token=token, name=account.name, role=Role(account.role))

    async def _fits(self, account: Account | None, password: str) -> bool:
        if self._waiting >= _MOST_AT_ONCE:
            raise OperationFailed(Busy(message="too many are logging in at once: try again in a few seconds"))
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                if not self._nobody:
                    self._nobody = await asyncio.to_thread(self._passwords.hashed, "nobody has this password")
                kept = self._nobody if account is None or not account.password else account.password
                fits = await asyncio.to_thread(self._passwords.fits, kept, password)
        finally:
            self._waiting -= 1
        return fits and account is not None and kept == account.password


def no_accounts(name: str) -> OperationFailed:
    """Return what a Bascule says that runs a file alone."""
    words = f"this Bascule runs {name} alone, and has no accounts: the pages are for one that keeps revisions"
    return OperationFailed(Conflict(message=words))
