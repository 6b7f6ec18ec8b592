"""Accounts are kept by name; memory and file do the same."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bascule.store.accounts import Account, Accounts, DatabaseAccounts
from bascule.store.database import open_database
from bascule.system.errors import MachineError
from bed.accounts import MemoryAccounts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALICE = Account(name="alice", role="administrator", password="$argon2id$alice", since=NOW)
BOB = Account(name="bob", role="viewer", since=NOW)


@pytest.fixture(params=["file", "memory"])
def accounts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Accounts]:
    """Return where they are kept."""
    if request.param == "memory":
        yield MemoryAccounts()
        return
    with closing(open_database(tmp_path)) as database:
        yield DatabaseAccounts(database)


def test_each_is_kept_by_its_name(accounts: Accounts) -> None:
    """Keeping and dropping one leaves the other."""
    assert accounts.account("alice") is None
    accounts.keep(BOB)
    accounts.keep(ALICE)
    assert (accounts.account("alice"), accounts.every()) == (ALICE, [ALICE, BOB])
    accounts.keep(replace(ALICE, role="operator"))
    accounts.drop("bob")
    accounts.drop("nobody")
    assert accounts.every() == [replace(ALICE, role="operator")]


def test_a_proposed_password_is_its_authors(accounts: Accounts) -> None:
    """What another wrote for the same name is another's, until the account is there."""
    accounts.propose("alice", "carol", "one")
    accounts.propose("bob", "carol", "two")
    accounts.propose("bob", "carol", "three")
    assert [accounts.proposed(author, "carol") for author in ("alice", "bob", "dave")] == ["one", "three", ""]
    accounts.settle("carol")
    assert accounts.proposed("alice", "carol") == ""


def test_a_hash_shows_nowhere() -> None:
    """Not in what a log would print."""
    assert "argon2" not in repr(ALICE)


def test_what_we_never_wrote_is_damage(tmp_path: Path) -> None:
    """And is said to be; a role that there is not cannot even be written."""
    with closing(open_database(tmp_path)) as database:
        with database.transaction() as change:
            change.execute("INSERT INTO accounts VALUES ('alice', 'viewer', '', 'yesterday')")
        with pytest.raises(MachineError, match="damaged: the accounts"):
            DatabaseAccounts(database).account("alice")
        with pytest.raises(MachineError, match="CHECK"):
            DatabaseAccounts(database).keep(replace(ALICE, role="king"))
