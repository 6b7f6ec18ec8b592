import pytest

from bascule.service.failures import NotFound, OperationFailed
from bascule.service.operations import HostAction, OrderHost
from bascule.service.results import HostOrdered
from cli.calling import PretendedConnection, call

DONE = HostOrdered(sentence="EX1 is drained everywhere", warnings=("relay IMAP has no host left that takes clients",))


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (["drain", "EX1"], OrderHost(action=HostAction.DRAIN, host="EX1")),
        (["drain", "EX1", "--for", "10m"], OrderHost(action=HostAction.DRAIN, host="EX1", seconds=600)),
        (["disable", "EX1", "--in", "HTTPS"], OrderHost(action=HostAction.DISABLE, host="EX1", relay="HTTPS")),
        (["disable", "EX1", "--reason", "CU15"], OrderHost(action=HostAction.DISABLE, host="EX1", reason="CU15")),
        (["enable", "10.2.0.11"], OrderHost(action=HostAction.ENABLE, host="10.2.0.11")),
        (["flush", "EX1", "--in", "RPC CAS"], OrderHost(action=HostAction.FLUSH, host="EX1", relay="RPC CAS")),
        (["force", "EX1", "up", "--for", "2h"], OrderHost(action=HostAction.FORCE_UP, host="EX1", seconds=7200)),
        (["force", "EX1", "down"], OrderHost(action=HostAction.FORCE_DOWN, host="EX1")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_said_is_asked(argv: list[str], asked: OrderHost) -> None:
    """Each action with its options is one request."""
    connection = PretendedConnection({OrderHost: DONE})
    assert call("host", *argv, connection=connection).code == 0
    assert connection.asked == [asked]


def test_what_came_of_it_is_said() -> None:
    """The sentence, and what to look after."""
    called = call("host", "drain", "EX1", connection=PretendedConnection({OrderHost: DONE}))
    assert called.out == "EX1 is drained everywhere\nwarning: relay IMAP has no host left that takes clients\n"


def test_a_host_that_is_not_there_ends_with_one() -> None:
    """Refused, in one line."""
    failure = OperationFailed(NotFound(message="no table has a host EX9"))
    called = call("host", "drain", "EX9", connection=PretendedConnection({OrderHost: failure}))
    assert (called.code, called.out, called.err) == (1, "", "bascule: no table has a host EX9\n")


@pytest.mark.parametrize(
    "argv",
    [
        ["rest", "EX1"],
        ["drain"],
        ["drain", "EX1", "--for", "0s"],
        ["drain", "EX1", "--for", "soon"],
        ["disable", "EX1", "--for", "400d"],
        ["enable", "EX1", "--for", "10m"],
        ["flush", "EX1", "--for", "10m"],
        ["force", "EX1"],
        ["force", "EX1", "sideways"],
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused_before_it_is_asked(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A time for what has none, no host, no such action: 2, in words."""
    connection = PretendedConnection({})
    with pytest.raises(SystemExit) as ended:
        call("host", *argv, connection=connection)
    assert (ended.value.code, connection.asked) == (2, [])
    assert "usage: bascule" in capsys.readouterr().err
