"""At which ports clients reach the RPC services of hosts: what `check rpc` holds against what an endpoint mapper names.

An endpoint mapper sends Outlook to a port of the address that it asked, which is ours. So the port that a host registers
must be one at which a relay listens and which it keeps. Pure.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bascule.config.model import (
    Forward,
    HttpCheck,
    LoadBalancer,
    MailCheck,
    Relay,
    RpcCheck,
    RpcPorts,
    TlsCheck,
    Transport,
)
from bascule.dcerpc.interfaces import SERVICES

_FIRST_PORT: Final = 1024
"""RPC endpoints have ports from here on; what is below has a meaning of its own."""


def services(check: RpcCheck) -> tuple[str, ...]:
    """Return what a check asks for, in order."""
    return (check.service,) if check.service else tuple(SERVICES)


def rpc_ports(balancer: LoadBalancer, relay: Relay, check: RpcCheck) -> tuple[RpcPorts, ...]:
    """Return where each service that a check of a relay asks for must be; none where nothing tells.

    The text may say it; else, for one service, the relay's own ports do where it is no endpoint mapper's; else those of its
    affinity group, of which members that check for one service are taken for that one alone.
    """
    if check.port is not None:
        return tuple(RpcPorts(service, check.port, check.port) for service in services(check))
    if check.service:
        own = tuple(RpcPorts(check.service, ports[0], ports[-1]) for ports in _ports(relay, check.mapper))
        if own:
            return own
    members = [each for each in balancer.relays if relay.affinity and each.affinity == relay.affinity]
    found = (
        RpcPorts(service, ports[0], ports[-1])
        for service in services(check)
        for member in members
        if not member.disabled and service in _served(member, services(check))
        for ports in _ports(member, check.mapper)
    )
    return tuple(dict.fromkeys(found))


def located(balancer: LoadBalancer, relay: Relay, forward: Forward) -> Forward:
    """Return a `forward to` line of a relay whose check, where it is one of RPC, knows where the services must be."""
    if not isinstance(forward.check, RpcCheck):
        return forward
    return replace(forward, check=replace(forward.check, ports=rpc_ports(balancer, relay, forward.check)))


def _ports(relay: Relay, mapper: int) -> Iterator[range]:
    """Yield the ports at which a relay may be reached by RPC, and reaches its hosts: those that it keeps."""
    if isinstance(relay.forward.check, HttpCheck | MailCheck | TlsCheck):
        return
    for listen in relay.listens:
        kept = relay.forward.port is None or listen.ports == range(relay.forward.port, relay.forward.port + 1)
        if listen.transport is Transport.TCP and kept and listen.port >= _FIRST_PORT and mapper not in listen.ports:
            yield listen.ports


def _served(member: Relay, every: tuple[str, ...]) -> tuple[str, ...]:
    """Return which services a member of a group carries, as far as its check tells."""
    check = member.forward.check
    return (check.service,) if isinstance(check, RpcCheck) and check.service else every
