"""Second factors and tokens that are forgotten with the test, and an app that makes codes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pyotp

from bascule.store.second_factors import SecondFactor
from bascule.store.tokens import KeptToken


class MemorySecondFactors:
    """Keeps them in memory."""

    def __init__(self) -> None:
        self._factors: dict[str, SecondFactor] = {}
        self._codes: dict[str, set[bytes]] = {}

    def of(self, account: str) -> SecondFactor | None:
        """Return that of an account."""
        found = self._factors.get(account)
        return None if found is None else replace(found, recovery_codes=len(self._codes[account]))

    def every(self) -> Sequence[SecondFactor]:
        """Return all."""
        return [found for name in sorted(self._factors) if (found := self.of(name)) is not None]

    def keep(self, factor: SecondFactor, digests: Sequence[bytes]) -> None:
        """Keep this."""
        self._factors[factor.account], self._codes[factor.account] = factor, set(digests)

    def advance(self, account: str, step: int) -> bool:
        """Note a step, where it is newer."""
        found = self._factors.get(account)
        if found is None or found.step >= step:
            return False
        self._factors[account] = replace(found, step=step)
        return True

    def spend(self, account: str, digest: bytes) -> bool:
        """Take one away."""
        codes = self._codes.get(account, set())
        there = digest in codes
        codes.discard(digest)
        return there

    def drop(self, account: str) -> None:
        """Keep none."""
        self._factors.pop(account, None)
        self._codes.pop(account, None)


class MemoryTokens:
    """Keeps them in memory."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], KeptToken] = {}

    def found(self, digest: bytes) -> KeptToken | None:
        """Return the one of that hash."""
        return next((each for each in self._tokens.values() if each.digest == digest), None)

    def every(self) -> Sequence[KeptToken]:
        """Return all."""
        return [self._tokens[key] for key in sorted(self._tokens)]

    def of(self, account: str) -> Sequence[KeptToken]:
        """Return those of an account."""
        return [each for each in self.every() if each.account == account]

    def keep(self, token: KeptToken) -> bool:
        """Keep one more."""
        return self._tokens.setdefault((token.account, token.name), token) is token

    def use(self, digest: bytes, at: datetime) -> None:
        """Note it."""
        for key, each in self._tokens.items():
            if each.digest == digest:
                self._tokens[key] = replace(each, used=at)

    def drop(self, account: str, name: str) -> bool:
        """Keep one no more."""
        return self._tokens.pop((account, name), None) is not None


def code_of(secret: str, at: datetime) -> str:
    """Return what an app shows at a time."""
    return pyotp.TOTP(secret).at(at)
