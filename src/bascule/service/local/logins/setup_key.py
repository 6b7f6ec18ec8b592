"""The key that makes an administrator, once: there is one at a time."""

import secrets
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from typing import Final

LASTS: Final = 24 * 3600.0
"""Seconds."""


class SetupKey:
    """Keeps the hash of a key; `clock` returns seconds that only grow."""

    def __init__(self, clock: Callable[[], float], key: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> None:
        self._clock = clock
        self._key = key
        self._kept: tuple[bytes, float] | None = None

    def make(self) -> str:
        """Return a new key, in the place of the one there was."""
        made = self._key()
        self._kept = (_digest(made), self._clock() + LASTS)
        return made

    def opens(self, key: str) -> bool:
        """Tell whether a key is the one."""
        if self._kept is None:
            return False
        digest, until = self._kept
        return self._clock() < until and compare_digest(digest, _digest(key))

    def spend(self, key: str) -> None:
        """Have a key open nothing any more; one that was made since still does."""
        if self.opens(key):
            self._kept = None


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()
