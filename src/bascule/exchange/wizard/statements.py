"""The statements of a farm, each by its path, as `bascule set` takes them."""

from collections.abc import Iterator, Sequence

from bascule.config.model import Configuration, Listen
from bascule.exchange.editions import Edition
from bascule.exchange.language import best
from bascule.exchange.service import SecurityZone, Service
from bascule.exchange.wizard.answers import GROUP, Answers


def outdated(answers: Answers, services: Sequence[Service], standing: Configuration) -> Iterator[str]:
    """Yield what must go first: where services of the text listen for everybody, and shall for a zone alone."""
    for service, listen in _standing(services, standing):
        if listen.zone != _zone(service, answers) and answers.zones:
            zone = f" from {listen.zone}" if listen.zone else ""
            yield f"{_block(service, answers)} listen on {_place(service, answers)}{zone}"


def statements(answers: Answers, edition: Edition, services: Sequence[Service], standing: Configuration) -> Iterator[str]:
    """Yield them in the order of a text; a table of the text keeps the key that it has, and a service its zone."""
    if answers.interface:
        length = answers.vip.max_prefixlen if answers.prefix_length is None else answers.prefix_length
        yield f"interface {answers.interface} address {answers.vip}/{length} virtual"
    table = f"load-balancer table <{answers.table}>"
    yield from (f'{table} {server.address} name "{server.name}"' for server in answers.servers)
    if not any(each.name == answers.table and each.key_written for each in standing.load_balancer.tables):
        yield f"{table} key {answers.key}"
    there = {service.relay: listen.zone for service, listen in _standing(services, standing)}
    for service in services:
        zone = _zone(service, answers) if answers.zones else there.get(service.relay, "")
        yield from _service(service, zone, answers, answers.mode or edition.modes[0])
    yield from _exchange(answers)
    if answers.zones:
        yield from _zones(answers)
    if answers.admin_port is not None:
        yield f"system http-server port {answers.admin_port}"


def _standing(services: Sequence[Service], standing: Configuration) -> Iterator[tuple[Service, Listen]]:
    """Yield the services that the text has already, with where they listen."""
    named = {relay.name: relay for relay in standing.load_balancer.relays}
    return ((service, named[service.relay].listens[0]) for service in services if service.relay in named)


def _service(service: Service, zone: str, answers: Answers, mode: str) -> Iterator[str]:
    block = _block(service, answers)
    yield f"{block} listen on {_place(service, answers)}{f' from {zone}' if zone else ''}"
    yield f"{block} forward to <{answers.table}> check {best(service.checks)} {mode}"
    yield f"{block} session timeout {service.session_timeout}"
    if answers.grouped(service):
        yield f'{block} affinity "{GROUP}"'


def _block(service: Service, answers: Answers) -> str:
    return f'load-balancer {answers.kind(service)} "{service.relay}"'


def _place(service: Service, answers: Answers) -> str:
    return f"{answers.vip} port {answers.ports.of(service.port)}"


def _zone(service: Service, answers: Answers) -> str:
    """Return the one zone whose clients a service takes; empty is every one."""
    inside = answers.zones and service.client.zone is SecurityZone.INTERNAL
    return SecurityZone.INTERNAL if inside else ""


def _exchange(answers: Answers) -> Iterator[str]:
    yield f"exchange version {answers.version}"
    for word, said in (
        ("namespace", answers.namespace),
        ("array-fqdn", answers.array_fqdn),
        ("ad-site", answers.ad_site),
    ):
        if said:
            yield f'exchange {word} "{said}"'


def _zones(answers: Answers) -> Iterator[str]:
    """Yield the table's zones; the first that a packet fits is its zone, so outside is everything that is not inside."""
    for network in answers.inside:
        if network.version == answers.vip.version:
            yield f"firewall zone {SecurityZone.INTERNAL} from {network}"
    if answers.interface:
        yield f"firewall zone {SecurityZone.EXTERNAL} interface {answers.interface}"
    else:
        yield f"firewall zone {SecurityZone.EXTERNAL} from {'::/0' if answers.vip.version > 4 else '0.0.0.0/0'}"  # noqa: PLR2004
