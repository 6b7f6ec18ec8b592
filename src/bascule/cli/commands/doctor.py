"""`doctor`: what is wrong with what runs, and what to do."""

from argparse import Namespace

from bascule.cli.report import SEVERITY_STYLES
from bascule.cli.screen import GOOD, QUIET, styled
from bascule.cli.session import Session
from bascule.service.failures import ExitCode
from bascule.service.operations import AskDoctor


def doctor(arguments: Namespace, session: Session) -> int:
    """Print what was found, a sentence and what to do about it a line."""
    findings = session.connect(arguments.socket).call(AskDoctor()).findings
    for finding in findings:
        if arguments.json:
            session.screen.json(finding)
        else:
            severity = styled(f"{finding.severity}: ", SEVERITY_STYLES[finding.severity])
            session.screen.say(severity, finding.message, styled(f" ({finding.hint})" if finding.hint else "", QUIET))
    if not findings and not arguments.json:
        session.screen.say(styled("nothing found", GOOD))
    return ExitCode.DEGRADED if findings else ExitCode.FINE
