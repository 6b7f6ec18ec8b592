"""Where the admin server answers: where the text says, and where it did while another text is tested. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from bascule.config.facts import Facts
from bascule.config.model import Address, Configuration, HttpServer, Transport
from bascule.plan.model import AdminListener, AdminPlan, Endpoint, RelayPlan
from bascule.plan.sources import own_addresses

_EVERY: Final[tuple[Address, ...]] = (IPv4Address(0), IPv6Address(0))


def admin_plan(
    configuration: Configuration, committed: Configuration | None, relays: Sequence[RelayPlan], facts: Facts
) -> AdminPlan:
    """Return where the admin server answers.

    `committed` is what was in effect before a test, and comes back after it unless somebody commits: its admin server goes
    on at its own places, but for one that a relay takes now, or that has got another certificate.
    """
    own = own_addresses(configuration, facts)
    new = [*_listeners(configuration, relays, own, facts)]
    old = [] if committed is None else [*_listeners(committed, relays, own, facts)]
    kept = [replace(each, passing=True) for each in old if not any(_covers(other, each) for other in new)]
    name = configuration.system.host_name
    return AdminPlan(listeners=(*new, *kept), names=(*([name] if name else []), *map(str, own)))


def _listeners(
    configuration: Configuration, relays: Sequence[RelayPlan], own: Sequence[Address], facts: Facts
) -> Iterator[AdminListener]:
    server = configuration.system.http_server
    if server is None:
        return
    for address in _addresses(server, facts):
        endpoint = Endpoint(address, server.port)
        if not _taken(endpoint, relays):
            places = [Endpoint(each, server.port) for each in own if _is_at(address, each)]
            reached = tuple(place for place in places if not _taken(place, relays))
            yield AdminListener(endpoint=endpoint, certificate=server.certificate, reached=reached, span=server.span)


def _addresses(server: HttpServer, facts: Facts) -> Sequence[Address]:
    """Return what to listen on: every address stands for those that come later, too."""
    if server.address is not None:
        return [server.address]
    versions = {4, *(held.version for _, held in facts.addresses())}
    return [address for address in _EVERY if address.version in versions]


def _is_at(listening: Address, address: Address) -> bool:
    """Return whether who listens there is reached at an address."""
    return listening.version == address.version and (listening.is_unspecified or listening == address)


def _taken(place: Endpoint, relays: Sequence[RelayPlan]) -> bool:
    """Return whether a relay takes the clients who come exactly there."""
    return any(
        listen.address == place.address and listen.transport is Transport.TCP and place.port in listen.ports
        for relay in relays
        for listen in relay.listens
    )


def _covers(new: AdminListener, old: AdminListener) -> bool:
    """Return whether who comes to the old one meets the new one."""
    return new.endpoint.port == old.endpoint.port and _is_at(new.endpoint.address, old.endpoint.address)
