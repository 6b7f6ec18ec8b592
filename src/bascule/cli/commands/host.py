"""`host`: what an administrator orders of a host while everything runs."""

from argparse import Namespace

from bascule.cli.screen import DOUBTFUL, styled
from bascule.cli.session import Session
from bascule.service.failures import ExitCode
from bascule.service.operations import HostAction, OrderHost


def host(arguments: Namespace, session: Session) -> int:
    """Give the order, and say what came of it."""
    action = HostAction(f"force {arguments.forced}" if arguments.action == "force" else arguments.action)
    ordered = session.connect(arguments.socket).call(
        OrderHost(
            action=action,
            host=arguments.host,
            relay=arguments.relay,
            seconds=arguments.seconds,
            reason=arguments.reason,
        )
    )
    session.screen.say(ordered.sentence)
    for warning in ordered.warnings:
        session.screen.say(styled("warning: ", DOUBTFUL), warning)
    return ExitCode.FINE
