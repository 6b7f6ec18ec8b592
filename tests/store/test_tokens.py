"""Tokens are kept by account and name; memory and file do the same."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bascule.store.accounts import Account, DatabaseAccounts
from bascule.store.database import open_database
from bascule.store.tokens import DatabaseTokens, KeptToken, Tokens
from bed.factors import MemoryTokens

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALICE, BOB = (Account(name=name, role="operator", since=NOW) for name in ("alice", "bob"))
TOKEN = KeptToken(account="alice", name="backup", digest=b"1", role="viewer", since=NOW, until=NOW)
OTHER = replace(TOKEN, account="bob", digest=b"2")


@pytest.fixture(params=["file", "memory"])
def tokens(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tokens]:
    """Return where they are kept."""
    if request.param == "memory":
        yield MemoryTokens()
        return
    with closing(open_database(tmp_path)) as database:
        for account in (ALICE, BOB):
            DatabaseAccounts(database).keep(account)
        yield DatabaseTokens(database)


def test_each_is_found_by_its_hash_alone(tokens: Tokens) -> None:
    """An account has one of a name, and its use is noted."""
    assert [tokens.keep(each) for each in (OTHER, TOKEN, replace(TOKEN, digest=b"3"))] == [True, True, False]
    assert (tokens.found(b"1"), tokens.found(b"3")) == (TOKEN, None)
    tokens.use(b"1", NOW)
    assert (tokens.every(), tokens.of("bob")) == ([replace(TOKEN, used=NOW), OTHER], [OTHER])
    assert [tokens.drop("alice", name) for name in ("backup", "backup")] == [True, False]
    assert tokens.every() == [OTHER]


def test_they_go_with_their_account(tmp_path: Path) -> None:
    """Another account of the same name has none of them."""
    with closing(open_database(tmp_path)) as database:
        accounts, tokens = DatabaseAccounts(database), DatabaseTokens(database)
        accounts.keep(ALICE)
        tokens.keep(TOKEN)
        accounts.keep(replace(ALICE, role="viewer"))
        assert tokens.found(b"1") == TOKEN
        accounts.drop("alice")
        accounts.keep(ALICE)
        assert tokens.found(b"1") is None
