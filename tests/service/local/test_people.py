"""Whom operations about people are for."""

from typing import Any, cast

import pytest

from bascule.service.accounts import AddAccount, ChangePassword, ChangeRole, RemoveAccount
from bascule.service.failures import Forbidden, OperationFailed
from bascule.service.local.people import PeopleService
from bascule.service.logins import MakeSetupLink
from bascule.service.permissions import Role
from bascule.service.request import Context

PROGRAM = Context(uid=1, pid=1, user="alice", role=Role.ADMINISTRATOR, source="10.2.0.9", token="bsc_x", program="backup")


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("account_add", AddAccount(name="eve", role=Role.ADMINISTRATOR)),
        ("account_role", ChangeRole(name="bob", role=Role.ADMINISTRATOR)),
        ("account_password", ChangePassword(name="alice", password="correct horse")),
        ("account_remove", RemoveAccount(name="bob")),
        ("setup_link", MakeSetupLink()),
    ],
)
async def test_a_token_changes_no_account(method: str, request_: Any) -> None:
    """Whatever its role: what it makes would outlive its last day."""
    nobody = cast("Any", None)
    with pytest.raises(OperationFailed) as failed:
        await getattr(PeopleService(nobody, nobody, nobody), method)(PROGRAM, request_)
    assert failed.value.failure == Forbidden(message="a token changes no account: log in")
