"""`explain`: which host takes a client and why, over the running plan or the one a file makes."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from itertools import count, islice
from typing import Final, TextIO

from rich.text import Text

from bascule.cli.report import complain
from bascule.cli.screen import GOOD, STRONG, styled
from bascule.cli.session import Session
from bascule.cli.source import UsageError, read_source
from bascule.service.failures import ExitCode, OperationFailed
from bascule.service.operations import MAXIMUM_CLIENTS, Explain
from bascule.service.results import Explained, Explanation

_LONGEST_LINE: Final = 256


def explain(arguments: Namespace, session: Session) -> int:
    """Print one line, or object, for each client."""
    requests = _requests(arguments, session.stdin)
    if arguments.config is None:
        client = session.connect(arguments.socket)
        _print(session, (client.call(request) for request in requests), json=arguments.json)
        return ExitCode.FINE
    source = read_source(arguments.config, session.stdin)
    try:
        answers = session.offline(arguments.state).explain(source.text, source.name, requests)
        _print(session, answers, json=arguments.json)
    except OperationFailed as failed:
        return complain(session.screen, failed, source)
    return ExitCode.FINE


def _print(session: Session, answers: Iterator[Explained], *, json: bool) -> None:
    for answer in answers:
        for explanation in answer.explanations:
            if json:
                session.screen.json(explanation)
            else:
                session.screen.say(*_line(explanation))


def _line(said: Explanation) -> Sequence[Text | str]:
    """Return `CLIENT port PORT -> HOST (ADDRESS), relay NAME: REASON`, with what there is of it."""
    host = ("",) if said.host is None else (" -> ", styled(said.host, GOOD), f" ({said.address})")
    relay = "" if said.relay is None else f", relay {said.relay}"
    return styled(said.client, STRONG), f" port {said.port}", *host, f"{relay}: {said.reason}"


def _requests(arguments: Namespace, stdin: TextIO) -> Iterator[Explain]:
    """Yield requests that ask for all clients, as many in one as one may."""
    clients = _clients(arguments.clients, stdin)
    while batch := tuple(islice(clients, MAXIMUM_CLIENTS)):
        yield Explain(
            clients=batch,
            port=arguments.port,
            to=arguments.to,
            protocol=arguments.protocol,
            interface=arguments.interface,
            down=tuple(arguments.down),
        )


def _clients(named: Sequence[str], stdin: TextIO) -> Iterator[str]:
    """Yield the clients that the command line names, and those on standard input where it says `-`."""
    for client in named:
        if client == "-":
            yield from _listed(stdin)
        else:
            yield client


def _listed(stdin: TextIO) -> Iterator[str]:
    """Yield the address on each line; blank lines are skipped. Raises UsageError for what is no address."""
    for number in count(1):
        line = stdin.readline(_LONGEST_LINE)
        if not line:
            return
        if said := line.strip():
            try:
                yield str(ip_address(said))
            except ValueError:
                raise UsageError(f"line {number} of standard input is no IP address: {said!r}") from None
