"""`explain`: what becomes of a client and which host takes it, and why, over the running plan or the one a file makes."""

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
from bascule.config.firewall import Protocol
from bascule.service.failures import ExitCode, OperationFailed
from bascule.service.operations import MAXIMUM_CLIENTS, Explain
from bascule.service.results import AskedRule, Explained, Explanation

_LONGEST_LINE: Final = 256
_FEW: Final = 10
"""Clients that are told 5,000 rules each in one answer."""
_WITH_PORTS: Final = frozenset(each.value for each in Protocol if each.has_ports)
_WITH_TYPES: Final = frozenset((Protocol.ICMP, Protocol.ICMP6))


def explain(arguments: Namespace, session: Session) -> int:
    """Print one line, or object, for each client; where they are asked for, the rules of the firewall before it."""
    requests = _requests(arguments, session.stdin)
    if arguments.config is None:
        client = session.connect(arguments.socket)
        _print(session, (client.call(request) for request in requests), arguments)
        return ExitCode.FINE
    source = read_source(arguments.config, session.stdin)
    try:
        answers = session.offline(arguments.state).explain(source.text, source.name, requests)
        _print(session, answers, arguments)
    except OperationFailed as failed:
        return complain(session.screen, failed, source)
    return ExitCode.FINE


def _print(session: Session, answers: Iterator[Explained], arguments: Namespace) -> None:
    for answer in answers:
        for explanation in answer.explanations:
            if arguments.json:
                session.screen.json(explanation)
                continue
            session.screen.say(*_line(explanation, arguments.protocol))
            for rule in explanation.rules if arguments.rules else ():
                session.screen.say(*_rule(rule))


def _line(said: Explanation, protocol: str) -> Sequence[Text | str]:
    """Return `CLIENT port PORT -> HOST (ADDRESS), relay NAME: REASON`, with what there is of it."""
    host = ("",) if said.host is None else (" -> ", styled(said.host, GOOD), f" ({said.address})")
    relay = "" if said.relay is None else f", relay {said.relay}"
    return styled(said.client, STRONG), _asked(protocol, said.port), *host, f"{relay}: {said.reason}"


def _asked(protocol: str, port: int) -> str:
    """Return what a client asks for: ` port 443`, ` icmp type 8`, ` esp`."""
    if protocol in _WITH_PORTS:
        return f" port {port}"
    return f" {protocol} type {port}" if protocol in _WITH_TYPES else f" {protocol}"


def _rule(asked: AskedRule) -> Sequence[Text | str]:
    """Return what a rule said, below the client that it was asked about."""
    mark = styled("=", GOOD) if asked.matched else " "
    why = f"  # {asked.cause}" if asked.cause else ""
    return "  ", mark, f" {asked.line or '':>5}  {asked.rule}{why}"


def _requests(arguments: Namespace, stdin: TextIO) -> Iterator[Explain]:
    """Yield requests that ask for all clients: as many in one as one may, and a few where rules are wanted."""
    clients = _clients(arguments.clients, stdin)
    rules = arguments.rules or arguments.json
    while batch := tuple(islice(clients, _FEW if rules else MAXIMUM_CLIENTS)):
        yield Explain(
            clients=batch,
            port=arguments.port,
            to=arguments.to,
            protocol=arguments.protocol,
            interface=arguments.interface,
            down=tuple(arguments.down),
            working_copy=arguments.working_copy,
            rules=rules,
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
