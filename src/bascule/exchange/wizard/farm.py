"""The wizard: answers in, a farm out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bascule.config.diagnostics import Diagnostic, Severity, Span
from bascule.config.editing.deleting import delete
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_line
from bascule.config.load import load
from bascule.config.model import Configuration, HttpServer, Relay
from bascule.exchange.editions import Edition, edition
from bascule.exchange.evidence import Note
from bascule.exchange.service import Service, Wish
from bascule.exchange.wizard.advice import advice
from bascule.exchange.wizard.answers import Answers
from bascule.exchange.wizard.mistakes import mistakes
from bascule.exchange.wizard.statements import outdated, statements
from bascule.exchange.wizard.table import Row, rows

ADMIN_PORT: Final = 4433
"""Where the admin server goes when a service takes its port: the guide's choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Farm:
    """What the answers come to; where there is any error among the diagnostics, `text` is what it was before."""

    text: str
    rows: tuple[Row, ...] = ()
    notes: tuple[Note, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    """About the answers, with a place where they are about the text that was there."""


def farm(answers: Answers, text: str = "") -> Farm:
    """Return a farm put into a text: what stands there already stays, with its comments and its layout.

    A table of the same name keeps its key and its other hosts. Never raises, whatever the text holds.
    """
    kind = edition(answers.version)
    services = tuple(service for service in kind.services if service.wish is Wish.ALWAYS or service.wish in answers.wishes)
    standing = load(text)
    if standing.configuration is None:
        errors = tuple(each for each in standing.diagnostics if each.severity is Severity.ERROR)
        return Farm(text=text, diagnostics=errors)
    meant = replace(answers, admin_port=_admin_port(answers, services, standing.configuration))
    found = (*mistakes(meant, services), *_collisions(meant, services, standing.configuration))
    if found:
        return Farm(text=text, diagnostics=found)
    return _written(text, meant, kind, services, standing.configuration)


def _written(text: str, answers: Answers, kind: Edition, services: Sequence[Service], standing: Configuration) -> Farm:
    edits = [(delete, statement) for statement in outdated(answers, services, standing)]
    edits += [(put, statement) for statement in statements(answers, kind, services, standing)]
    made = text
    for edit, statement in edits:
        refused: list[Diagnostic] = []
        edited = edit(made, from_line(statement, refused.append))
        if refused or edited.diagnostics:
            return Farm(text=text, diagnostics=_placeless((*refused, *edited.diagnostics), statement))
        made = edited.text
    loaded = load(made)
    if loaded.configuration is None:
        return Farm(text=text, diagnostics=_placeless(loaded.diagnostics, "the farm"))
    table = next((each for each in standing.load_balancer.tables if each.name == answers.table), None)
    named = {server.address for server in answers.servers}
    others = [] if table is None else [host.label for host in table.hosts if host.address not in named]
    kept = [Note(text=f"Table <{answers.table}> keeps the hosts it had: {', '.join(others)}.")] if others else []
    return Farm(
        text=made,
        rows=tuple(rows(answers, kind, services)),
        notes=(*kept, *advice(answers, kind, services)),
    )


def _admin_port(answers: Answers, services: Sequence[Service], standing: Configuration) -> int | None:
    """Return where the admin server goes; None where it may stay."""
    if answers.admin_port is not None:
        return answers.admin_port
    server = standing.system.http_server or HttpServer()
    apart = server.address is not None and server.address != answers.vip
    taken = {answers.ports.of(service.port) for service in services}
    return ADMIN_PORT if server.port in taken and not apart else None


def _collisions(answers: Answers, services: Sequence[Service], standing: Configuration) -> Iterator[Diagnostic]:
    """Yield what stands in the text under a name that the farm needs, and is something else."""
    wanted = {service.relay: service for service in services}
    for relay in standing.load_balancer.relays:
        service = wanted.get(relay.name)
        if service is None or _same(relay, service, answers):
            continue
        what = f"{relay.title} stands in the text already, and is not this farm's"
        yield Diagnostic.error(relay.span, what, f"take it out: bascule delete load-balancer {relay.kind} '{relay.name}'")


def _same(relay: Relay, service: Service, answers: Answers) -> bool:
    """Tell whether a relay of the text is what the farm's would be: of that kind, at that place, with that table."""
    places = [(listen.address, listen.ports) for listen in relay.listens]
    port = answers.ports.of(service.port)
    tables = {forward.table for forward in relay.forwards}
    return (
        relay.kind is answers.kind(service)
        and places == [(answers.vip, range(port, port + 1))]
        and tables == {answers.table}
    )


def _placeless(found: Sequence[Diagnostic], what: str) -> tuple[Diagnostic, ...]:
    """Return diagnostics about an answer, whose places are in a statement that nobody has written."""
    errors = [each for each in found if each.severity is Severity.ERROR]
    return tuple(replace(each, span=Span(), message=f"{each.message}, in `{what}`") for each in errors)
