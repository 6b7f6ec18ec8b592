"""`show counters`: what relays and their hosts have carried, and what comes in a second."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from bascule.cli.commands.history import show_history
from bascule.cli.screen import QUIET, styled
from bascule.cli.session import Session
from bascule.cli.source import UsageError
from bascule.cli.wording import size
from bascule.service.counters import CounterRow
from bascule.service.failures import ExitCode
from bascule.service.operations import ShowCounters, WatchCounters
from bascule.service.results import Counters

_Column: TypeAlias = tuple[str, Callable[[CounterRow], str]]

_MANY: Final = 10
"""From this rate on it is told without a digit behind the point."""


def show_counters(arguments: Namespace, session: Session) -> int:
    """Print the counters, with `--watch` again and again; with `--history` those of the last hours or days."""
    if arguments.history:
        return show_history(arguments, session)
    if arguments.relay or arguments.host or arguments.last:
        raise UsageError("--relay, --host and --last are about --history")
    connection = session.connect(arguments.socket)
    if not arguments.watch:
        _print(arguments, session, connection.call(ShowCounters()))
        return ExitCode.FINE
    for answer in connection.stream(WatchCounters()):
        if not arguments.json:
            session.screen.say(styled(session.now().astimezone().isoformat(sep=" ", timespec="seconds"), QUIET))
        _print(arguments, session, answer)
        session.screen.flush()
    return ExitCode.FINE


def _print(arguments: Namespace, session: Session, answer: Counters) -> None:
    if arguments.json:
        for row in answer.rows:
            session.screen.json(row)
        return
    session.screen.table([heading for heading, _ in _COLUMNS], [[cell(row) for _, cell in _COLUMNS] for row in answer.rows])
    session.screen.say(styled(f"counted since {answer.since.astimezone():%Y-%m-%d %H:%M:%S}", QUIET))
    for note in answer.notes:
        session.screen.say(styled(note, QUIET))


def _name(row: CounterRow) -> str:
    return f"  {row.name}" if row.address else f"{row.type} {row.name}"


def _rate(number: float) -> str:
    return f"{number:.0f}" if number >= _MANY or not number else f"{number:.1f}"


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _checks(row: CounterRow) -> str:
    said = "" if row.checks_all is None else f"{row.checks_up}/{row.checks_all}"
    return f"{said} {row.reason}".strip()


_COLUMNS: Final[Sequence[_Column]] = (
    ("Name", _name),
    ("Sessions", lambda row: str(row.sessions)),
    ("New/s", lambda row: _rate(row.opened_rate)),
    ("All", lambda row: str(row.opened)),
    ("Sent", lambda row: size(row.from_client)),
    ("Sent/s", lambda row: size(round(row.from_client_rate))),
    ("Got", lambda row: size(row.from_host)),
    ("Got/s", lambda row: size(round(row.from_host_rate))),
    ("Refused", lambda row: _number(row.refused)),
    ("Failed", lambda row: str(row.failed)),
    ("Checks", _checks),
)
