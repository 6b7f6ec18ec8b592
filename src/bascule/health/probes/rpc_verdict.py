"""Judges what an endpoint mapper says of RPC services: whether clients that it sends there get there through us."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bascule.config.model import Address, RpcCheck, RpcPorts
from bascule.config.rpc_ports import services
from bascule.config.wording import listed
from bascule.dcerpc.mapping import Registration
from bascule.health.probes.rpc_services import title, to_move, to_start

_MOST_SHOWN: Final = 4
"""Ports that a reason names."""

Found = Mapping[str, Sequence[Registration]]
"""What the mapper says of each service."""


def named(registrations: Sequence[Registration], host: Address) -> tuple[int, ...]:
    """Return the ports that a mapper names, each once: those at the host's own address, or all where none is there."""
    own = [each for each in registrations if _is_at(each, host)]
    return tuple(dict.fromkeys(each.port for each in own or registrations))


def reachable(service: str, ports: Sequence[int], check: RpcCheck) -> tuple[int, ...]:
    """Return the ports of a service at which clients reach it; all where nothing tells where it must be."""
    wanted = _wanted(service, check)
    return tuple(port for port in ports if not wanted or any(each.first <= port <= each.last for each in wanted))


def complaints(found: Found, host: Address, check: RpcCheck) -> Iterator[str]:
    """Yield for each service that clients would not reach why, and what to do about it."""
    for service in services(check):
        ports = named(found[service], host)
        if not ports:
            yield f"{title(service)} is not registered with the endpoint mapper{to_start(service)}"
        elif not reachable(service, ports, check):
            others = {port for other in found if other != service for port in named(found[other], host)}
            yield _misplaced(service, ports, others, check)


def remarks(service: str, registrations: Sequence[Registration], host: Address, check: RpcCheck) -> Iterator[str]:
    """Yield what is odd about a service that clients reach all the same."""
    ports = named(registrations, host)
    lost = [str(port) for port in ports if port not in reachable(service, ports, check)]
    if lost:
        yield f"the mapper names {_shown(lost, 'and')}, too, which no relay has"
    if not any(_is_at(each, host) for each in registrations):
        yield f"the mapper names it at {registrations[0].address}"


def _is_at(registration: Registration, host: Address) -> bool:
    """Whether a registration may be the host's own; of IPv6 towers have no word, and hosts have many addresses."""
    address = registration.address
    return address is None or address == host or address.is_unspecified or host.version != address.version


def _misplaced(service: str, ports: Sequence[int], others: set[int], check: RpcCheck) -> str:
    wanted = _wanted(service, check)
    free = [each for each in wanted if each.first != each.last or each.first not in others] or wanted
    right = _shown([_range(each) for each in free], "or")
    return f"{title(service)} is at port {_shown([*map(str, ports)], 'and')}, not {right}{to_move(service, right)}"


def _range(ports: RpcPorts) -> str:
    return str(ports.first) if ports.first == ports.last else f"one of {ports.first}-{ports.last}"


def _wanted(service: str, check: RpcCheck) -> Sequence[RpcPorts]:
    return [ports for ports in check.ports if ports.service == service]


def _shown(numbers: Sequence[str], between: str) -> str:
    return listed([*numbers[:_MOST_SHOWN], *(["others"] if len(numbers) > _MOST_SHOWN else [])], between)
