"""`show sessions`, `kill`, `client` and `who` as they are typed and read."""

import json
from datetime import datetime, timedelta

import pytest

from bascule.service.failures import NotFound, OperationFailed
from bascule.service.operations import AskClient, Kill, ShowSessions, Who
from bascule.service.results import ClientReport, Explanation, Killed, Sessions, Whose
from bascule.service.sessions import SessionOrder, SessionRow
from cli.calling import NOW, PretendedConnection, call

LIVING = SessionRow(
    client="10.1.1.1:50000",
    relay="HTTPS",
    host="EX1",
    address="10.2.0.11:443",
    listen="10.2.0.50:443",
    source="10.2.0.50:41000",
    path="kernel",
    protocol="tcp",
    state="established",
    since=NOW - timedelta(minutes=90),
    idle=12.0,
    from_client=2048,
    from_host=5 * 1024 * 1024,
    id="3f9a01c219a2b4d7",
)
ENDED = SessionRow(
    client="10.1.1.1:50001",
    relay="HTTPS",
    host="EX1",
    address="10.2.0.11:443",
    listen="10.2.0.50:443",
    source="10.2.0.50:41001",
    path="proxy",
    protocol="tcp",
    state="reset",
    since=None,
    ended=NOW - timedelta(minutes=5),
    from_client=0,
    from_host=100,
)
REPORT = ClientReport(
    address="10.1.1.1",
    services=(
        Explanation(client="10.1.1.1", port=443, relay="HTTPS", table="exchange", host="EX1", reason="first choice EX1"),
        Explanation(client="10.1.1.1", port=25, relay="SMTP", table="exchange", host=None, reason="no host is up"),
    ),
    sessions=(LIVING,),
    total=1,
    ended=(ENDED,),
    ended_total=3,
    from_client=2048,
    from_host=4096,
    notes=("sessions that ended before 12:00:00 are not known",),
)


def test_sessions_are_listed_in_columns() -> None:
    """Who, where, how old, how silent, how much; and how many more there are."""
    connection = PretendedConnection({ShowSessions: Sessions(sessions=(LIVING,), total=7)})
    called = call("show", "sessions", connection=connection)
    heading, row, rest = called.out.splitlines()
    assert heading.split() == ["Client", "Relay", "Host", "Path", "Age", "Idle", "Sent", "Got", "State", "Source", "Id"]
    assert row.split("  ")[0] == "10.1.1.1:50000"
    assert [cell.strip() for cell in row.split("  ") if cell][1:] == [
        "HTTPS",
        "EX1",
        "kernel",
        "1h 30m",
        "12s",
        "2.0 KiB",
        "5.0 MiB",
        "established",
        "10.2.0.50:41000",
        "3f9a01c219a2b4d7",
    ]
    assert rest == "1 of 7 sessions"


def test_what_is_named_is_asked_for() -> None:
    """Filters, order and limit reach the service as they were typed."""
    connection = PretendedConnection({ShowSessions: Sessions()})
    options = ("--client", "10.1.1.1", "--host", "EX1", "--relay", "HTTPS", "--sort", "bytes", "--limit", "5")
    call("show", "sessions", *options, connection=connection)
    assert connection.asked == [
        ShowSessions(client="10.1.1.1", host="EX1", relay="HTTPS", sort=SessionOrder.BYTES, limit=5)
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("show", "sessions", "--limit", "20001"),
        ("show", "sessions", "--limit", "-1"),
        ("show", "sessions", "--client", "EX1"),
        ("show", "sessions", "--sort", "idle"),
        ("kill", "--id", "3f9a"),
        ("client", "somebody"),
        ("who", "10.2.0.50"),
        ("who", "10.2.0.50:0"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...]) -> None:
    """Before anybody is asked."""
    with pytest.raises(SystemExit) as ended:
        call(*words)
    assert ended.value.code == 2


def test_json_has_a_row_a_line_with_every_field() -> None:
    """Times are RFC 3339; what is not known is null."""
    connection = PretendedConnection({ShowSessions: Sessions(sessions=(LIVING, ENDED), total=2)})
    living, ended = map(json.loads, call("show", "sessions", "--json", connection=connection).out.splitlines())
    assert living.keys() == ended.keys() == set(SessionRow.__struct_fields__)
    assert (living["since"], living["ended"], ended["since"]) == ("2026-03-01T10:30:00Z", None, None)


@pytest.mark.parametrize(("count", "said"), [(1, "1 session ended"), (0, "0 sessions ended")])
def test_kill_says_how_many(count: int, said: str) -> None:
    """Plain and as JSON."""
    connection = PretendedConnection({Kill: Killed(sessions=count)})
    assert call("kill", "--host", "EX1", connection=connection).out == f"{said}\n"
    assert json.loads(call("kill", "--all", "--json", connection=connection).out) == {"sessions": count}
    call("kill", "--id", LIVING.id, connection=connection)
    assert connection.asked == [Kill(host="EX1"), Kill(all=True), Kill(id=LIVING.id)]


def test_a_client_is_told_from_its_hosts_to_what_has_ended() -> None:
    """A headline with totals, who takes it, what lives, what has ended, and what the answer may lack."""
    called = call("client", "10.1.1.1", connection=PretendedConnection({AskClient: REPORT}))
    lines = called.out.splitlines()
    assert lines[:3] == [
        "10.1.1.1: 1 session now, 3 sessions ended within the last hour, 2.0 KiB from it, 4.0 KiB to it",
        "  HTTPS (port 443) -> EX1: first choice EX1",
        "  SMTP (port 25): no host is up",
    ]
    assert lines[3] == "Lives:"
    assert lines[6] == "Ended within the last hour (1 of 3):"
    assert "reset" in lines[8]
    assert lines[9] == "note: sessions that ended before 12:00:00 are not known"


def test_a_client_as_json_is_one_object() -> None:
    """With every field of the report."""
    called = call("client", "10.1.1.1", "--json", connection=PretendedConnection({AskClient: REPORT}))
    assert json.loads(called.out).keys() == set(ClientReport.__struct_fields__)


def test_who_finds_the_client() -> None:
    """IPv6 stands in brackets or not; an answer is fine, none is code 1."""
    connection = PretendedConnection({Who: Whose(sessions=(ENDED,), notes=("some are missing",))})
    called = call("who", "[fd00::50]:41001", connection=connection)
    assert connection.asked == [Who(source="fd00::50", port=41001)]
    assert (called.code, "10.1.1.1:50001" in called.out, "note: some are missing" in called.out) == (0, True, True)
    nobody = call("who", "10.2.0.50:1", "at", "12:00", connection=PretendedConnection({Who: Whose()}))
    assert (nobody.code, nobody.out) == (1, "no session is known of that address and port at that time\n")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (("2026-02-28T14:05:30Z",), "2026-02-28T14:05:30+00:00"),
        (("2026-02-28", "14:05:30+02:00"), "2026-02-28T12:05:30+00:00"),
    ],
)
def test_a_time_is_taken_as_it_is_written(said: tuple[str, ...], meant: str) -> None:
    """With its zone."""
    connection = PretendedConnection({Who: Whose()})
    call("who", "10.2.0.50:1", "at", *said, connection=connection)
    (asked,) = connection.asked
    assert isinstance(asked, Who)
    assert asked.at == datetime.fromisoformat(meant)


def test_a_time_of_day_is_the_last_one() -> None:
    """Today's, or yesterday's where it has not come yet."""
    connection = PretendedConnection({Who: Whose()})
    for hour in range(24):
        call("who", "10.2.0.50:1", "at", f"{hour:02}:30", connection=connection)
    asked = [each.at for each in connection.asked if isinstance(each, Who) and each.at is not None]
    assert len(asked) == 24
    assert all(timedelta() <= NOW - at < timedelta(days=1) for at in asked)


@pytest.mark.parametrize("words", [("noon",), ("at",), ("at", "noon"), ("at", "25:00"), ("at", "2026-13-01")])
def test_what_is_no_time_is_refused(words: tuple[str, ...]) -> None:
    """With an example of one."""
    called = call("who", "10.2.0.50:1", *words, connection=PretendedConnection({}))
    assert (called.code, "is no time" in called.err) == (2, True)


def test_a_name_that_nobody_has_is_a_refusal() -> None:
    """As the service says it."""
    failed = OperationFailed(NotFound(message="no table has a host EX9"))
    called = call("kill", "--host", "EX9", connection=PretendedConnection({Kill: failed}))
    assert (called.code, called.err) == (1, "bascule: no table has a host EX9\n")
