"""What a service lets in: sessions and rate of one client, sessions that are not completed, sessions of one host.

A set of counted things carries its limit in its elements, so it is named by the limit: a changed limit counts anew. A set
that is full ends the rule that would add to it, so what it has no room for is let in, but for half-open sessions: there the
size of the set is the limit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from bascule.config.model import MOST_COUNTED, Transport
from bascule.engines.nftables.names import (
    Refusal,
    comment,
    full_chain,
    full_set,
    limit_chain,
    opened_chain,
    opening_set,
    rate_set,
    refusal_counter,
    source_set,
)
from bascule.engines.nftables.rules.endpoints import taken_places, verdict_map
from bascule.engines.nftables.rules.translation import entrance
from bascule.engines.nftables.rules.words import ADDRESS, FAMILY, LISTENING, NOT_SYN, REFUSAL, burst, duration
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.plan.model import PoolHost, RelayPlan

SOURCES: Final = 65536
"""Clients that one set counts; further ones are let in uncounted."""

_OPENING: Final = 60
"""Seconds after which a session that was not completed counts no more."""

HITS: Final = 3600
"""Seconds for which a client that met a limit is remembered, for whoever has its user on the phone."""


def limit_sets(relays: Sequence[RelayPlan], version: int) -> Iterator[tuple[str, NamedSet]]:
    """Yield the sets and maps of one IP version; none where no relay has a limit."""
    limited = [relay for relay in relays if relay.limits]
    address = ADDRESS[version]
    for relay in limited:
        limits = relay.limits
        if limits.source_rate is not None:
            yield rate_set(relay), _dynamic(f"type {address}; size {SOURCES}; flags dynamic,timeout")
        if limits.source_sessions is not None:
            yield source_set(relay), _dynamic(f"type {address}; size {SOURCES}; flags dynamic")
        if _counts_openings(relay):
            kind = f"type {address} . inet_service; size {limits.half_open}; flags dynamic,timeout; gc-interval 100ms"
            yield opening_set(relay), _dynamic(kind)
    if limited:
        kind = f"type {address} . {address} . inet_service; size {SOURCES}; flags dynamic,timeout"
        yield f"s_limited{version}", _dynamic(kind)
        verdicts = {where: f"jump {limit_chain(relay)}" for where, relay in taken_places(limited).items()}
        yield f"m_limit{version}", verdict_map(version, verdicts)


def fullness_sets(relays: Sequence[RelayPlan]) -> Iterator[tuple[str, NamedSet]]:
    """Yield what counts the sessions of hosts that may be full, of both IP versions."""
    chains: dict[str, str] = {}
    for relay, host, limit in _capped(relays):
        name = full_set(host.table, relay.version, limit)
        yield name, _dynamic(f"type {ADDRESS[relay.version]}; size {SOURCES}; flags dynamic")
        chains[str(host.mark)] = f"goto {full_chain(relay, host.table, limit)}"
    if chains:
        yield "m_full", NamedSet("type mark : verdict", chains)
    opened = {str(host.mark): f"goto {opened_chain(relay)}" for relay in _opening(relays) for host in relay.pool.hosts}
    if opened:
        yield "m_opened", NamedSet("type mark : verdict", opened)


def _dynamic(kind: str) -> NamedSet:
    return NamedSet(kind, dynamic=True)


def limit_entrance(relays: Iterable[RelayPlan]) -> Iterator[str]:
    """Yield what sends new sessions through the limits of their relay."""
    for version in _versions(relays):
        yield f"{LISTENING.format(ip=FAMILY[version])} vmap @m_limit{version}"


def limit_chains(relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    """Return the chains of limits, and those that refuse what is over one."""
    chains = {limit_chain(relay): Chain(rules=tuple(_limits(relay))) for relay in relays if relay.limits}
    for version in _versions(relays):
        family = FAMILY[version]
        chains[f"c_limited{version}"] = Chain(
            rules=(
                f"update @s_limited{version} {{ {family} saddr . {family} daddr . th dport timeout {duration(HITS)} }}",
                f"meta l4proto tcp reject with tcp reset {comment('over a limit')}",
                f"reject {comment('over a limit')}",
            )
        )
    opening = _opening(relays)
    if opening:
        chains["c_opened"] = Chain("type filter hook forward priority mangle; policy accept;", ("ct mark vmap @m_opened",))
    for relay in opening:
        chains[opened_chain(relay)] = Chain(rules=tuple(_completion(relay)))
    for relay, host, limit in _capped(relays):
        chains[full_chain(relay, host.table, limit)] = Chain(rules=(_fullness(relay, host.table, limit),))
    return chains


def _versions(relays: Iterable[RelayPlan]) -> Sequence[int]:
    """Return the IP versions of which some relay has a limit."""
    return sorted({relay.version for relay in relays if relay.limits})


def limit_counters(relays: Sequence[RelayPlan]) -> Iterator[str]:
    """Yield the names of the counters of refused clients."""
    for relay in relays:
        yield refusal_counter(relay, Refusal.NO_HOST)
        yield from (refusal_counter(relay, why) for why in _reasons(relay))


def _reasons(relay: RelayPlan) -> Iterator[Refusal]:
    """Yield the reasons for which a relay may refuse clients that a host could take."""
    if relay.limits.source_rate is not None:
        yield Refusal.SOURCE_RATE
    if relay.limits.source_sessions is not None:
        yield Refusal.SOURCE_SESSIONS
    if _counts_openings(relay):
        yield Refusal.HALF_OPEN
    if _capped([relay]):
        yield Refusal.FULL


def _limits(relay: RelayPlan) -> Iterator[str]:
    """Yield the rules that a relay's new sessions pass; what is over a limit goes on to be refused."""
    limits, client = relay.limits, f"{FAMILY[relay.version]} saddr"
    yield from entrance(relay)
    yield "ct status confirmed return"  # sent again, or one more datagram before the host has answered
    if relay.transport is Transport.TCP:
        yield f"{NOT_SYN} return"
    if limits.source_rate is not None:
        rate = f"limit rate over {limits.source_rate}/second{burst(limits.source_rate)}"
        yield f"update @{rate_set(relay)} {{ {client} timeout 1m {rate} }} {_over(relay, Refusal.SOURCE_RATE)}"
    if limits.source_sessions is not None:
        count = f"ct count over {limits.source_sessions}"
        yield f"add @{source_set(relay)} {{ {client} {count} }} {_over(relay, Refusal.SOURCE_SESSIONS)}"
    if _counts_openings(relay):
        yield f"add @{opening_set(relay)} {{ {client} . tcp sport timeout {duration(_OPENING)} }} return"
        yield _over(relay, Refusal.HALF_OPEN)


def _over(relay: RelayPlan, why: Refusal) -> str:
    """Return what becomes of a client that is over a limit."""
    return f"{_counted(relay, why)} goto c_limited{relay.version} {comment(relay.title)}"


def _counted(relay: RelayPlan, why: Refusal) -> str:
    return f'counter name "{refusal_counter(relay, why)}"'


def _completion(relay: RelayPlan) -> Iterator[str]:
    """Yield what takes a session from the half-open ones: the client's answer to the host, or the host's refusal."""
    family, opening = FAMILY[relay.version], opening_set(relay)
    yield f"ct state established ct direction original delete @{opening} {{ {family} saddr . tcp sport }}"
    yield f"ct direction reply tcp flags rst delete @{opening} {{ {family} daddr . tcp dport }}"


def closed(relay: RelayPlan) -> Iterator[str]:
    """Yield what takes a session that we refuse ourselves from the half-open ones."""
    if _counts_openings(relay):
        yield f"delete @{opening_set(relay)} {{ {FAMILY[relay.version]} saddr . tcp sport }}"


def full_hosts(relays: Sequence[RelayPlan]) -> Iterator[str]:
    """Yield what sends new sessions on to the count of their host, where any may be full."""
    if _capped(relays):
        yield "ct state new ct mark vmap @m_full"


def _fullness(relay: RelayPlan, table: str, limit: int) -> str:
    """Return the rule that refuses a client whose host is full, and accepts all others.

    Sessions count for the host that was chosen, so nobody may be sent on to another one here: the slots see to that.
    """
    family = FAMILY[relay.version]
    over = f"add @{full_set(table, relay.version, limit)} {{ {family} daddr ct count over {limit} }}"
    refused = " ".join([*closed(relay), _counted(relay, Refusal.FULL)])
    said = comment(relay.title)
    if relay.transport is Transport.TCP:
        return f"meta l4proto tcp {over} {refused} reject with tcp reset {said}"
    return f"{over} {refused} reject with {REFUSAL[relay.version]} {said}"


def _capped(relays: Sequence[RelayPlan]) -> Sequence[tuple[RelayPlan, PoolHost, int]]:
    """Return the hosts whose sessions the kernel counts, with their limit; larger ones are seen to by the slots alone."""
    return [
        (relay, host, host.max_sessions)
        for relay in relays
        for host in relay.pool.hosts
        if host.max_sessions is not None and host.max_sessions <= MOST_COUNTED
    ]


def _opening(relays: Sequence[RelayPlan]) -> Sequence[RelayPlan]:
    """Return the relays whose sessions may be completed: those without a host begin none."""
    return [relay for relay in relays if _counts_openings(relay) and relay.pool.hosts]


def _counts_openings(relay: RelayPlan) -> bool:
    return relay.limits.half_open is not None and relay.transport is Transport.TCP
