"""`check`, `format` and `run`: what is done with a configuration in a file."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from bascule.cli.paths import published
from bascule.cli.report import complain, refused, report, summary
from bascule.cli.session import Session
from bascule.cli.source import Source, UsageError, read_source, replace_source
from bascule.config.diagnostics import Diagnostic
from bascule.config.format import format_text
from bascule.config.load import load
from bascule.config.parser import parse
from bascule.service.deployment import CheckText, ShowCopy
from bascule.service.failures import ExitCode, OperationFailed, Rejected
from bascule.service.offline import RunRequest


def check(arguments: Namespace, session: Session) -> int:
    """Print everything that is wrong or doubtful with a configuration, or the working copy, on this machine."""
    if arguments.file is None:
        connection = session.connect(arguments.socket)
        source = Source("your working copy", connection.call(ShowCopy()).text.encode())
        diagnostics: Sequence[Diagnostic] = connection.call(CheckText(text=source.text)).diagnostics
    else:
        source = read_source(arguments.file, session.stdin)
        diagnostics = session.offline(arguments.state).check(source.text, source.name)
    for line in report(diagnostics, source):
        session.screen.say(line)
    session.screen.say(summary(diagnostics, name=source.name))
    return ExitCode.REFUSED if refused(diagnostics) else ExitCode.FINE


def format_file(arguments: Namespace, session: Session) -> int:
    """Print a configuration in its usual form, or bring the file itself into it."""
    source = read_source(arguments.file, session.stdin)
    wrong = _wrong_form(source)
    if wrong:
        return complain(session.screen, OperationFailed(Rejected(diagnostics=tuple(wrong))), source)
    formatted = format_text(source.text.decode())
    if not arguments.write:
        session.screen.copy(formatted)
    elif arguments.file == "-":
        raise UsageError("standard input cannot be written to")
    elif formatted.encode() != source.text:
        replace_source(arguments.file, formatted.encode())
    return ExitCode.FINE


def _wrong_form(source: Source) -> Sequence[Diagnostic]:
    """Return why nobody knows what a text means to say; what it says may still be wrong."""
    try:
        return parse(source.text.decode()).diagnostics
    except UnicodeDecodeError:
        return load(source.text).diagnostics


def run(arguments: Namespace, session: Session) -> int:
    """Run a configuration in the foreground until a signal, or `stop`, ends it."""
    if arguments.config is None:
        kept = RunRequest(state=arguments.state, socket=arguments.socket, published=published(arguments.state))
        return session.offline(arguments.state).run(kept)
    source = read_source(arguments.config, session.stdin)
    request = RunRequest(
        text=source.text,
        name=source.name,
        state=arguments.state,
        socket=arguments.socket,
        path=None if arguments.config == "-" else Path(arguments.config).absolute(),
    )
    try:
        return session.offline(arguments.state).run(request)
    except OperationFailed as failed:
        return complain(session.screen, failed, source)
