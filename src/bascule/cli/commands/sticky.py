"""`show sticky` and `sticky forget`: the clients whose host is remembered."""

from argparse import Namespace

from bascule.cli.screen import QUIET, styled
from bascule.cli.session import Session
from bascule.cli.wording import counted, duration
from bascule.service.failures import ExitCode
from bascule.service.operations import ForgetSticky, ShowSticky


def show_sticky(arguments: Namespace, session: Session) -> int:
    """Print the clients that stay with a host, and for how long."""
    request = ShowSticky(client=arguments.client, relay=arguments.relay)
    answer = session.connect(arguments.socket).call(request)
    if arguments.json:
        for row in answer.clients:
            session.screen.json(row)
        return ExitCode.FINE
    session.screen.table(
        ("Client", "Host", "Address", "Relay", "For"),
        [(row.client, row.host, row.address, row.relay, duration(row.remaining)) for row in answer.clients],
    )
    if len(answer.clients) < answer.total:
        session.screen.say(styled(f"{len(answer.clients)} of {counted(answer.total, 'client')}", QUIET))
    return ExitCode.FINE


def forget(arguments: Namespace, session: Session) -> int:
    """Have clients dealt a host anew at their next connection."""
    request = ForgetSticky(client=arguments.client, all=arguments.all, relay=arguments.relay)
    answer = session.connect(arguments.socket).call(request)
    session.screen.say(f"{counted(answer.clients, 'client')} forgotten: the next connection is dealt a host anew")
    return ExitCode.FINE
