"""What stands in the way of a service before it is added: the admin server, another service, its name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bascule.config.diagnostics import Diagnostic
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_line
from bascule.config.implied import deployed
from bascule.config.load import load
from bascule.config.model import Configuration, Relay, Transport
from bascule.exchange.wizard.farm import ADMIN_PORT
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
    movable: bool = False
    """It is the admin server, which may go to the guide's port."""


def conflicts(text: str, wanted: Single) -> Sequence[Conflict]:
    """Return everything that a text has against a service."""
    configuration = load(text).configuration
    named = [*_named(text, wanted)]
    if configuration is None:
        return named
    taken = [each for each in _taken(configuration, wanted) if each.path not in {other.path for other in named}]
    return [*named, *_admin(deployed(configuration), wanted), *taken]


def moved(text: str) -> str:
    """Return a text whose admin server is at the guide's port; as it was where that cannot be written."""
    return put(text, from_line(f"system http-server port {ADMIN_PORT}", lambda _: None)).text


def refusal(found: Diagnostic) -> Conflict:
    """Return why an edit was refused, without what is to be typed on a command line."""
    if found.hint.startswith("take it out:"):
        hint = "Change it, or take it out, under"
        return Conflict(message=found.message, hint=hint, path="/network/load-balancer", page="Load balancer")
    return Conflict(message=found.message, hint="" if "--" in found.hint or "bascule " in found.hint else found.hint)


def _named(text: str, wanted: Single) -> Iterator[Conflict]:
    for each in copied(text).services:
        if each.name == wanted.name:
            yield _edited(each.kind, each.name, f"{each.own} is in the text already")


def _admin(configuration: Configuration, wanted: Single) -> Iterator[Conflict]:
    server = configuration.system.http_server
    if server is None or not any(server.port in _range(port) for port in wanted.ports):
        return
    if _overlap(wanted.address, "" if server.address is None else str(server.address)):
        movable = server.port != ADMIN_PORT and not any(ADMIN_PORT in _range(port) for port in wanted.ports)
        other = f" to something like {ADMIN_PORT}" if movable else ""
        where = "every address" if server.address is None else str(server.address)
        yield Conflict(
            message=f"these pages are on port {server.port} of {where}: clients would find them in the place of their mail",
            hint=f"Change the HTTPS port{other}, or bind it to another address, under",
            path="/system/administration",
            page="System > Administration",
            movable=movable,
        )


def _taken(configuration: Configuration, wanted: Single) -> Iterator[Conflict]:
    for relay in configuration.load_balancer.relays:
        for port in wanted.ports:
            if _meets(relay, wanted.address, _range(port)):
                words = f"{relay.title} listens on {wanted.address or 'every address'} port {port} already"
                yield _edited(relay.kind, relay.name, words)
                break


def _edited(kind: str, name: str, message: str) -> Conflict:
    """Return a conflict with a service that may be what somebody means."""
    path = f"/network/load-balancer/edit?{urlencode({'kind': kind, 'name': name})}"
    return Conflict(message=message, hint="Answer otherwise, or change that one under", path=path, page=f"Edit {name}")


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
