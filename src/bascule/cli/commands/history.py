"""`show counters --history`: what relays and their hosts carried in the last hours or days."""

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bascule.cli.screen import QUIET, styled
from bascule.cli.session import Session
from bascule.cli.sparkline import sparkline
from bascule.cli.wording import duration, moment, size
from bascule.service.failures import ExitCode
from bascule.service.measured import MOST_BUCKETS, HistoryRow, MeasuredHistory
from bascule.service.operations import ShowHistory

_HOUR: Final = 3600
_BLOCKS: Final = 40
"""Of a sparkline."""


def show_history(arguments: Namespace, session: Session) -> int:
    """Print a line for each relay and host; on a terminal with the course of its sessions, as JSON every part of it."""
    request = ShowHistory(
        relay=arguments.relay,
        host=arguments.host,
        seconds=arguments.last or _HOUR,
        buckets=MOST_BUCKETS if arguments.json else _BLOCKS,
    )
    answer = session.connect(arguments.socket).call(request)
    if arguments.json:
        for row in answer.rows:
            session.screen.json(row)
        return ExitCode.FINE
    now, drawn = session.now(), session.screen.draws()
    span = f"from {moment(answer.since, now)} to {moment(answer.until, now)}"
    if not answer.rows:
        session.screen.say(f"nothing was measured {span}")
        return ExitCode.FINE
    headings = ["Name", "New", "Sent", "Got", "Most sessions", *(["Sessions"] if drawn else [])]
    session.screen.table(headings, [_cells(of, answer, drawn=drawn) for of in _by_place(answer.rows).values()])
    parts = f", {duration(answer.step)} a block" if drawn else ""
    session.screen.say(styled(f"{span}{parts}", QUIET))
    return ExitCode.FINE


def _by_place(rows: Sequence[HistoryRow]) -> Mapping[tuple[str, str], Sequence[HistoryRow]]:
    found: dict[tuple[str, str], list[HistoryRow]] = {}
    for row in rows:
        found.setdefault((row.relay, row.address), []).append(row)
    return found


def _cells(rows: Sequence[HistoryRow], answer: MeasuredHistory, *, drawn: bool) -> Sequence[str]:
    last = rows[-1]
    name = f"  {last.name}" if last.address else f"{last.type} {last.name}"
    sent, got = sum(row.from_client for row in rows), sum(row.from_host for row in rows)
    most = max(row.sessions for row in rows)
    course = [sparkline(list(_course(rows, answer)))] if drawn else []
    return [name, str(sum(row.opened for row in rows)), size(sent), size(got), str(most), *course]


def _course(rows: Sequence[HistoryRow], answer: MeasuredHistory) -> Iterator[int | None]:
    """Yield the sessions of each bucket; None where nothing was measured."""
    known = {int((row.at - answer.since).total_seconds()) // answer.step: row.sessions for row in rows}
    for place in range(-(-int((answer.until - answer.since).total_seconds()) // answer.step)):
        yield known.get(place)
