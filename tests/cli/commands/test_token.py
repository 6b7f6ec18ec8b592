"""`token` asks for what it was told, and prints a token once."""

import getpass
from datetime import UTC, datetime

import pytest

from bascule.service.permissions import Role
from bascule.service.tokens import AddToken, RemoveToken, ShowTokens, TokenChanged, TokenMade, TokenRow, TokenRows
from cli.calling import PretendedConnection, call

DAY = datetime(2026, 3, 1, tzinfo=UTC)
ROW = TokenRow(account="alice", name="backup", role=Role.VIEWER, since=DAY, until=DAY)


def test_a_token_is_made_listed_and_removed() -> None:
    """Of the account that is named, else of whoever asks."""
    connection = PretendedConnection(
        {
            AddToken: TokenMade(token="bsc_abc", row=ROW),
            ShowTokens: TokenRows(rows=(ROW,)),
            RemoveToken: TokenChanged(sentence="gone"),
        }
    )
    made = call("token", "add", "backup", "--role", "viewer", "--account", "alice", "--days", "7", connection=connection)
    assert made.out.splitlines()[0] == "bsc_abc"
    listed = call("token", "list", connection=connection).out
    assert listed == "alice                backup                   viewer         until 2026-03-01, never used\n"
    assert call("token", "remove", "backup", connection=connection).out == "gone\n"
    assert connection.asked == [
        AddToken(account="alice", name="backup", role=Role.VIEWER, days=7),
        ShowTokens(),
        RemoveToken(account=getpass.getuser(), name="backup"),
    ]


def test_a_token_that_lasts_for_ever_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Two years are the longest."""
    with pytest.raises(SystemExit):
        call("token", "add", "backup", "--role", "viewer", "--days", "731")
    assert "no number of days (1 to 730)" in capsys.readouterr().err
