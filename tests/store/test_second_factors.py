"""Second factors are kept by account; memory and file do the same."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bascule.store.accounts import Account, DatabaseAccounts
from bascule.store.database import open_database
from bascule.store.second_factors import DatabaseSecondFactors, SecondFactor, SecondFactors
from bed.factors import MemorySecondFactors

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALICE = Account(name="alice", role="administrator", password="$argon2id$alice", since=NOW)
FACTOR = SecondFactor(account="alice", secret="JBSWY3DP", since=NOW, step=100)


@pytest.fixture(params=["file", "memory"])
def factors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SecondFactors]:
    """Return where they are kept."""
    if request.param == "memory":
        yield MemorySecondFactors()
        return
    with closing(open_database(tmp_path)) as database:
        DatabaseAccounts(database).keep(ALICE)
        yield DatabaseSecondFactors(database)


def test_a_step_is_used_once_and_never_an_older_one(factors: SecondFactors) -> None:
    """What is not there is used by nobody."""
    assert not factors.advance("alice", 101)
    factors.keep(FACTOR, [])
    assert [factors.advance("alice", step) for step in (100, 101, 101, 99, 102)] == [False, True, False, False, True]
    assert factors.of("alice") == replace(FACTOR, step=102)


def test_a_recovery_code_is_spent_once(factors: SecondFactors) -> None:
    """And the others are left."""
    factors.keep(FACTOR, [b"one", b"two"])
    assert [factors.spend("alice", code) for code in (b"one", b"one", b"three")] == [True, False, False]
    assert factors.every() == [replace(FACTOR, recovery_codes=1)]
    factors.drop("alice")
    assert (factors.of("alice"), factors.spend("alice", b"two")) == (None, False)


def test_it_goes_with_its_account_and_with_nothing_less(tmp_path: Path) -> None:
    """A role or a password that changes leaves it; another account of the same name has none."""
    with closing(open_database(tmp_path)) as database:
        accounts, factors = DatabaseAccounts(database), DatabaseSecondFactors(database)
        accounts.keep(ALICE)
        factors.keep(FACTOR, [b"one"])
        accounts.keep(replace(ALICE, role="viewer", password=""))
        assert factors.of("alice") == replace(FACTOR, recovery_codes=1)
        accounts.drop("alice")
        accounts.keep(ALICE)
        assert factors.every() == []
        assert not factors.spend("alice", b"one")
