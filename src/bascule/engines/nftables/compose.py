"""From a plan to the rules that carry it: the ruleset that was attacked and held (reference for each cure: ADR 0001).

Rules are written as nft 1.0.6 prints them, so that what is read back can be compared word for word. What differs from
relay to relay stands in sets and maps; the chains hardly ever change.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import summarize_address_range
from typing import Final

from bascule.config.model import EngineName, IcmpCheck, Mode, OnEmpty
from bascule.engines.nftables.names import (
    comment,
    range_set,
    relay_chain,
    slots_map,
    timeout_policy,
    timeout_set,
)
from bascule.engines.nftables.ruleset import Chain, NamedSet, Ruleset
from bascule.plan.model import FIRST_MARK, LAST_MARK, NO_HOST, Plan, RelayPlan, Source
from bascule.plan.selection import SLOTS

FIRST_PROBE_PORT: Final = 61000
LAST_PROBE_PORT: Final = 61999
"""Local ports of probes. Together with the node's own address they keep probes out of connection tracking."""

PACKET_MARK: Final = 0x1BA60001
"""Packet mark of nudges, so that they are not tracked."""

VERSIONS: Final = (4, 6)
_FAMILY: Final = {4: "ip", 6: "ip6"}
_ADDRESS: Final = {4: "ipv4_addr", 6: "ipv6_addr"}
_NFPROTO: Final = {4: "ipv4", 6: "ipv6"}
_MARKS: Final = f"ct mark {FIRST_MARK:#010x}-{LAST_MARK:#010x}"
_SYN: Final = "tcp flags syn / fin,syn,rst,ack"
_NOT_SYN: Final = "tcp flags != syn / fin,syn,rst,ack"
_PORTS: Final = f"{FIRST_PROBE_PORT}-{LAST_PROBE_PORT}"


def compose(plan: Plan) -> Ruleset | None:
    """Return the table that carries a plan's kernel relays; None where it has none and never had."""
    relays = plan.of(EngineName.KERNEL)
    if not relays and not plan.marks:
        return None
    timeouts = sorted({relay.session_timeout for relay in relays})
    return Ruleset(
        timeouts={timeout_policy(seconds): seconds for seconds in timeouts},
        sets=dict(_sets(plan, relays, timeouts)),
        chains={
            **_raw_chains(),
            **_guard_chains(timeouts),
            **_nat_chains(relays),
            **_filter_chains(plan, relays),
            **{relay_chain(relay): _relay_chain(relay) for relay in relays},
        },
    )


# --- sets and maps ---------------------------------------------------------------------------------------------------


def _sets(plan: Plan, relays: Sequence[RelayPlan], timeouts: Sequence[int]) -> Iterator[tuple[str, NamedSet]]:
    for version in VERSIONS:
        family = [relay for relay in relays if relay.version == version]
        yield from _endpoint_sets(family, version, timeouts)
        yield from _own_sets(plan, version)
        yield from _kept_sets(version)
        yield f"m_to{version}", _targets(plan, version)
        yield f"m_from{version}", _sources(family, version, own=False)
        yield f"m_from_own{version}", _sources(family, version, own=True)
    for relay in relays:
        yield slots_map(relay), NamedSet("typeof numgen inc mod 1024 : meta mark", slot_elements(relay))
        if ranges(relay):
            marks = {str(host.mark): "" for host in relay.pool.hosts}
            yield range_set(relay), NamedSet("type mark", marks)


def slot_elements(relay: RelayPlan) -> Mapping[str, str]:
    """Return the elements of a relay's slot map: slot to mark; a slot that no live host takes has none."""
    marks = [str(host.mark) for host in relay.pool.hosts]
    return {str(slot): marks[index] for slot, index in enumerate(relay.pool.slots) if index != NO_HOST}


def _endpoint_sets(relays: Sequence[RelayPlan], version: int, timeouts: Sequence[int]) -> Iterator[tuple[str, NamedSet]]:
    kind = f"type {_ADDRESS[version]} . inet_service"
    listening = {f"{end.address} . {end.port}": relay for relay in relays for end in relay.listens}
    hosts = [host.endpoint for relay in relays for host in relay.pool.hosts]
    silent = [name for name, relay in listening.items() if relay.on_empty is OnEmpty.DROP]
    sources = {str(address) for relay in relays for source in relay.sources for address in source.addresses}
    yield f"s_vip{version}", NamedSet(kind, dict.fromkeys(listening, ""))
    yield f"s_silent{version}", NamedSet(kind, dict.fromkeys(silent, ""))
    yield f"s_host{version}", NamedSet(kind, {f"{host.address} . {host.port}": "" for host in hosts})
    yield f"s_source{version}", NamedSet(f"type {_ADDRESS[version]}", dict.fromkeys(sources, ""))
    yield (
        f"m_relay{version}",
        NamedSet(f"{kind} : verdict", {name: f"goto {relay_chain(relay)}" for name, relay in listening.items()}),
    )
    for seconds in timeouts:
        members = [name for name, relay in listening.items() if relay.session_timeout == seconds]
        yield timeout_set(seconds, version), NamedSet(kind, dict.fromkeys(members, ""))


def _own_sets(plan: Plan, version: int) -> Iterator[tuple[str, NamedSet]]:
    """Yield what tells our own probes from everything else."""
    targets = [probe.target for probe in plan.probes if probe.target.endpoint.address.version == version]
    own = {str(address): "" for address in plan.own if address.version == version}
    probed = {f"{target.endpoint.address} . {target.endpoint.port}": "" for target in targets}
    pinged = {str(target.endpoint.address): "" for target in targets if isinstance(target.check, IcmpCheck)}
    yield f"s_own{version}", NamedSet(f"type {_ADDRESS[version]}", own)
    yield f"s_probe{version}", NamedSet(f"type {_ADDRESS[version]} . inet_service", probed)
    yield f"s_ping{version}", NamedSet(f"type {_ADDRESS[version]}", pinged)


def _kept_sets(version: int) -> Iterator[tuple[str, NamedSet]]:
    """Yield the sets that the daemon fills while it runs."""
    address = _ADDRESS[version]
    four = f"type {address} . inet_service . {address} . inet_service"
    yield f"s_settled{version}", NamedSet(f"type {address}; flags timeout", dynamic=True)
    yield f"s_killed{version}", NamedSet(f"{four}; flags timeout", dynamic=True)


def _targets(plan: Plan, version: int) -> NamedSet:
    """Return the map from marks to hosts: of every mark in use, since sessions may carry those of hosts long gone."""
    owners = {mark: owner for owner, mark in plan.marks.items() if owner.endpoint.address.version == version}
    return NamedSet(
        f"type mark : {_ADDRESS[version]} . inet_service",
        {str(mark): f"{owner.endpoint.address} . {owner.endpoint.port}" for mark, owner in owners.items()},
        {str(mark): owner.service for mark, owner in owners.items()},
    )


def _sources(relays: Sequence[RelayPlan], version: int, *, own: bool) -> NamedSet:
    """Return the map from listening address and mark to the source of the connection to the host.

    Own sources are in it for ranges too: it serves their clients whose port is one that probes use.
    """
    elements = {
        f"{source.listen} . {host.mark}": str(source.first)
        for relay in relays
        for source in relay.sources
        for host in relay.pool.hosts
        if host.endpoint.address == source.host and source.own == own and (own or source.first == source.last)
    }
    return NamedSet(f"type {_ADDRESS[version]} . mark : {_ADDRESS[version]}", elements)


def ranges(relay: RelayPlan) -> Sequence[str]:
    """Return the ranges of source addresses that a relay spreads its clients over, as nft prints them; mostly none."""
    return sorted({_range(source) for source in relay.sources if source.first != source.last})


def _range(source: Source) -> str:
    """Return `A-B`, or `A/LENGTH` where the range is a whole network."""
    networks = [*summarize_address_range(source.first, source.last)]
    return str(networks[0]) if len(networks) == 1 else f"{source.first}-{source.last}"


def _spread(relay: RelayPlan) -> Iterator[str]:
    """Yield what spreads a relay's clients over a range of addresses.

    Where the node's own is among them, a client whose port is one that probes use is left to the next rules.
    """
    free = f" tcp sport != {_PORTS}" if any(source.own for source in relay.sources) else ""
    for addresses in ranges(relay):
        yield (
            f"ct mark @{range_set(relay)}{free} snat {_FAMILY[relay.version]} to {addresses} "
            f"{comment(f'relay {relay.name}')}"
        )


# --- chains ----------------------------------------------------------------------------------------------------------


def _both(rule: str) -> Iterator[str]:
    """Yield a rule for each IP version: `{ip}` stands for the protocol, `{v}` for the version."""
    for version in VERSIONS:
        yield rule.format(ip=_FAMILY[version], v=version, nfproto=_NFPROTO[version])


def _raw_chains() -> Mapping[str, Chain]:
    """Return what keeps our own probes and nudges untracked: a full table then never takes a host down."""
    said = comment("probes of hosts")
    return {
        "c_raw_out": Chain(
            "type filter hook output priority raw; policy accept;",
            (
                f"meta mark {PACKET_MARK:#010x} notrack {comment('nudges of ended sessions')}",
                *_both(
                    f"{{ip}} saddr @s_own{{v}} tcp sport {_PORTS} {{ip}} daddr . tcp dport @s_probe{{v}} notrack {said}"
                ),
                f"ip saddr @s_own4 ip daddr @s_ping4 icmp type echo-request notrack {said}",
                f"ip6 saddr @s_own6 ip6 daddr @s_ping6 icmpv6 type echo-request notrack {said}",
            ),
        ),
        "c_raw_in": Chain(
            "type filter hook prerouting priority raw; policy accept;",
            (
                *_both(
                    f"{{ip}} saddr . tcp sport @s_probe{{v}} {{ip}} daddr @s_own{{v}} tcp dport {_PORTS} notrack {said}"
                ),
                f"ip saddr @s_ping4 ip daddr @s_own4 icmp type echo-reply notrack {said}",
                f"ip6 saddr @s_ping6 ip6 daddr @s_own6 icmpv6 type echo-reply notrack {said}",
            ),
        ),
    }


def _guard_chains(timeouts: Sequence[int]) -> Mapping[str, Chain]:
    """Return what meets a packet without a state: time-outs for a new session, a reset or silence for a stray one."""
    killed = "{ip} saddr . tcp sport . {ip} daddr . tcp dport @s_killed{v} counter reject with tcp reset"
    settled = "meta l4proto tcp {ip} daddr @s_settled{v} counter reject with tcp reset"
    policies = [
        f'{family} daddr . tcp dport @{timeout_set(seconds, version)} ct timeout set "{timeout_policy(seconds)}"'
        for seconds in timeouts
        for version, family in _FAMILY.items()
    ]
    return {
        "c_guard": Chain(
            "type filter hook prerouting priority mangle; policy accept;",
            (
                "ct state != new accept",
                "meta l4proto != tcp accept",
                f"{_SYN} goto c_time",
                "socket wildcard 0 accept",
                *_both(f"{killed} {comment('sessions that were ended')}"),
                *_both("{ip} daddr . tcp dport @s_vip{v} goto c_client"),
                *_both("{ip} saddr . tcp sport @s_host{v} {ip} daddr @s_source{v} goto c_answer"),
            ),
        ),
        "c_guard_out": Chain(
            "type filter hook output priority mangle; policy accept;", (f"ct state new {_SYN} goto c_time",)
        ),
        "c_time": Chain(rules=tuple(policies)),
        "c_client": Chain(rules=(*_both(f"{settled} {comment('stray packets of clients')}"), "goto c_time")),
        "c_answer": Chain(
            rules=(
                *_both(f"{settled} {comment('stray packets of hosts')}"),
                f"counter drop {comment('hosts speak before their clients after a takeover')}",
            )
        ),
    }


def _nat_chains(relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    """Return what translates new sessions, five before the usual priorities, so that ours come first."""
    dispatch = tuple(_both("{ip} daddr . tcp dport vmap @m_relay{v}"))
    single = "meta l4proto tcp snat {ip} to ct original {ip} daddr . ct mark map "
    return {
        "c_pre": Chain(
            "type nat hook prerouting priority dstnat - 5; policy accept;",
            (f"{_NOT_SYN} socket wildcard 0 accept {comment('sessions of local programs')}", *dispatch),
        ),
        "c_out": Chain(
            "type nat hook output priority -105; policy accept;",
            (f"fib daddr type != local accept {comment('addresses this node does not hold')}", *dispatch),
        ),
        "c_post": Chain(
            "type nat hook postrouting priority srcnat - 5; policy accept;", (f"ct status dnat {_MARKS} goto c_source",)
        ),
        "c_source": Chain(
            rules=(
                *(rule for relay in relays for rule in _spread(relay)),
                *_both(f"{single}@m_from{{v}}"),
                *_both(f"{single}@m_from_own{{v}}:1024-60999"),
            )
        ),
    }


def _filter_chains(plan: Plan, relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    """Return what is forwarded by our doing, and what a client meets when no host is up."""
    versions = {relay.version for relay in relays}
    closed = [version for version in VERSIONS if version in versions and version not in plan.routed_before]
    chains = {
        "c_size": Chain(
            "type filter hook forward priority mangle; policy accept;",
            (f"ct status dnat {_MARKS} tcp flags syn tcp option maxseg size set rt mtu",),
        ),
        "c_forward": Chain(
            "type filter hook forward priority filter - 5; policy accept;",
            (
                f"ct status dnat {_MARKS} accept",
                *(
                    f"meta nfproto {_NFPROTO[version]} counter drop {comment('this machine was no router before')}"
                    for version in closed
                ),
            ),
        ),
        "c_in": Chain(
            "type filter hook input priority filter - 5; policy accept;",
            (
                "ct state established,related,untracked accept",
                f"{_NOT_SYN} socket wildcard 0 accept",
                *_both(f"{{ip}} daddr . tcp dport @s_silent{{v}} counter drop {comment('no host is up')}"),
                *_both(f"{{ip}} daddr . tcp dport @s_vip{{v}} counter reject with tcp reset {comment('no host is up')}"),
            ),
        ),
    }
    if 6 in versions:  # noqa: PLR2004 - IP version
        redirects = f"icmpv6 type nd-redirect drop {comment('never tell a client of one segment to skip us')}"
        chains["c_icmp"] = Chain("type filter hook output priority filter - 5; policy accept;", (redirects,))
    return chains


def _relay_chain(relay: RelayPlan) -> Chain:
    """Choose the host's mark by slot, then translate to the mark's host. Where the slot is empty the first rule ends."""
    family = _FAMILY[relay.version]
    service = f"{family} saddr . {family} daddr . tcp dport"
    choice = {
        Mode.LOADBALANCE: f"jhash {service} mod {SLOTS} seed {relay.pool.key:#x}",
        Mode.LEAST_STATES: f"numgen inc mod {SLOTS}",
        Mode.SOURCE_HASH: f"jhash {family} saddr mod {SLOTS} seed {relay.pool.key:#x}",
        Mode.ROUNDROBIN: f"numgen inc mod {SLOTS}",
        Mode.RANDOM: f"numgen random mod {SLOTS}",
    }[relay.pool.mode]
    said = comment(f"relay {relay.name}")
    return Chain(
        rules=(
            f"ct mark set {choice} map @{slots_map(relay)} {said}",
            f"meta l4proto tcp dnat {family} to ct mark map @m_to{relay.version} {said}",
        )
    )
