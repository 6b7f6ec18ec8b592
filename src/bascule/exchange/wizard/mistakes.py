"""What is wrong with answers, before anything is made of them."""

from collections.abc import Iterator, Sequence
from typing import Any

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.exchange import Version
from bascule.config.kinds.addresses import DOMAIN_NAME
from bascule.config.kinds.kind import Flaw, Kind
from bascule.config.kinds.numbers import KEY
from bascule.config.kinds.texts import NAME, TABLE
from bascule.config.lexer import Token, TokenKind
from bascule.config.schema.interface import INTERFACE
from bascule.exchange.service import Service
from bascule.exchange.wizard.answers import Answers


def mistakes(answers: Answers, services: Sequence[Service]) -> tuple[Diagnostic, ...]:
    """Return everything that must be answered otherwise, each with what to do."""
    return tuple(
        Diagnostic.error(Span(), message, hint)
        for judge in (_words, _servers, _addresses, _version)
        for message, hint in judge(answers)
    ) + tuple(_ports(answers, services))


def _words(answers: Answers) -> Iterator[tuple[str, str]]:
    """Find what a text could not have in its place, or would read as something else."""
    names = [*(server.name for server in answers.servers), *filter(None, (answers.ad_site,))]
    said: list[tuple[Kind[Any], TokenKind, str]] = [
        *((NAME, TokenKind.STRING, f'"{name}"') for name in names),
        *((DOMAIN_NAME, TokenKind.STRING, f'"{name}"') for name in (answers.namespace, answers.array_fqdn) if name),
        *((INTERFACE.kind, TokenKind.WORD, name) for name in (answers.interface,) if name),
        (TABLE, TokenKind.TABLE, f"<{answers.table}>"),
        (KEY, TokenKind.WORD, answers.key),
    ]
    for kind, token, text in said:
        value = kind.read(Token(token, text, 1, 1))
        if isinstance(value, Flaw):
            yield value.message, value.hint


def _servers(answers: Answers) -> Iterator[tuple[str, str]]:
    if not answers.servers:
        yield "no server is named", "name at least two: EX1=10.2.0.11,EX2=10.2.0.12"
    for what, of in (("address", "address"), ("name", "name")):
        seen: dict[str, str] = {}
        for server in answers.servers:
            value = str(getattr(server, of)).lower()
            if value in seen:
                yield f"{seen[value]} and {server.name} have the {what} {getattr(server, of)}", f"each has its own {what}"
            seen.setdefault(value, server.name)


def _addresses(answers: Answers) -> Iterator[tuple[str, str]]:
    for server in answers.servers:
        if server.address == answers.vip:
            hint = "clients connect to an address that this machine has for itself; the server keeps its own"
            yield f"{answers.vip} is {server.name}, so it cannot be the address of the farm", hint
        elif server.address.version != answers.vip.version:
            hint = f"a farm is of one IP version: give IPv{answers.vip.version} addresses of the servers"
            yield f"{server.name} is at {server.address}, and clients connect to {answers.vip}", hint


def _version(answers: Answers) -> Iterator[tuple[str, str]]:
    if answers.version is Version.E2010:
        return
    if answers.https_affinity:
        yield f"Exchange {answers.version} needs no affinity", "leave --https-affinity out"
    if answers.array_fqdn:
        yield f"Exchange {answers.version} has no client access array", "leave --array-fqdn out"


def _ports(answers: Answers, services: Sequence[Service]) -> Iterator[Diagnostic]:
    """Find ports that two want, the admin server among them."""
    taken = [(answers.ports.of(service.port), service.relay) for service in services]
    for port, relay in taken:
        if port == answers.admin_port:
            hint = "give the admin server another: --admin-port 4433"
            yield Diagnostic.error(Span(), f"the admin server would be on port {port}, which is {relay}'s", hint)
    first = dict(reversed(taken))
    for port, relay in taken:
        if first[port] != relay:
            hint = f"each service has a port of its own: {relay} must go elsewhere"
            yield Diagnostic.error(Span(), f"{first[port]} and {relay} would both be on port {port}", hint)
