import json
from datetime import UTC, datetime

import pytest

from bascule.service.audit import AuditLog, AuditRow
from bascule.service.events import Event, EventKind, Grade
from bascule.service.operations import Monitor, ShowAudit, ShowLog
from bascule.service.results import Events
from cli.calling import PretendedConnection, call

DOWN = Event(
    event=EventKind.HOST,
    time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    grade=Grade.WARNING,
    words="relay HTTPS: host EX1 (10.2.0.11:443) is down: connection refused",
    relay="HTTPS",
    host="EX1",
    address="10.2.0.11:443",
    state="down",
    reason="connection refused",
)


def test_the_log_has_a_line_for_each_event() -> None:
    """When it was, with the offset from UTC, and the words of the event."""
    connection = PretendedConnection({ShowLog: Events(events=(DOWN,))})
    called = call("show", "log", "--last", "5", connection=connection)
    assert called.code == 0
    assert called.out.splitlines()[0].endswith(f"  {DOWN.words}")
    assert datetime.fromisoformat(called.out.split("  ")[0]) == DOWN.time
    assert connection.asked == [ShowLog(last=5)]


def test_an_event_as_json_has_what_it_is_about_and_no_more() -> None:
    """Subject fields that do not apply are left out."""
    called = call("show", "log", "--json", connection=PretendedConnection({ShowLog: Events(events=(DOWN,))}))
    assert json.loads(called.out) == {
        "event": "host",
        "time": "2026-03-01T12:00:00Z",
        "grade": "warning",
        "words": DOWN.words,
        "relay": "HTTPS",
        "host": "EX1",
        "address": "10.2.0.11:443",
        "state": "down",
        "reason": "connection refused",
    }


@pytest.mark.parametrize(
    ("words", "last"),
    [(("monitor",), 0), (("show", "log", "--follow"), 100), (("show", "log", "--follow", "--last", "7"), 7)],
)
def test_following_goes_on_until_the_other_side_ends(words: tuple[str, ...], last: int) -> None:
    """Each answer is printed when it comes; the end is said, and is the machine's."""
    connection = PretendedConnection({Monitor: Events(events=(DOWN,))})
    called = call(*words, connection=connection)
    assert [line.endswith(DOWN.words) for line in called.out.splitlines()] == [True, True]
    assert (called.code, called.err) == (3, "bascule: the Bascule has ended\n")
    assert connection.asked[0] == Monitor(last=last)


def test_a_reader_that_was_too_slow_is_told() -> None:
    """On standard error, so that what follows can still be read by a program."""
    called = call("monitor", "--json", connection=PretendedConnection({Monitor: Events(events=(DOWN,), lost=12)}))
    assert "12 events were lost" in called.err
    assert len(called.out.splitlines()) == 2


@pytest.mark.parametrize("number", ["10001", "-1", "many", "00000000000000000001"])
def test_a_number_of_events_is_checked(number: str) -> None:
    """More than are kept cannot be asked for."""
    with pytest.raises(SystemExit, match="2"):
        call("show", "log", f"--last={number}")


def test_ends_of_sessions_come_where_they_are_asked_for() -> None:
    """The request says so."""
    connection = PretendedConnection({Monitor: Events()})
    call("monitor", "--sessions", connection=connection)
    assert connection.asked[0] == Monitor(sessions=True)


def test_the_audit_log_ends_with_the_newest() -> None:
    """Who, what and, where it was refused, why."""
    time = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows = (
        AuditRow(number=2, at=time, user="bob", uid=1001, pid=8, words="asked to clear", refused="bob may not"),
        AuditRow(number=1, at=time, user="alice", uid=1000, pid=7, words="committed a configuration", refused=""),
    )
    connection = PretendedConnection({ShowAudit: AuditLog(rows=rows)})
    assert call("show", "audit", "--last", "2", connection=connection).out.splitlines() == [
        "2026-03-01 12:00:00+00:00  alice (uid 1000, pid 7) committed a configuration",
        "2026-03-01 12:00:00+00:00  bob (uid 1001, pid 8) asked to clear: refused, bob may not",
    ]
    assert connection.asked == [ShowAudit(last=2)]
    first = call("show", "audit", "--json", connection=connection).out.splitlines()[0]
    assert json.loads(first)["words"] == "committed a configuration"
