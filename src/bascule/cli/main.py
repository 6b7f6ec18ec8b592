"""The command line, from its arguments to an exit code."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TextIO

from bascule.cli.arguments import parser
from bascule.cli.paths import default_places
from bascule.cli.performing import perform
from bascule.cli.screen import Screen
from bascule.cli.session import Connect, MakeOffline, Session
from bascule.service.client import Client


def main(
    argv: Sequence[str],
    *,
    offline: MakeOffline,
    uid: int,
    environment: Mapping[str, str],
    stdin: TextIO,
    stdout: TextIO,
    stderr: TextIO,
    now: Callable[[], datetime],
    connect: Connect = Client,
) -> int:
    """Do what the command line says and return the exit code; answers go to `stdout`, complaints to `stderr`.

    Raises SystemExit as argparse does: 2 where the command line is wrong, 0 after help. MachineError, of offline work,
    and whatever is a bug pass through.
    """
    arguments = parser(default_places(uid, environment), *argv[:1]).parse_args(argv)
    screen = Screen(stdout, stderr, environment)
    session = Session(screen=screen, stdin=stdin, offline=offline, connect=connect, now=now, environment=environment)
    return perform(partial(arguments.command, arguments, session), screen)
