"""From rows of a history to drawings."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from bascule.service.measured import HistoryMark, HistoryRow, MeasuredHistory
from bascule.web.charts.course import by_place, charts, sessions

SINCE = datetime(2026, 3, 1, 10, tzinfo=UTC)


def row(minute: int, *, relay: str = "HTTPS", name: str = "", **more: Any) -> HistoryRow:
    """Return a minute of a relay, or of a host of it."""
    counts = {"opened": 60, "from_client": 600, "from_host": 6000, "sessions": 5} | more
    kind, address = ("host", f"{name}:443") if name else ("relay", "")
    return HistoryRow(
        at=SINCE + timedelta(minutes=minute), type=kind, relay=relay, name=name or relay, address=address, **counts
    )


def history(*rows: HistoryRow, minutes: float = 4, marks: tuple[HistoryMark, ...] = ()) -> MeasuredHistory:
    """Return an answer by the minute."""
    return MeasuredHistory(since=SINCE, until=SINCE + timedelta(minutes=minutes), step=60, rows=rows, marks=marks)


def test_figures_are_by_the_second() -> None:
    """Rates of what adds up, means of checks; what nothing is known of has no drawing."""
    found = charts(history(row(0), row(3), row(0, name="EX1", checks=4, ups=3, took=0.02)), UTC)
    values = {chart.name: {line.name: list(line.values) for line in chart.lines} for chart in found}
    assert values["sessions"] == {"HTTPS": [5, None, None, 5], "EX1": [5, None, None, None]}
    assert values["connections"]["HTTPS"] == [1, None, None, 1]
    assert values["sent"]["HTTPS"][0] == 10
    assert values["got"]["HTTPS"][0] == 100
    assert values["latency"]["EX1"][0] == 5
    assert values["availability"]["EX1"][0] == 75
    assert {chart.name for chart in charts(history(row(0)), UTC)} == {"sessions", "connections", "sent", "got"}
    assert charts(history(), UTC) == []


def test_the_last_step_may_be_short() -> None:
    """Its rate is over the time that it has had."""
    found = charts(history(row(0), row(3, opened=15), minutes=3.25), UTC)
    assert next(chart for chart in found if chart.name == "connections").lines[0].values == [1, None, None, 1]


def test_the_busiest_are_drawn() -> None:
    """After the sum of all; no more than there are colours."""
    rows = [row(0, relay="", sessions=1), *(row(0, relay=f"R{number}", sessions=number) for number in range(20))]
    assert [place.relay for place in by_place(history(*rows))] == ["", *(f"R{number}" for number in range(19, 12, -1))]


def test_hosts_of_several_relays_are_told_apart() -> None:
    """By their relay's name."""
    found = charts(history(row(0, name="EX1"), row(0, name="EX1", relay="IMAP"), row(0, relay="IMAP")), UTC)
    assert [line.name for line in found[0].lines] == ["IMAP", "EX1, HTTPS", "EX1, IMAP"]


def test_what_happened_is_marked() -> None:
    """In the zone of whoever looks."""
    down = HistoryMark(at=SINCE, event="host", state="down", words="EX1 is down")
    loaded = HistoryMark(at=SINCE, event="configuration", state="loaded", words="revision 7")
    up = HistoryMark(at=SINCE, event="host", state="up", words="EX1 is up")
    (first, *_) = charts(history(row(0), marks=(down, loaded, up)), timezone(timedelta(hours=2)))
    assert [(mark.kind, mark.at.hour) for mark in first.marks] == [("bad", 12), ("change", 12), ("good", 12)]
    assert first.since.hour == 12


def test_a_line_for_a_name() -> None:
    """Its sessions, step by step."""
    told = history(row(0, sessions=3), row(2, sessions=4))
    assert sessions(told, told.rows) == [3, None, 4, None]
