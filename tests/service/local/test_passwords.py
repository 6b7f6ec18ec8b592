"""A hash fits its password and nothing else."""

import pytest

from bascule.service.local.passwords import Passwords, weakness
from bed.accounts import QUICK


def test_a_hash_fits_its_own_password_alone() -> None:
    """Two hashes of one password differ, since each has a salt."""
    one, other = QUICK.hashed("correct horse"), QUICK.hashed("correct horse")
    assert one != other
    assert QUICK.fits(one, "correct horse")
    assert not QUICK.fits(one, "correct horsf")


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$v=19$m=8,t=1,p=1$broken"])
def test_what_is_no_hash_fits_nothing(kept: str) -> None:
    """An account without a password has none that opens it, not even an empty one."""
    assert not QUICK.fits(kept, "")


def test_the_real_thing_is_argon2id() -> None:
    """With at least 64 MiB and three rounds (RFC 9106, section 4)."""
    assert Passwords().hashed("correct horse").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    ("password", "weak"), [("1234567", True), ("12345678", False), ("aLiCe-the-first", True), ("x" * 257, True)]
)
def test_weak_passwords_are_told(password: str, weak: bool) -> None:  # noqa: FBT001 - a table of expectations
    """Too short, too long for the work it makes, or the name itself."""
    assert bool(weakness("alice-the-first", password)) is weak
