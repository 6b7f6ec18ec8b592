"""`check` and `run`: what is done with a configuration in a file."""

from argparse import Namespace

from bascule.cli.report import complain, refused, report, summary
from bascule.cli.session import Session, read_source
from bascule.service.failures import ExitCode, OperationFailed
from bascule.service.offline import RunRequest


def check(arguments: Namespace, session: Session) -> int:
    """Print everything that is wrong or doubtful with a configuration on this machine."""
    source = read_source(session, arguments.file)
    diagnostics = session.offline(arguments.state).check(source.text, source.name)
    for line in report(diagnostics, source):
        session.screen.say(line)
    session.screen.say(summary(diagnostics, name=source.name))
    return ExitCode.REFUSED if refused(diagnostics) else ExitCode.FINE


def run(arguments: Namespace, session: Session) -> int:
    """Run a configuration in the foreground until a signal, or `stop`, ends it."""
    source = read_source(session, arguments.config)
    request = RunRequest(text=source.text, name=source.name, state=arguments.state, socket=arguments.socket)
    try:
        return session.offline(arguments.state).run(request)
    except OperationFailed as failed:
        return complain(session.screen, failed, source)
