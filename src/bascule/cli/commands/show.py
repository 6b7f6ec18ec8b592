"""`show`: relays, tables and hosts in relayctl's columns, and the rules that carry them."""

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from rich.text import Text

from bascule.cli.screen import BAD, DOUBTFUL, GOOD, QUIET, styled
from bascule.cli.session import Session
from bascule.cli.views import VIEWS, GatewayView, HostView, TableView, View
from bascule.cli.wording import counted, duration, ordered
from bascule.service.failures import ExitCode
from bascule.service.firewall import ShowFirewall, WalkRow
from bascule.service.operations import Monitor, ShowDrift, ShowRelays
from bascule.service.results import Relays

Column: TypeAlias = tuple[str, Callable[[Any, datetime], Text | str]]

_STYLES: Final = {
    "up": GOOD,
    "active": GOOD,
    "down": BAD,
    "empty": BAD,
    "unknown": DOUBTFUL,
    "maintenance": DOUBTFUL,
    "drained": DOUBTFUL,
    "disabled": DOUBTFUL,
}


def show(arguments: Namespace, session: Session) -> int:
    """Print one of the views of the relays; with `--watch` again and again."""
    connection = session.connect(arguments.socket)
    if not arguments.watch:
        _print(arguments, session, connection.call(ShowRelays()))
        return ExitCode.FINE
    for _ in connection.stream(Monitor()):  # the first answer comes at once, and says that nothing has happened yet
        if not arguments.json:
            session.screen.say(styled(session.now().astimezone().isoformat(sep=" ", timespec="seconds"), QUIET))
        _print(arguments, session, connection.call(ShowRelays()))
        session.screen.flush()
    return ExitCode.FINE


def _print(arguments: Namespace, session: Session, relays: Relays) -> None:
    rows = list(VIEWS[arguments.view](relays))
    if arguments.json:
        for row in rows:
            session.screen.json(row)
        return
    columns = (*_FIRST, _ORDERED if arguments.view == "summary" else _PLAIN, *_MORE[arguments.view])
    now = session.now()
    session.screen.table(
        [heading for heading, _ in columns],
        [[cell(row, now) for _, cell in columns] for row in rows],
    )


def show_drift(arguments: Namespace, session: Session) -> int:
    """Say how the machine differs from what it should be; a script knows by the exit code."""
    found = session.connect(arguments.socket).call(ShowDrift()).differences
    for difference in found:
        session.screen.say(difference)
    if not found:
        session.screen.say("the machine is as it should be")
    return ExitCode.DEGRADED if found else ExitCode.FINE


def show_firewall(arguments: Namespace, session: Session) -> int:
    """Print the rules of the firewall, or those that the kernel has from us, with what caused each."""
    request = ShowFirewall(kernel=arguments.kernel, counters=arguments.counters)
    answer = session.connect(arguments.socket).call(request)
    if arguments.json:
        for row in (*answer.walk, *answer.rules):
            session.screen.json(row)
        return ExitCode.FINE
    if answer.walk:
        _walk(session, answer.walk, counters=arguments.counters)
    if answer.rules:
        rows = [(rule.chain, _cause(rule.cause, rule.line), rule.rule) for rule in answer.rules]
        session.screen.table(("Chain", "Cause", "Rule"), rows)
    if answer.note:
        session.screen.say(styled(answer.note, QUIET))
    return ExitCode.FINE


def _walk(session: Session, walk: Sequence[WalkRow], *, counters: bool) -> None:
    """Print the rules in the order in which they are asked; those that nobody wrote are quiet."""
    headings = ("No", "Rule", "Line", "Cause or label", "Packets")
    rows = [
        (
            str(row.number),
            styled(row.rule, QUIET if row.cause else ""),
            "" if row.line is None else str(row.line),
            styled(row.cause, QUIET) if row.cause else row.label,
            "" if row.packets is None else str(row.packets),
        )
        for row in walk
    ]
    session.screen.table(headings if counters else headings[:-1], [row if counters else row[:-1] for row in rows])


def _cause(cause: str, line: int | None) -> str:
    return cause if line is None else f"{cause}, line {line}"


def _status(row: View, _: datetime) -> Text:
    said = f"{row.status} ({counted(row.hosts_up, 'host')})" if isinstance(row, TableView) and row.hosts_up else row.status
    return styled(said, _STYLES.get(row.status, ""))


def _ordered_status(row: View, now: datetime) -> Text:
    """Return the status, in the words of the order where there is one."""
    if isinstance(row, HostView) and row.order is not None:
        return styled(ordered(row.order, now), _STYLES.get(row.status, ""))
    return _status(row, now)


def _reason(row: HostView, now: datetime) -> str:
    said = [] if row.order is None else [ordered(row.order, now)]
    return "; ".join([*said, *([row.reason] if row.reason else []), *row.warnings])


def _availability(row: View, _: datetime) -> str:
    return "" if row.availability is None else f"{row.availability:.2f}%"


def _since(row: HostView | GatewayView, now: datetime) -> str:
    return "" if row.since is None else duration((now - row.since).total_seconds())


_FIRST: Final[Sequence[Column]] = (
    ("Id", lambda row, _: str(row.id)),
    ("Type", lambda row, _: row.type),
    ("Name", lambda row, _: row.name),
    ("Avlblty", _availability),
)
_PLAIN: Final[Column] = ("Status", _status)
_ORDERED: Final[Column] = ("Status", _ordered_status)
_MORE: Final[Mapping[str, Sequence[Column]]] = MappingProxyType(
    {
        "summary": (),
        "relays": (
            ("Listens", lambda row, _: " ".join(row.listens)),
            ("Tables", lambda row, _: " ".join(row.tables)),
            ("Engine", lambda row, _: row.engine),
            ("Sessions", lambda row, _: str(row.sessions)),
            ("Timeout", lambda row, _: duration(row.session_timeout)),
        ),
        "tables": (
            ("Hosts", lambda row, _: f"{row.hosts_up}/{row.hosts}"),
            ("Relay", lambda row, _: row.relay),
            ("Mode", lambda row, _: row.mode),
            ("Check", lambda row, _: row.check),
        ),
        "hosts": (
            ("Checks", lambda row, _: f"{row.checks_up}/{row.checks_all}" if row.checks_all else ""),
            ("For", _since),
            ("Sessions", lambda row, _: str(row.sessions)),
            ("Address", lambda row, _: row.address),
            ("Table", lambda row, _: row.table),
            ("Relay", lambda row, _: row.relay),
            ("Reason", _reason),
        ),
        "routers": (
            ("Routes", lambda row, _: " ".join(row.routes)),
            ("Gateway", lambda row, _: f"{row.address} on {row.interface}" if isinstance(row, GatewayView) else ""),
            ("For", lambda row, now: _since(row, now) if isinstance(row, GatewayView) else ""),
            ("Reason", lambda row, _: row.reason if isinstance(row, GatewayView) else row.check),
        ),
    }
)
