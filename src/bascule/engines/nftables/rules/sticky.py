"""Clients whose host is remembered: the first to be written down wins, so that two ports at one moment do not split.

A map from client to mark is shared by all parts of a service, and by an affinity group. The mark is of the part where the
client came first; each part has a map of its own that translates the marks of all of them to its own, for those hosts that
take clients. A host that is down or drained is not in there, so its clients are dealt a new one at their next connection.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bascule.config.model import Address, EngineName
from bascule.engines.nftables.names import (
    comment,
    destination_chain,
    refresh_chain,
    relay_chain,
    slots_map,
    stay_map,
    sticky_map,
)
from bascule.engines.nftables.rules.translation import choice, destination, entrance, patience
from bascule.engines.nftables.rules.words import ADDRESS, FAMILY, duration
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.plan.model import MarkOwner, Plan, RelayPlan
from bascule.plan.selection import SLOTS

STICKY_SIZE: Final = 65536
"""Clients that one map remembers; when it is full, further ones are spread by the mode alone."""

STAY_TYPE: Final = "type mark : mark"


def sticky_sets(plan: Plan) -> Iterator[tuple[str, NamedSet]]:
    """Yield the maps of all relays that remember clients."""
    relays = remembering(plan)
    for relay in relays:
        kind = f"type {ADDRESS[relay.version]} : mark; size {STICKY_SIZE}; flags dynamic,timeout"
        yield sticky_map(relay), NamedSet(kind, dynamic=True)
        yield stay_map(relay), NamedSet(STAY_TYPE, stay_elements(plan, relay))
    if relays:
        refreshing = {str(host.mark): f"goto {refresh_chain(relay)}" for relay in relays for host in relay.pool.hosts}
        yield "m_refresh", NamedSet("type mark : verdict", refreshing)


def remembering(plan: Plan) -> Sequence[RelayPlan]:
    """Return the relays in the kernel that remember a client's host."""
    return [relay for relay in plan.of(EngineName.KERNEL) if relay.sticky is not None]


def stay_elements(plan: Plan, relay: RelayPlan) -> Mapping[str, str]:
    """Return what marks a remembered client may stay with: any of the service's, to the relay's own of the same host."""
    own = {relay.pool.hosts[index].endpoint.address: relay.pool.hosts[index].mark for index in relay.pool.taking}
    return {str(mark): str(own[address]) for mark, address in _marks(plan, relay) if address in own}


def _marks(plan: Plan, relay: RelayPlan) -> Iterator[tuple[int, Address]]:
    """Yield the marks that may stand in the relay's map of clients, those of parts long gone too, with their hosts."""
    services = {
        MarkOwner.of(part.name, host.table, host.endpoint).service
        for part in remembering(plan)
        if sticky_map(part) == sticky_map(relay)
        for host in part.pool.hosts
    }
    for owner, mark in plan.marks.items():
        if owner.service in services and owner.endpoint.address.version == relay.version:
            yield mark, owner.endpoint.address


def refresh_chains(plan: Plan) -> Mapping[str, Chain]:
    """Return what keeps a client remembered while it sends; one that was forgotten by hand is not written down again."""
    relays = remembering(plan)
    if not relays:
        return {}
    chains = {
        "c_refresh": Chain(
            "type filter hook prerouting priority mangle; policy accept;",
            ("ct direction original ct mark vmap @m_refresh",),
        )
    }
    for relay in relays:
        client, known = f"{FAMILY[relay.version]} saddr", sticky_map(relay)
        seen = f"update @{known} {{ {client} timeout {_timeout(relay)} : ct mark }}"
        chains[refresh_chain(relay)] = Chain(rules=(f"{client} @{known} {seen} {comment('clients that are remembered')}",))
    return chains


def sticky_chains(relay: RelayPlan) -> Mapping[str, Chain]:
    """Return the chains of a relay that remembers its clients. One statement a rule: a full map ends its rule, no more."""
    client, known = f"{FAMILY[relay.version]} saddr", sticky_map(relay)
    recall = f"ct mark set {client} map @{known}"
    stay = f"ct mark set ct mark map @{stay_map(relay)} goto {destination_chain(relay)}"
    rules = (
        *entrance(relay),
        *patience(relay),
        f"ct mark set numgen random mod {SLOTS} map @{slots_map(relay)}",
        "ct mark 0x00000000 return",  # no host takes clients here, but the remembered one may serve another port
        "ct mark set 0x00000000",
        recall,
        stay,
        f"ct mark != 0x00000000 delete @{known} {{ {client} : ct mark }}",
        "ct mark set 0x00000000",
        choice(relay),
        f"ct mark != 0x00000000 add @{known} {{ {client} timeout {_timeout(relay)} : ct mark }}",
        recall,
        stay,
        choice(relay),  # the winner came in by another port, and its host does not serve this one
        f"goto {destination_chain(relay)}",
    )
    return {
        destination_chain(relay): Chain(rules=tuple(destination(relay))),
        relay_chain(relay): Chain(rules=rules),
    }


def _timeout(relay: RelayPlan) -> str:
    return duration(relay.sticky or 0)
