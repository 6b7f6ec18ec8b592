"""`alert test`: whether those whom alerts tell can be told."""

from argparse import Namespace

from bascule.cli.screen import BAD, DOUBTFUL, GOOD, styled
from bascule.cli.session import Session
from bascule.service.alerts import TryAlert
from bascule.service.failures import ExitCode


def test(arguments: Namespace, session: Session) -> int:
    """Have a test sent, and print what each of them answered; one that was not told is no success."""
    rows = session.connect(arguments.socket).call(TryAlert(name=arguments.name)).rows
    for row in rows:
        if arguments.json:
            session.screen.json(row)
        else:
            how = styled(row.fault, BAD) if row.fault else styled("delivered", GOOD)
            session.screen.say(f'alert "{row.alert}" to {row.to}: ', how)
    if not rows and not arguments.json:
        session.screen.say(styled("no alert tells anybody", DOUBTFUL))
    return ExitCode.MACHINE if any(row.fault for row in rows) else ExitCode.FINE
