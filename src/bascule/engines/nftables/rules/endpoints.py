"""Where clients connect and where hosts listen, as sets and maps: what differs from relay to relay stands here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from bascule.config.model import Address
from bascule.engines.nftables.names import relay_chain
from bascule.engines.nftables.rules.intervals import first_come, joined
from bascule.engines.nftables.rules.words import ADDRESS
from bascule.engines.nftables.ruleset import NamedSet
from bascule.plan.model import Endpoint, RelayPlan

_RANGES: Final = "; flags interval"


def endpoint_sets(relays: Sequence[RelayPlan], version: int) -> Iterator[tuple[str, NamedSet]]:
    """Yield the sets of one IP version; a single port and a range of ports stand in them alike."""
    sources = {str(address) for relay in relays for source in relay.sources for address in source.addresses}
    yield f"s_vip{version}", _ranged(f"type {triple(version)}", dict.fromkeys(taken_places(relays), ""))
    yield f"s_host{version}", _ranged(f"type {ADDRESS[version]} . inet_service", dict.fromkeys(_hosts(relays), ""))
    yield f"s_source{version}", NamedSet(f"type {ADDRESS[version]}", dict.fromkeys(sources, ""))
    verdicts = {place(end): f"goto {relay_chain(relay)}" for relay in relays for end in relay.listens}
    yield f"m_relay{version}", verdict_map(version, verdicts)


def taken_places(relays: Sequence[RelayPlan]) -> Mapping[str, RelayPlan]:
    """Return the places where relays take clients, each with its relay: where they listen, and what forwards lead there."""
    claims = [(relay, end) for relay in relays for end in relay.listens]
    claims += [(relay, each.place) for relay in relays for each in relay.forwarded]
    apart = first_come(((end.address, end.transport), (end.port, end.last or end.port), relay) for relay, end in claims)
    return {
        place(Endpoint(address, first, last if last > first else 0, transport)): relay
        for (address, transport), (first, last), relay in apart
    }


def verdict_map(version: int, verdicts: Mapping[str, str]) -> NamedSet:
    """Return a map from listening places to what is done with a packet for them."""
    return _ranged(f"type {triple(version)} : verdict", verdicts)


def _ranged(kind: str, elements: Mapping[str, str]) -> NamedSet:
    """Return a set or map that takes ranges of ports only where it holds one: a hash is the quicker to ask."""
    return NamedSet(kind + _RANGES if any("-" in element for element in elements) else kind, elements)


def place(endpoint: Endpoint) -> str:
    """Return a listening endpoint as sets and maps have it: address, transport and ports."""
    return f"{endpoint.address} . {endpoint.transport} . {_ports(endpoint)}"


def triple(version: int) -> str:
    """Return the type of a listening place."""
    return f"{ADDRESS[version]} . inet_proto . inet_service"


def _ports(endpoint: Endpoint) -> str:
    return f"{endpoint.port}-{endpoint.last}" if endpoint.last > endpoint.port else str(endpoint.port)


def _hosts(relays: Iterable[RelayPlan]) -> Iterator[str]:
    """Yield the places whose answers come back to a source of ours. A set of ranges takes no two that overlap."""
    ports: dict[Address, set[tuple[int, int]]] = {}
    for relay in relays:
        for host in relay.pool.hosts if relay.sources else ():
            own = host.endpoint
            asked = relay.listens if not own.port else (own,)
            ports.setdefault(own.address, set()).update((each.port, each.last or each.port) for each in asked)
    for address, ranges in ports.items():
        for first, last in joined(ranges):
            yield f"{address} . {_ports(Endpoint(address, first, last))}"
