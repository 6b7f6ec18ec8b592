"""`show counters --history`, as it is printed."""

import json
from datetime import timedelta

import pytest

from bascule.service.measured import HistoryRow, MeasuredHistory
from bascule.service.operations import ShowHistory
from cli.calling import NOW, PretendedConnection, call


def row(minute: int, name: str, sessions: int, address: str = "") -> HistoryRow:
    """Return some minutes of a relay, or of a host of it."""
    at = NOW + timedelta(minutes=minute - 10)
    kind = "host" if address else "relay"
    counts = {"opened": 2, "from_client": 1024, "from_host": 2048}
    return HistoryRow(at=at, type=kind, relay="HTTPS", name=name, address=address, sessions=sessions, **counts)


ANSWER = MeasuredHistory(
    since=NOW - timedelta(minutes=10),
    until=NOW,
    step=120,
    rows=(
        *(row(minute, "HTTPS", sessions) for minute, sessions in ((0, 8), (2, 4), (8, 0))),
        row(2, "EX1", 4, "10.2.0.11:443"),
    ),
)
NOTHING = MeasuredHistory(since=ANSWER.since, until=NOW, step=60)


def history(*options: str, answer: MeasuredHistory = ANSWER, terminal: bool = False) -> tuple[str, ShowHistory]:
    """Return what is printed, and what was asked."""
    connection = PretendedConnection({ShowHistory: answer})
    called = call("show", "counters", "--history", *options, connection=connection, terminal=terminal)
    (asked,) = connection.asked
    assert called.code == 0
    assert isinstance(asked, ShowHistory)
    return called.out, asked


def test_a_pipe_gets_plain_sums() -> None:
    """Each relay before its hosts, with the time that they are of."""
    out, asked = history()
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines == [
        "Name New Sent Got Most sessions",
        "relay HTTPS 6 3.0 KiB 6.0 KiB 8",
        "EX1 2 1.0 KiB 2.0 KiB 4",
        "from 11:50 to 12:00",
    ]
    assert (asked.seconds, asked.relay, asked.host) == (3600, None, None)


def test_a_terminal_draws_the_course() -> None:
    """A block for each part of the time, blank where nothing was measured."""
    out, _ = history(terminal=True)
    assert "█▅  ▁" in out
    assert " █" in out.splitlines()[2]
    assert "2m a block" in out


def test_json_has_a_line_for_each_part() -> None:
    """Every minute, as far as an answer holds it."""
    out, asked = history("--json", "--last", "2h", "--relay", "HTTPS", "--host", "EX1")
    rows = list(map(json.loads, out.splitlines()))
    assert [(each["type"], each["sessions"]) for each in rows] == [("relay", 8), ("relay", 4), ("relay", 0), ("host", 4)]
    assert rows[0]["at"] == "2026-03-01T11:50:00Z"
    assert (asked.seconds, asked.relay, asked.host, asked.buckets) == (7200, "HTTPS", "EX1", 10_080)


def test_nothing_is_said() -> None:
    """With the time that it was looked for in."""
    assert history(answer=NOTHING)[0] == "nothing was measured from 11:50 to 12:00\n"


@pytest.mark.parametrize("last", ["59", "366d", "soon"])
def test_a_time_that_is_not_kept_is_a_mistake(last: str) -> None:
    """Said before anybody is asked."""
    with pytest.raises(SystemExit) as ended:
        call("show", "counters", "--history", "--last", last)
    assert ended.value.code == 2


def test_what_belongs_to_the_history_is_refused_without_it() -> None:
    """Rather than ignored."""
    called = call("show", "counters", "--last", "2h")
    assert (called.code, called.err) == (2, "bascule: --relay, --host and --last are about --history\n")
