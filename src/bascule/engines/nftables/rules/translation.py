"""What translates new sessions: the host by slot, and for relays the source."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import summarize_address_range
from typing import Final

from bascule.config.model import Address, Mode, Transport
from bascule.engines.nftables.names import comment, range_set, relay_chain, slots_map, timeout_policy
from bascule.engines.nftables.rules.firewall.hooks import own_address
from bascule.engines.nftables.rules.firewall.strangers import strangers
from bascule.engines.nftables.rules.probing import PROBE_PORTS
from bascule.engines.nftables.rules.words import ADDRESS, FAMILY, FORWARDED, LISTENING, MARKS, NOT_SYN, both
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.plan.model import NO_HOST, MarkOwner, Plan, RelayPlan, Source
from bascule.plan.selection import SLOTS

SLOT_TYPE: Final = "typeof numgen inc mod 1024 : meta mark"


def target_maps(plan: Plan, version: int) -> Iterator[tuple[str, NamedSet]]:
    """Yield the maps from marks to hosts: of every mark in use, since sessions may carry those of hosts long gone.

    A host with a port of its own stands in the one, a host that is asked for the client's port in the other.
    """
    owners = {owner: mark for owner, mark in plan.marks.items() if owner.endpoint.address.version == version}
    to = {owner: f"{owner.endpoint.address} . {owner.endpoint.port}" for owner in owners if owner.endpoint.port}
    keep = {owner: str(owner.endpoint.address) for owner in owners if not owner.endpoint.port}
    yield f"m_to{version}", _targets(f"type mark : {ADDRESS[version]} . inet_service", owners, to)
    yield f"m_keep{version}", _targets(f"type mark : {ADDRESS[version]}", owners, keep)


def _targets(kind: str, marks: Mapping[MarkOwner, int], hosts: Mapping[MarkOwner, str]) -> NamedSet:
    return NamedSet(
        kind,
        {str(marks[owner]): host for owner, host in hosts.items()},
        {str(marks[owner]): owner.service for owner in hosts},
    )


def source_maps(relays: Sequence[RelayPlan], version: int) -> Iterator[tuple[str, NamedSet]]:
    """Yield the maps from listening address and mark to the source of the connection to the host."""
    yield f"m_from{version}", _sources(relays, version, own=False)
    yield f"m_from_own{version}", _sources(relays, version, own=True)


def _sources(relays: Sequence[RelayPlan], version: int, *, own: bool) -> NamedSet:
    """Return one of them. Own sources are in it for ranges too: it serves their clients whose port is one of probes."""
    elements = {
        f"{asked} . {host.mark}": str(source.first)
        for relay in relays
        for source in relay.sources
        for host in relay.pool.hosts
        if host.endpoint.address == source.host and source.own == own and (own or source.first == source.last)
        for asked in _asked(relay, source.listen)
    }
    return NamedSet(f"type {ADDRESS[version]} . mark : {ADDRESS[version]}", elements)


def _asked(relay: RelayPlan, listen: Address) -> Iterator[Address]:
    """Yield the addresses that clients ask for where a relay listens at one: port forwards bring more."""
    yield listen
    yield from (each.place.address for each in relay.forwarded if each.listen.address == listen)


def slot_sets(relay: RelayPlan) -> Iterator[tuple[str, NamedSet]]:
    """Yield the sets and maps of one relay."""
    yield slots_map(relay), NamedSet(SLOT_TYPE, slot_elements(relay))
    if ranges(relay):
        marks = {str(host.mark): "" for host in relay.pool.hosts}
        yield range_set(relay), NamedSet("type mark", marks)


def slot_elements(relay: RelayPlan) -> Mapping[str, str]:
    """Return the elements of a relay's slot map: slot to mark; a slot that no live host takes has none."""
    marks = [str(host.mark) for host in relay.pool.hosts]
    return {str(slot): marks[index] for slot, index in enumerate(relay.pool.slots) if index != NO_HOST}


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
    free = f" tcp sport != {PROBE_PORTS}" if any(source.own for source in relay.sources) else ""
    for addresses in ranges(relay):
        yield f"ct mark @{range_set(relay)}{free} snat {FAMILY[relay.version]} to {addresses} {comment(relay.title)}"


def nat_chains(plan: Plan, relays: Sequence[RelayPlan]) -> Mapping[str, Chain]:
    """Return the chains of all relays and of port forwards, five before the usual priorities, so that ours come first."""
    firewall = plan.firewall
    forwards = firewall is not None and any(each.rule.forward is not None for each in firewall.rules)
    forwarded = (f"{FORWARDED} goto c_fw_forward",) if forwards else ()
    dispatch = tuple(both(f"{LISTENING} vmap @m_relay{{v}}"))
    single = "meta l4proto tcp snat {ip} to ct original {ip} daddr . ct mark map "
    return {
        "c_pre": Chain(
            "type nat hook prerouting priority dstnat - 5; policy accept;",
            (f"{NOT_SYN} socket wildcard 0 accept {comment('sessions of local programs')}", *forwarded, *dispatch),
        ),
        "c_out": Chain(
            "type nat hook output priority -105; policy accept;",
            (f"fib daddr type != local accept {comment('addresses this node does not hold')}", *dispatch),
        ),
        "c_post": Chain(
            "type nat hook postrouting priority srcnat - 5; policy accept;",
            (f"ct status dnat {MARKS} goto c_source", *(own_address(firewall) if firewall is not None else ())),
        ),
        "c_source": Chain(
            rules=(
                *(rule for relay in relays for rule in _spread(relay)),
                *both(f"{single}@m_from{{v}}"),
                *both(f"{single}@m_from_own{{v}}:1024-60999"),
            )
        ),
    }


def patience(relay: RelayPlan) -> Iterator[str]:
    """Yield what gives a relay's sessions their time-outs; datagrams keep the kernel's."""
    if relay.transport is Transport.TCP:
        yield f'ct timeout set "{timeout_policy(relay.session_timeout)}"'


def entrance(relay: RelayPlan) -> Iterator[str]:
    """Yield what turns back clients of other interfaces, or of another zone, than those that a relay listens on.

    Whom a port forward brings is not asked.
    """
    asked = f"{FORWARDED.replace('mark', 'mark !=')} " if relay.forwarded else ""
    yield from (f"{asked}{match} return {comment(relay.title)}" for match in strangers(relay))


def choice(relay: RelayPlan) -> str:
    """Return the rule that chooses a host's mark by slot; where the slot is empty it ends there, and changes nothing."""
    family = FAMILY[relay.version]
    service = f"{family} saddr . {family} daddr . {relay.transport} dport"
    number = {
        Mode.SOURCE_HASH: f"jhash {family} saddr mod {SLOTS} seed {relay.pool.key:#x}",
        Mode.LOADBALANCE: f"jhash {service} mod {SLOTS} seed {relay.pool.key:#x}",
        Mode.LEAST_STATES: f"numgen inc mod {SLOTS}",
        Mode.ROUNDROBIN: f"numgen inc mod {SLOTS}",
        Mode.RANDOM: f"numgen random mod {SLOTS}",
    }[relay.pool.mode]
    return f"ct mark set {number} map @{slots_map(relay)} {comment(relay.title)}"


def destination(relay: RelayPlan) -> Iterator[str]:
    """Yield what sends a client to the host of the mark."""
    family, said = FAMILY[relay.version], comment(relay.title)
    if any(host.endpoint.port for host in relay.pool.hosts):
        yield f"meta l4proto {relay.transport} dnat {family} to ct mark map @m_to{relay.version} {said}"
    if any(not host.endpoint.port for host in relay.pool.hosts):
        yield f"dnat {family} to ct mark map @m_keep{relay.version} {said}"


def relay_chains(relay: RelayPlan) -> Mapping[str, Chain]:
    """Return the chain of a relay that remembers no client."""
    return {relay_chain(relay): Chain(rules=(*entrance(relay), *patience(relay), choice(relay), *destination(relay)))}
