"""The guide's table, filled with a farm's values: which clients come by which protocol and ports, from where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bascule.exchange.editions import Edition
from bascule.exchange.mail import MAIL
from bascule.exchange.service import Client, Service
from bascule.exchange.wizard.answers import Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the table, in words."""

    client: str
    protocol: str
    ports: str
    zone: str
    services: str
    """The relays and redirects that take them, by name; what is said instead where there is none."""


def rows(answers: Answers, edition: Edition, services: Sequence[Service]) -> Iterator[Row]:
    """Yield the table: every client that the farm serves, and mail transfer, which may do without."""
    for client in edition.clients:
        theirs = [service for service in services if service.client == client]
        if theirs:
            yield _row(client, answers, theirs)
        elif client == MAIL:
            everything = [service for service in edition.services if service.client == client]
            yield _row(client, answers, everything, "not balanced")


def _row(client: Client, answers: Answers, services: Sequence[Service], instead: str = "") -> Row:
    remark = f" ({client.remark})" if client.remark else ""
    return Row(
        client=client.name,
        protocol=", ".join(dict.fromkeys(service.protocol for service in services)),
        ports=", ".join(str(port) for port in sorted(answers.ports.of(service.port) for service in services)),
        zone=f"{client.zone}{remark}",
        services=instead or ", ".join(_named(service, answers) for service in services),
    )


def _named(service: Service, answers: Answers) -> str:
    return service.relay if answers.kind(service) is answers.method else f"{service.relay} ({answers.kind(service)})"
