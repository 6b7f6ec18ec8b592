"""`show sessions`, `kill`, `client` and `who`: the clients' sessions, listed, ended and looked up."""

import re
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Final, TypeAlias

from rich.text import Text

from bascule.cli.screen import DOUBTFUL, GOOD, QUIET, STRONG, styled
from bascule.cli.session import Session
from bascule.cli.source import UsageError
from bascule.cli.wording import counted, duration, size
from bascule.service.failures import ExitCode
from bascule.service.operations import AskClient, Kill, ShowSessions, Who
from bascule.service.results import ClientReport, Explanation
from bascule.service.sessions import SessionRow

_Column: TypeAlias = tuple[str, Callable[[SessionRow, datetime], str]]


_CLOCK: Final = re.compile(r"\d{2}:\d{2}(:\d{2})?")
"""A time of today, or of yesterday where it has not come yet."""


def show_sessions(arguments: Namespace, session: Session) -> int:
    """Print the sessions that live, and how many there are where not all are listed."""
    request = ShowSessions(
        client=arguments.client,
        host=arguments.host,
        relay=arguments.relay,
        sort=arguments.sort,
        limit=arguments.limit,
    )
    answer = session.connect(arguments.socket).call(request)
    if arguments.json:
        for row in answer.sessions:
            session.screen.json(row)
        return ExitCode.FINE
    _table(session, answer.sessions, _LIVING)
    if len(answer.sessions) < answer.total:
        session.screen.say(styled(f"{len(answer.sessions)} of {counted(answer.total, 'session')}", QUIET))
    return ExitCode.FINE


def kill(arguments: Namespace, session: Session) -> int:
    """End sessions, and say how many."""
    chosen = {name: getattr(arguments, name) for name in ("client", "host", "relay", "id", "all")}
    request = Kill(**chosen)
    answer = session.connect(arguments.socket).call(request)
    if arguments.json:
        session.screen.json({"sessions": answer.sessions})
    else:
        session.screen.say(f"{counted(answer.sessions, 'session')} ended")
    return ExitCode.FINE


def client(arguments: Namespace, session: Session) -> int:
    """Print everything about one client."""
    report = session.connect(arguments.socket).call(AskClient(address=arguments.address))
    if arguments.json:
        session.screen.json({name: getattr(report, name) for name in report.__struct_fields__})
        return ExitCode.FINE
    session.screen.say(*_headline(report))
    for service in report.services:
        session.screen.say("  ", *_service(service))
    for limit in report.limits:
        session.screen.say(styled("limit: ", DOUBTFUL), limit)
    for title, rows, columns, total in (
        ("Lives", report.sessions, _LIVING, report.total),
        ("Ended within the last hour", report.ended, _ENDED, report.ended_total),
    ):
        if rows:
            rest = f" ({len(rows)} of {total})" if len(rows) < total else ""
            session.screen.say(styled(f"{title}{rest}:", STRONG))
            _table(session, rows, columns)
    _say_notes(session, report.notes)
    return ExitCode.FINE


def who(arguments: Namespace, session: Session) -> int:
    """Print the clients behind an address and port in a host's log; exit code 1 where there is none."""
    address, port = arguments.source
    answer = session.connect(arguments.socket).call(Who(source=address, port=port, at=_time(arguments.at, session.now())))
    if arguments.json:
        for row in answer.sessions:
            session.screen.json(row)
    elif answer.sessions:
        _table(session, answer.sessions, _ENDED)
    else:
        session.screen.say("no session is known of that address and port" + (" at that time" if arguments.at else ""))
    if not arguments.json:
        _say_notes(session, answer.notes)
    return ExitCode.FINE if answer.sessions else ExitCode.REFUSED


def _time(words: Sequence[str], now: datetime) -> datetime | None:
    """Return the time that `at TIME` says, in this machine's zone where it names none; None where nothing is said."""
    if not words:
        return None
    said = " ".join(words[1:]) if words[0] == "at" else ""
    try:
        if _CLOCK.fullmatch(said):
            today = datetime.combine(now.astimezone().date(), time.fromisoformat(said)).astimezone()
            return today if today <= now else today - timedelta(days=1)
        return datetime.fromisoformat(said).astimezone()
    except ValueError:
        raise UsageError(f"{' '.join(words)!r} is no time: say at 14:05, or at 2026-03-01T14:05:30") from None


def _table(session: Session, rows: Sequence[SessionRow], columns: Sequence[_Column]) -> None:
    now = session.now()
    session.screen.table(
        [heading for heading, _ in columns],
        [[cell(row, now) for _, cell in columns] for row in rows],
    )


def _headline(report: ClientReport) -> Iterator[Text | str]:
    yield styled(report.address, STRONG)
    yield f": {counted(report.total, 'session')} now, {counted(report.ended_total, 'session')} ended within the last hour, "
    yield f"{size(report.from_client)} from it, {size(report.from_host)} to it"


def _service(said: Explanation) -> Iterator[Text | str]:
    yield f"{said.relay or 'no relay'} (port {said.port})"
    yield styled(f" -> {said.host}", GOOD) if said.host else ""
    yield f": {said.reason}"


def _say_notes(session: Session, notes: Sequence[str]) -> None:
    for note in notes:
        session.screen.say(styled("note: ", DOUBTFUL), note)


def _since(row: SessionRow, _: datetime) -> str:
    return "" if row.since is None else _moment(row.since)


def _ended(row: SessionRow, _: datetime) -> str:
    return "" if row.ended is None else _moment(row.ended)


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def _age(row: SessionRow, now: datetime) -> str:
    return "" if row.since is None else duration((now - row.since).total_seconds())


def _idle(row: SessionRow, _: datetime) -> str:
    return "" if row.idle is None else duration(row.idle)


_WHO: Final[Sequence[_Column]] = (
    ("Client", lambda row, _: row.client),
    ("Relay", lambda row, _: row.relay),
    ("Host", lambda row, _: row.host),
)
_BYTES: Final[Sequence[_Column]] = (
    ("Sent", lambda row, _: size(row.from_client)),
    ("Got", lambda row, _: size(row.from_host)),
    ("State", lambda row, _: row.state),
)
_SOURCE: Final[_Column] = ("Source", lambda row, _: row.source)
_ID: Final[_Column] = ("Id", lambda row, _: row.id)
_LIVING: Final = (*_WHO, ("Path", lambda row, _: row.path), ("Age", _age), ("Idle", _idle), *_BYTES, _SOURCE, _ID)
_ENDED: Final = (*_WHO, ("Since", _since), ("Ended", _ended), *_BYTES, _SOURCE)
