"""Second factors: codes that change every half minute (TOTP, RFC 6238), each good once, and recovery codes."""

import asyncio
import secrets
from base64 import b32encode
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

import pyotp
from msgspec import structs

from bascule.service.accounts import AccountRow, AccountRows
from bascule.service.failures import Conflict, OperationFailed
from bascule.service.second_factor import TotpOffered, TotpOn
from bascule.store.second_factors import SecondFactor, SecondFactors

ISSUER: Final = "Bascule"
OFFER_LASTS: Final = 600.0
"""Seconds in which an offer may be confirmed."""

RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10
_GROUP: Final = 4
_STEP: Final = 30
"""Seconds that a code is shown by an app."""
_AROUND: Final = (0, -1, 1)
"""Steps that are taken for now: clocks differ, and people type slowly (RFC 6238, 5.2)."""


class Codes:
    """The second factors of accounts. `clock` returns seconds that only grow; methods may raise MachineError."""

    def __init__(
        self,
        factors: SecondFactors,
        clock: Callable[[], float],
        *,
        now: Callable[[], datetime],
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._factors = factors
        self._clock = clock
        self._now = now
        self._random = random
        self._offers: dict[str, tuple[str, float]] = {}
        """The secret that each account was offered, and until when; there are no more than accounts."""

    async def offer(self, account: str, machine: str) -> TotpOffered:
        """Return a secret for an account, which counts once `confirm` has seen a code of it. Raises OperationFailed."""
        if await asyncio.to_thread(self._factors.of, account) is not None:
            raise OperationFailed(Conflict(message=f"{account} needs a code already: turn it off first"))
        secret = b32encode(self._random(20)).decode()
        self._offers[account] = (secret, self._clock() + OFFER_LASTS)
        uri = pyotp.TOTP(secret).provisioning_uri(name=f"{account}@{machine}" if machine else account, issuer_name=ISSUER)
        return TotpOffered(secret=secret, uri=uri)

    async def confirm(self, account: str, code: str) -> TotpOn:
        """Have an account need codes from now on. Raises OperationFailed."""
        secret, until = self._offers.get(account, ("", 0.0))
        if not secret or self._clock() >= until:
            self._offers.pop(account, None)
            raise OperationFailed(Conflict(message="the offer is over: begin again"))
        step = self._step(secret, code)
        if step is None:
            words = "that code is not right: is the time of the phone, and of this machine, right?"
            raise OperationFailed(Conflict(message=words))
        del self._offers[account]
        made = [_grouped(b32encode(self._random(_RECOVERY_BYTES)).decode().lower()) for _ in range(RECOVERY_CODES)]
        factor = SecondFactor(account=account, secret=secret, since=self._now(), step=step)
        await asyncio.to_thread(self._factors.keep, factor, [_digest(each) for each in made])
        return TotpOn(recovery_codes=tuple(made))

    async def fit(self, account: str, code: str) -> bool:
        """Tell whether a code lets an account in, and spend it; any does where the account needs none."""
        factor = await asyncio.to_thread(self._factors.of, account)
        if factor is None:
            return True
        step = self._step(factor.secret, code)
        if step is not None:
            return await asyncio.to_thread(self._factors.advance, account, step)
        return await asyncio.to_thread(self._factors.spend, account, _digest(code))

    async def end(self, account: str) -> bool:
        """Have an account need no code any more; False where it needed none."""
        if await asyncio.to_thread(self._factors.of, account) is None:
            return False
        await asyncio.to_thread(self._factors.drop, account)
        return True

    async def told(self, rows: AccountRows) -> AccountRows:
        """Return accounts with what they need at a login."""
        factors = {each.account: each for each in await asyncio.to_thread(self._factors.every)}
        return AccountRows(rows=tuple(_told(row, factors.get(row.name)) for row in rows.rows))

    def _step(self, secret: str, code: str) -> int | None:
        """Return the step of time that a code belongs to; None where it is not one of now."""
        given = code.replace(" ", "").encode()
        made = pyotp.TOTP(secret, interval=_STEP)
        now = int(self._now().timestamp()) // _STEP
        steps: Sequence[int] = [now + around for around in _AROUND]
        fitting = [step for step in steps if secrets.compare_digest(made.generate_otp(step).encode(), given)]
        return max(fitting, default=None)


def _told(row: AccountRow, factor: SecondFactor | None) -> AccountRow:
    return row if factor is None else structs.replace(row, totp=True, recovery_codes=factor.recovery_codes)


def _grouped(code: str) -> str:
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def _digest(code: str) -> bytes:
    """Return what a recovery code is kept as: 80 random bits need no slow hash."""
    return sha256("".join(letter for letter in code.lower() if letter.isalnum()).encode()).digest()
