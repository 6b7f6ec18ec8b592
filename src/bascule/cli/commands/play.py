"""`demo`: the balancer in front of simulated servers."""

from argparse import Namespace

from bascule.cli.demo import run_demo
from bascule.cli.session import Session


def demo(arguments: Namespace, _: Session) -> int:
    """Play the demo."""
    return run_demo(once=arguments.once)
