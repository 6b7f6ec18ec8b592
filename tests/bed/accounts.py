"""Accounts that are forgotten with the test."""

from collections.abc import Sequence

from argon2 import PasswordHasher

from bascule.service.local.passwords import Passwords
from bascule.store.accounts import Account

QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""Hashes as the real one does, with no work worth mentioning."""


class MemoryAccounts:
    """Keeps them in memory."""

    def __init__(self, *accounts: Account) -> None:
        self._accounts = {account.name: account for account in accounts}
        self._proposed: dict[tuple[str, str], str] = {}

    def account(self, name: str) -> Account | None:
        """Return the one of that name."""
        return self._accounts.get(name)

    def every(self) -> Sequence[Account]:
        """Return all, by name."""
        return [self._accounts[name] for name in sorted(self._accounts)]

    def keep(self, account: Account) -> None:
        """Keep this."""
        self._accounts[account.name] = account

    def drop(self, name: str) -> None:
        """Keep none of that name."""
        self._accounts.pop(name, None)

    def propose(self, author: str, name: str, password: str) -> None:
        """Keep a hash."""
        self._proposed[author, name] = password

    def proposed(self, author: str, name: str) -> str:
        """Return it."""
        return self._proposed.get((author, name), "")

    def settle(self, name: str) -> None:
        """Forget it, whoever wrote it."""
        self._proposed = {key: kept for key, kept in self._proposed.items() if key[1] != name}
