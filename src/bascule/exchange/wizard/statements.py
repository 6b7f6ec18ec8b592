"""The statements of a farm, each by its path, as `bascule set` takes them."""

from collections.abc import Iterator, Sequence

from bascule.exchange.editions import Edition
from bascule.exchange.language import best, zoned
from bascule.exchange.service import SecurityZone, Service
from bascule.exchange.wizard.answers import GROUP, Answers


def statements(answers: Answers, edition: Edition, services: Sequence[Service], *, keyed: bool) -> Iterator[str]:
    """Yield them in the order of a text; `keyed` leaves out the key of a table that has one."""
    if answers.interface:
        length = answers.vip.max_prefixlen if answers.prefix_length is None else answers.prefix_length
        yield f"interface {answers.interface} address {answers.vip}/{length} virtual"
    table = f"load-balancer table <{answers.table}>"
    yield from (f'{table} {server.address} name "{server.name}"' for server in answers.servers)
    if not keyed:
        yield f"{table} key {answers.key}"
    for service in services:
        yield from _service(service, answers, answers.mode or edition.modes[0])
    yield from _exchange(answers)
    if answers.zones:
        yield from _zones(answers)
    if answers.admin_port is not None:
        yield f"system http-server port {answers.admin_port}"


def _service(service: Service, answers: Answers, mode: str) -> Iterator[str]:
    block = f'load-balancer {answers.kind(service)} "{service.relay}"'
    inside = answers.zones and service.client.zone is SecurityZone.INTERNAL and zoned()
    yield f"{block} listen on {answers.vip} port {answers.ports.of(service.port)}{' from internal' if inside else ''}"
    yield f"{block} forward to <{answers.table}> check {best(service.checks)} {mode}"
    yield f"{block} session timeout {service.session_timeout}"
    if answers.grouped(service):
        yield f'{block} affinity "{GROUP}"'


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
