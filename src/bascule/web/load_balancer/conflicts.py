"""What stands in the way of a service before it is added: the admin server, another service, its name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bascule.config.diagnostics import Diagnostic
from bascule.config.implied import deployed
from bascule.config.load import load
from bascule.config.model import Configuration, Relay, Transport
from bascule.web.load_balancer.copied import copied
from bascule.web.load_balancer.single import Single


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One thing in the way, and where it is cleared."""

    message: str
    hint: str = ""
    path: str = ""
    """The page where that is done."""
    page: str = ""
    """What that page is called."""


def conflicts(text: str, wanted: Single) -> Sequence[Conflict]:
    """Return everything that a text has against a service."""
    configuration = load(text).configuration
    found = [*_named(text, wanted)]
    if configuration is not None:
        found += [*_admin(deployed(configuration), wanted), *_taken(configuration, wanted)]
    return found


def refusal(found: Diagnostic) -> Conflict:
    """Return why an edit was refused, without what is to be typed on a command line."""
    if found.hint.startswith("take it out:"):
        hint = "Change it, or take it out, under"
        return Conflict(message=found.message, hint=hint, path="/network/load-balancer", page="Load balancer")
    return Conflict(message=found.message, hint="" if "--" in found.hint or "bascule " in found.hint else found.hint)


def _named(text: str, wanted: Single) -> Iterator[Conflict]:
    for each in copied(text).services:
        if each.name == wanted.name:
            yield Conflict(message=f'{each.own} is in the text already: choose another name than "{wanted.name}"')


def _admin(configuration: Configuration, wanted: Single) -> Iterator[Conflict]:
    server = configuration.system.http_server
    if server is None or not any(server.port in _range(port) for port in wanted.ports):
        return
    if _overlap(wanted.address, "" if server.address is None else str(server.address)):
        where = "every address" if server.address is None else str(server.address)
        yield Conflict(
            message=f"these pages are on port {server.port} of {where}: clients would find them in the place of their mail",
            hint="Change the HTTPS port to something like 4433, or bind it to another address, under",
            path="/system/administration",
            page="System > Administration",
        )


def _taken(configuration: Configuration, wanted: Single) -> Iterator[Conflict]:
    for relay in configuration.load_balancer.relays:
        for port in wanted.ports:
            if _meets(relay, wanted.address, _range(port)):
                yield Conflict(message=f"{relay.title} listens on {wanted.address or 'every address'} port {port} already")
                break


def _meets(relay: Relay, address: str, ports: range) -> bool:
    return any(
        listen.transport is Transport.TCP
        and listen.ports[0] <= ports[-1]
        and ports[0] <= listen.ports[-1]
        and _overlap(address, "" if listen.address is None else str(listen.address))
        for listen in relay.listens
    )


def _overlap(one: str, other: str) -> bool:
    return not one or not other or one == other


def _range(port: str) -> range:
    first, _, last = port.partition(":")
    return range(int(first), int(last or first) + 1)
