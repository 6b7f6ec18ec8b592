"""`alert test` says what came of it, and ends as it went."""

import json

import pytest

from bascule.service.alerts import AlertTried, TriedRow, TryAlert
from cli.calling import PretendedConnection, call

WELL = TriedRow(alert="on call", to="a@example.com")
ILL = TriedRow(alert="on call", to="the webhook at hooks.example.com", fault="it answered 403 Forbidden")


def test_each_is_told_with_what_was_answered() -> None:
    """One that was not told is no success."""
    connection = PretendedConnection({TryAlert: AlertTried(rows=(WELL, ILL))})
    called = call("alert", "test", "on call", connection=connection)
    assert called.out.splitlines() == [
        'alert "on call" to a@example.com: delivered',
        'alert "on call" to the webhook at hooks.example.com: it answered 403 Forbidden',
    ]
    assert called.code == 3
    assert connection.asked == [TryAlert(name="on call")]


@pytest.mark.parametrize(("rows", "code"), [((WELL,), 0), ((), 0)])
def test_all_is_well(rows: tuple[TriedRow, ...], code: int) -> None:
    """As JSON, a line for each."""
    called = call("alert", "test", "--json", connection=PretendedConnection({TryAlert: AlertTried(rows=rows)}))
    assert called.code == code
    assert [json.loads(line)["to"] for line in called.out.splitlines()] == [row.to for row in rows]
