"""`account` asks for what it was told, and a password never stands on the command line."""

from datetime import UTC, datetime

import pytest

from bascule.service.accounts import (
    AccountChanged,
    AccountRow,
    AccountRows,
    AddAccount,
    ChangePassword,
    ChangeRole,
    EndLogins,
    RemoveAccount,
    ShowAccounts,
)
from bascule.service.permissions import Role
from bascule.service.request import Request
from bascule.service.second_factor import BeginTotp, ConfirmTotp, EndTotp, TotpOff, TotpOffered, TotpOn
from cli.calling import PretendedConnection, call

DONE = AccountChanged(sentence="done")
ROWS = AccountRows(
    rows=(
        AccountRow(name="alice", role=Role.ADMINISTRATOR, password=True, since=datetime(2026, 3, 1, tzinfo=UTC)),
        AccountRow(name="bob", role=Role.VIEWER, password=False, since=datetime(2026, 3, 2, tzinfo=UTC)),
    )
)


def test_the_list_says_who_may_what() -> None:
    """And how each proves who he is."""
    lines = call("account", "list", connection=PretendedConnection({ShowAccounts: ROWS})).out.splitlines()
    assert lines[0] == "alice                administrator  since 2026-03-01, with a password"
    assert lines[1] == "bob                  viewer         since 2026-03-02, for the Unix user alone"
    assert "root" in lines[2]


@pytest.mark.parametrize(
    ("words", "typed", "asked"),
    [
        (["add", "bob", "--role", "viewer", "--no-password"], "", AddAccount(name="bob", role=Role.VIEWER)),
        (
            ["add", "bob", "--role", "operator"],
            "correct horse\n",
            AddAccount(name="bob", role=Role.OPERATOR, password="correct horse"),
        ),
        (["role", "bob", "viewer"], "", ChangeRole(name="bob", role=Role.VIEWER)),
        (["password", "bob"], "correct horse\n", ChangePassword(name="bob", password="correct horse")),
        (
            ["password", "bob", "--own"],
            "correct horse\nbattery staple\n",
            ChangePassword(name="bob", password="battery staple", old="correct horse"),
        ),
        (["remove", "bob"], "", RemoveAccount(name="bob")),
        (["logout", "bob"], "", EndLogins(name="bob")),
    ],
)
def test_each_asks_what_it_was_told(words: list[str], typed: str, asked: Request[AccountChanged]) -> None:
    """A password comes from the input where that is no terminal."""
    connection = PretendedConnection({type(asked): DONE})
    called = call("account", *words, connection=connection, stdin=typed.encode())
    assert (called.code, called.out, connection.asked) == (0, "done\n", [asked])
    assert "horse" not in repr(asked)


def test_no_password_is_no_request() -> None:
    """An empty input changes nothing."""
    connection = PretendedConnection({})
    called = call("account", "password", "bob", connection=connection, stdin=b"")
    assert (called.code, connection.asked) == (2, [])
    assert "a password has 1 to 256 characters" in called.err


def test_a_role_that_there_is_not_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are, as somebody would type them."""
    with pytest.raises(SystemExit):
        call("account", "role", "bob", "king")
    assert "invalid choice: 'king' (choose from 'administrator', 'operator', 'viewer')" in capsys.readouterr().err


def test_a_second_factor_is_turned_on_and_off() -> None:
    """The password and the code come from the input; recovery codes are printed once."""
    offered = TotpOffered(secret="ABC", uri="otpauth://totp/x?secret=ABC")
    on = TotpOn(recovery_codes=("one", "two"))
    connection = PretendedConnection({BeginTotp: offered, ConfirmTotp: on, EndTotp: TotpOff(sentence="off")})
    called = call("account", "totp", connection=connection, stdin=b"correct horse\n123456\n")
    assert connection.asked == [BeginTotp(password="correct horse"), ConfirmTotp(code="123456")]
    assert all(word in called.out for word in ("otpauth://totp/x?secret=ABC", "one", "two"))
    assert call("account", "totp-off", "bob", connection=connection).out == "off\n"
    call("account", "totp-off", "bob", "--own", connection=connection, stdin=b"correct horse\n")
    assert connection.asked[2:] == [EndTotp(name="bob"), EndTotp(name="bob", password="correct horse")]
