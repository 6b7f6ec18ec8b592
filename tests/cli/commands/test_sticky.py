import json

import pytest

from bascule.service.failures import NotFound, OperationFailed
from bascule.service.operations import ForgetSticky, ShowSticky
from bascule.service.results import Forgotten, Sticky
from bascule.service.sticky import StickyRow
from cli.calling import PretendedConnection, call

ROW = StickyRow(client="10.2.1.7", relay="SMTP", host="EX1", address="10.2.0.11", remaining=7100)


def test_clients_are_listed_with_their_hosts() -> None:
    """One a line, and how many there are where not all are listed."""
    connection = PretendedConnection({ShowSticky: Sticky(clients=(ROW,), total=2)})
    called = call("show", "sticky", "--relay", "SMTP", connection=connection)
    heading, row, rest = called.out.splitlines()
    assert heading.split() == ["Client", "Host", "Address", "Relay", "For"]
    assert row.split(maxsplit=4) == ["10.2.1.7", "EX1", "10.2.0.11", "SMTP", "1h 58m"]
    assert rest == "1 of 2 clients"
    assert connection.asked == [ShowSticky(relay="SMTP")]


def test_json_has_a_client_a_line() -> None:
    """With the field names that travel."""
    called = call("show", "sticky", "--json", connection=PretendedConnection({ShowSticky: Sticky(clients=(ROW,), total=1)}))
    assert json.loads(called.out) == {
        "client": "10.2.1.7",
        "relay": "SMTP",
        "host": "EX1",
        "address": "10.2.0.11",
        "remaining": 7100,
    }


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (["10.2.1.7"], ForgetSticky(client="10.2.1.7")),
        (["--all"], ForgetSticky(all=True)),
        (["--all", "--in", "SMTP"], ForgetSticky(all=True, relay="SMTP")),
        (["2001:db8::7", "--in", "SMTP"], ForgetSticky(client="2001:db8::7", relay="SMTP")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_said_is_forgotten(argv: list[str], asked: ForgetSticky) -> None:
    """One client or all, in one service or everywhere."""
    connection = PretendedConnection({ForgetSticky: Forgotten(clients=1)})
    called = call("sticky", "forget", *argv, connection=connection)
    assert (called.code, called.out) == (0, "1 client forgotten: the next connection is dealt a host anew\n")
    assert connection.asked == [asked]


@pytest.mark.parametrize("argv", [[], ["10.2.1.7", "--all"], ["somebody"]], ids=" ".join)
def test_all_is_never_meant_by_saying_nothing(argv: list[str]) -> None:
    """A usage error, and nothing is asked."""
    connection = PretendedConnection({})
    with pytest.raises(SystemExit) as ended:
        call("sticky", "forget", *argv, connection=connection)
    assert ended.value.code == 2
    assert connection.asked == []


def test_a_client_that_is_not_remembered_ends_with_one() -> None:
    """Refused, in one line."""
    failure = OperationFailed(NotFound(message="no host is remembered for 10.2.1.9"))
    called = call("sticky", "forget", "10.2.1.9", connection=PretendedConnection({ForgetSticky: failure}))
    assert (called.code, called.err) == (1, "bascule: no host is remembered for 10.2.1.9\n")
