"""`status`, `poll`, `reload`, `stop` and `clear`: how the running Bascule goes, what it shall do now, and its end."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from rich.text import Text

from bascule.cli.progress import followed
from bascule.cli.report import SEVERITY_STYLES
from bascule.cli.screen import BAD, DOUBTFUL, GOOD, QUIET, styled
from bascule.cli.session import Session
from bascule.cli.wording import counted, duration, ordered
from bascule.service.client import NotRunningError
from bascule.service.failures import ExitCode
from bascule.service.operations import Clear, Poll, Reload, Status, Stop
from bascule.service.results import AdminPlace, Level, StatusReport

_EXIT_CODES: Final = {Level.OK: ExitCode.FINE, Level.DEGRADED: ExitCode.DEGRADED, Level.DOWN: ExitCode.DOWN}
_STYLES: Final = {Level.OK: GOOD, Level.DEGRADED: DOUBTFUL, Level.DOWN: BAD}
_LABEL: Final = 15


def status(arguments: Namespace, session: Session) -> int:
    """Say in one sentence how it goes, then what stands behind it."""
    try:
        report = session.connect(arguments.socket).call(Status())
    except NotRunningError as nobody:
        if arguments.json:
            session.screen.json({"level": Level.DOWN, "sentence": str(nobody)})
        else:
            session.screen.say(*_headline(Level.DOWN, str(nobody)))
        return ExitCode.DOWN
    if arguments.json:
        session.screen.json({name: getattr(report, name) for name in report.__struct_fields__})
    else:
        for line in _lines(report, session.now()):
            session.screen.say(*line)
    return _EXIT_CODES[report.level]


def poll(arguments: Namespace, session: Session) -> int:
    """Have every host checked now, and say how that went."""
    polled = followed(arguments, session, Poll())
    down = polled.checks - polled.up - polled.late
    late = f", {polled.late} did not answer in time" if polled.late else ""
    session.screen.say(f"{counted(polled.checks, 'check')}: {polled.up} good, {down} bad{late}")
    return ExitCode.FINE


def reload(arguments: Namespace, session: Session) -> int:
    """Have the configuration read again; where it is refused, say why, and what runs goes on."""
    reloaded = followed(arguments, session, Reload())
    for warning in reloaded.warnings:
        session.screen.say(warning.render(reloaded.configuration))
    session.screen.say(reloaded.sentence)
    return ExitCode.FINE


def stop(arguments: Namespace, session: Session) -> int:
    """End the parent, and say what goes on without it."""
    session.screen.say(session.connect(arguments.socket).call(Stop()).sentence)
    return ExitCode.FINE


def clear(arguments: Namespace, session: Session) -> int:
    """Take everything of ours from the machine, with the running Bascule's help where one runs."""
    try:
        cleared = followed(arguments, session, Clear())
    except NotRunningError:
        cleared = session.offline(arguments.state).clear(arguments.state, arguments.socket)
    for step in cleared.done:
        session.screen.say(step)
    for rest in cleared.left:
        session.screen.say(styled("left: ", DOUBTFUL), rest)
    if not cleared.done and not cleared.left:
        session.screen.say("nothing of Bascule's was there")
    return ExitCode.FINE


def _headline(level: Level, sentence: str) -> Sequence[Text | str]:
    return styled(f"{level}: ", _STYLES[level]), sentence


def _lines(report: StatusReport, now: datetime) -> Iterator[Sequence[Text | str]]:
    yield _headline(report.level, report.sentence)
    age = duration((now - report.since).total_seconds())
    yield _label("configuration"), f"{report.configuration}, in effect for {age}"
    yield _label("process"), f"{report.pid}, version {report.version}"
    yield _label("relays"), f"{report.relays_active} of {report.relays} active"
    yield _label("hosts"), f"{report.hosts_up} of {report.hosts} up"
    for use in report.engines:
        yield _label(f"engine {use.engine}"), f"{counted(use.relays, 'relay')}: {use.reason}"
    for line in _admin(report.admin):
        yield _label("admin server"), line
    if report.pending is not None:
        left = duration(max(0.0, (report.pending.until - now).total_seconds()))
        fate = f"taken back in {left} unless it is committed" if report.pending.stage == "testing" else "being taken back"
        yield _label("deployment"), f"of {report.pending.author}: {fate}"
    for order in report.orders:
        where = f" in relay {order.relay}" if order.relay else ""
        yield _label("order"), f"{order.host}{where}: {ordered(order, now)}"
    for words in report.maintenance:
        yield _label("maintenance"), words
    for change in report.recent:
        yield _label("changed"), f"{change.at.astimezone(now.tzinfo):%H:%M:%S} {change.words}"
    for finding in report.findings:
        yield styled(f"{finding.severity}: ", SEVERITY_STYLES[finding.severity]), finding.message


def _admin(places: Sequence[AdminPlace]) -> Iterator[str]:
    """Yield where administrators find the admin server, then each certificate that it shows there."""
    shown: dict[str, str] = {}
    for place in places:
        host = f"[{place.address}]" if place.version == 6 else place.address  # noqa: PLR2004 - IP version
        where = f"https://{host}:{place.port}" if place.address else f"port {place.port} of every address"
        shown[where + (", until the commit" if place.until_commit else "")] = place.fingerprint
    yield from shown
    for fingerprint in dict.fromkeys(shown.values()):
        here = "" if len(set(shown.values())) == 1 else f" at {', '.join(w for w in shown if shown[w] == fingerprint)}"
        yield f"certificate{here}, SHA-256 {fingerprint}"


def _label(text: str) -> Text:
    return styled(text.ljust(_LABEL), QUIET)
