"""A book of logins with everything around it in memory, at a time that a test sets."""

from datetime import UTC, datetime, timedelta
from typing import Final

from bascule.service.accounts import AddAccount
from bascule.service.local.account_book import AccountBook
from bascule.service.local.logins.book import LoginBook
from bascule.service.local.logins.codes import Codes
from bascule.service.local.logins.token_book import TokenBook
from bascule.service.local.passwords import Passwords
from bascule.service.logins import Bearer, LogIn
from bascule.service.permissions import Role
from bascule.service.request import Context
from bed.accounts import QUICK, MemoryAccounts
from bed.factors import MemorySecondFactors, MemoryTokens, code_of

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD: Final = "correct horse"
HERE: Final = "10.0.0.1"


class Counting(Passwords):
    """Compares quickly, and counts how often."""

    def __init__(self) -> None:
        self.compared = 0

    def hashed(self, password: str) -> str:
        """Return a hash."""
        return QUICK.hashed(password)

    def fits(self, kept: str, password: str) -> bool:
        """Compare."""
        self.compared += 1
        return QUICK.fits(kept, password)


class Bench:
    """Logins of one parent."""

    def __init__(self) -> None:
        self.now = NOON
        self.passwords = Counting()
        self.accounts = AccountBook(MemoryAccounts(), QUICK, now=lambda: self.now)
        self.kept_tokens = MemoryTokens()
        self.codes = Codes(MemorySecondFactors(), self._seconds, now=lambda: self.now)
        self.tokens = TokenBook(self.kept_tokens, self.accounts, now=lambda: self.now)
        self.book = LoginBook(
            *(self.accounts, self.passwords, self._seconds),
            codes=self.codes,
            tokens=self.tokens,
            now=lambda: self.now,
        )

    def _seconds(self) -> float:
        return (self.now - NOON).total_seconds() + 1000

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    async def add(self, name: str, role: Role = Role.OPERATOR, password: str | None = PASSWORD) -> None:
        """Make an account."""
        await self.accounts.add(AddAccount(name=name, role=role, password=password))

    async def log_in(self, name: str, password: str = PASSWORD, code: str = "", source: str = HERE) -> str:
        """Return a token. Raises OperationFailed."""
        return (await self.book.log_in(LogIn(name=name, password=password, code=code, source=source))).token

    async def role(self, token: str) -> Role | None:
        """Return what a token's owner is; None where it is worth nothing."""
        borne = await self.book.borne(Bearer(token=token, source=HERE))
        return None if borne is None else borne.login.role

    def code(self, secret: str) -> str:
        """Return what an app shows now."""
        return code_of(secret, self.now)


def asking(user: str, role: Role = Role.OPERATOR, token: str = HERE, program: str = "") -> Context:
    """Return who asks by the pages."""
    return Context(uid=1, pid=1, user=user, role=role, source=HERE, token=token, program=program)
