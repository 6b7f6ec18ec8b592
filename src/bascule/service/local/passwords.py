"""Turns passwords into hashes that tell nothing, and tells whether a password is the one: argon2id (RFC 9106)."""

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

SHORTEST: Final = 8
"""Characters of a password, as NIST SP 800-63B has it."""
LONGEST: Final = 256


class Passwords:
    """Hashes and compares. Blocking, for tens of milliseconds: call it from a thread."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()  # argon2id, with the second set of RFC 9106, section 4

    def hashed(self, password: str) -> str:
        """Return a hash to keep, with a salt of its own."""
        return self._hasher.hash(password)

    def fits(self, kept: str, password: str) -> bool:
        """Whether a password is the one; a hash that is none, as of an account without a password, fits nothing."""
        try:
            return self._hasher.verify(kept, password)
        except (Argon2Error, InvalidHashError):
            return False


def weakness(name: str, password: str) -> str:
    """Return why an account should not have that password; empty where it may."""
    if len(password) < SHORTEST:
        return f"the password is shorter than {SHORTEST} characters"
    if len(password) > LONGEST:
        return f"the password is longer than {LONGEST} characters"
    if password.casefold() == name.casefold():
        return "the password equals the name"
    return ""
