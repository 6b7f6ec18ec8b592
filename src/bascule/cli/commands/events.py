"""`monitor`, `show log` and `show audit`: what happens, what happened, and who did it."""

from argparse import Namespace
from collections.abc import Sequence
from typing import Final

from rich.text import Text

from bascule.cli.screen import DOUBTFUL, QUIET, styled
from bascule.cli.session import Session
from bascule.service.events import Event, Grade
from bascule.service.failures import ExitCode
from bascule.service.operations import Monitor, ShowAudit, ShowLog
from bascule.service.results import Events

_STYLES: Final = {Grade.INFO: "", Grade.WARNING: DOUBTFUL}


def monitor(arguments: Namespace, session: Session) -> int:
    """Print every event as it happens, until ctrl-C."""
    return _follow(arguments, session, Monitor(sessions=arguments.sessions))


def show_log(arguments: Namespace, session: Session) -> int:
    """Print what happened last and, where that is asked for, go on with what happens."""
    if arguments.follow:
        return _follow(arguments, session, Monitor(last=arguments.last))
    _print(arguments, session, session.connect(arguments.socket).call(ShowLog(last=arguments.last)))
    return ExitCode.FINE


def show_audit(arguments: Namespace, session: Session) -> int:
    """Print who changed what, and who was refused, the newest last."""
    for row in reversed(session.connect(arguments.socket).call(ShowAudit(last=arguments.last)).rows):
        if arguments.json:
            session.screen.json({name: getattr(row, name) for name in row.__struct_fields__})
            continue
        time = row.at.astimezone(session.now().tzinfo).isoformat(sep=" ", timespec="seconds")
        refused = styled(f": refused, {row.refused}", DOUBTFUL) if row.refused else ""
        session.screen.say(styled(time, QUIET), f"  {row.user} (uid {row.uid}, pid {row.pid}) {row.words}", refused)
    return ExitCode.FINE


def _follow(arguments: Namespace, session: Session, request: Monitor) -> int:
    for answer in session.connect(arguments.socket).stream(request):
        _print(arguments, session, answer)
        session.screen.flush()
    return ExitCode.FINE


def _print(arguments: Namespace, session: Session, answer: Events) -> None:
    if answer.lost:
        session.screen.complain("bascule: ", f"{answer.lost} events were lost: this reader is too slow")
    for event in answer.events:
        if arguments.json:
            session.screen.json(event)
        else:
            session.screen.say(*_line(event))


def _line(event: Event) -> Sequence[Text | str]:
    time = event.time.astimezone().isoformat(sep=" ", timespec="seconds")
    return styled(time, QUIET), "  ", styled(event.words, _STYLES[event.grade])
