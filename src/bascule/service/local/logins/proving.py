"""Compares passwords for whoever comes in: one after another, for a bounded number, and always in the same time."""

import asyncio
from collections import Counter
from typing import Final

from bascule.service.failures import Busy, OperationFailed
from bascule.service.local.passwords import Passwords
from bascule.service.sources import place
from bascule.store.accounts import Account

MOST_AT_ONCE: Final = 16
"""Logins that may wait for each other; hashing takes tens of milliseconds and a lot of memory, one after another."""

MOST_OF_ONE: Final = 4
"""Of them from one source, so that none keeps others out."""


class Proving:
    """Tells whether passwords are right. Every method may raise OperationFailed."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._waiting: Counter[str] = Counter()
        self._one_at_a_time = asyncio.Lock()
        self._nobody = ""
        """A hash that fits no password: who has no account waits as long as who has one."""

    async def fits(self, account: Account | None, password: str, source: str) -> bool:
        """Tell whether a password is that of an account; of none, no password is."""
        where = place(source)
        if self._waiting.total() >= MOST_AT_ONCE or self._waiting[where] >= MOST_OF_ONE:
            raise OperationFailed(Busy(message="too many are logging in at once: try again in a few seconds"))
        self._waiting[where] += 1
        try:
            async with self._one_at_a_time:
                if not self._nobody:
                    self._nobody = await asyncio.to_thread(self._passwords.hashed, "nobody has this password")
                kept = self._nobody if account is None or not account.password else account.password
                fits = await asyncio.to_thread(self._passwords.fits, kept, password)
        finally:
            self._waiting[where] -= 1
            self._waiting += Counter()  # keeps those above nothing
        return fits and account is not None and kept == account.password
