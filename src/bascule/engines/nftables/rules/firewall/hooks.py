"""Where packets meet the walks: at the door of relays and port forwards, and where they stay, go through, or leave."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bascule.config.firewall import Direction
from bascule.engines.nftables.names import comment
from bascule.engines.nftables.rules.firewall.asked import Asked, port_range
from bascule.engines.nftables.rules.firewall.forwards import led_matches
from bascule.engines.nftables.rules.firewall.matches import Place, in_zone, matches, needed
from bascule.engines.nftables.rules.firewall.names import asked_set, counter, family_set, forwarded_set
from bascule.engines.nftables.rules.firewall.strangers import strangers_leave
from bascule.engines.nftables.rules.firewall.verdicts import decided
from bascule.engines.nftables.rules.firewall.zones import TO, family_version, inside
from bascule.engines.nftables.rules.probing import answers
from bascule.engines.nftables.rules.words import FAMILY, FORWARDED, LISTENING, MARKS, NOT_SYN, VERSIONS, both, written
from bascule.engines.nftables.ruleset import Chain
from bascule.plan.firewall import NEEDED_TYPES, FirewallPlan, Purpose
from bascule.plan.idents import idents
from bascule.plan.model import RelayPlan

_STAYS: Final = "fib daddr type { local, broadcast, anycast, multicast }"
_OF_NO_SESSION: Final = comment("errors about what is not tracked: probes, and the admin port")
_FIRST_OWN: Final = 32768
_LAST_OWN: Final = 60999
"""Ports that the kernel gives to who connects (ip-sysctl, ip_local_port_range)."""
_BEGUN_HERE: Final = comment("sessions that this machine began before it judged")
CLAMP: Final = "tcp option maxseg size set rt mtu"


def door(
    plan: FirewallPlan, asked: Sequence[Asked], relays: Sequence[RelayPlan], led: Sequence[int]
) -> Mapping[str, Chain]:
    """Return the chains before the guard and before translation; `led` are the IP versions with forwards to relays.

    A port forward that takes a packet marks its session. Where a relay listens the walk is done here, stray packets
    included; everywhere else the filter hooks do it.
    """
    chains: dict[str, Chain] = {}
    rules = ["ct state != new accept", 'iifname "lo" accept', f"ct status dnat accept {comment('judged when it began')}"]
    rules += [f"{pair} accept {comment('hosts of one table: no port forward takes them')}" for _, pair in _families(plan)]
    for version in VERSIONS:
        to = LISTENING.format(ip=FAMILY[version])
        if any(each.forwards and each.of(version) for each in asked):
            rules.append(f"{to} @{asked_set(version)} jump c_fw_asked{version}")
            stray = f"{to.replace('th', 'tcp')} != @{forwarded_set(version)} " if version in led else ""
            looks = (f"{_STAYS} goto c_fw_look_in{version}", f"goto c_fw_look_through{version}")
            chains[f"c_fw_asked{version}"] = Chain(rules=(f"{NOT_SYN} {stray}return", *looks))
            left = (f"{to} @{forwarded_set(version)} accept",) if version in led else ()
            chains[f"c_fw_left{version}"] = Chain(rules=(*left, "goto c_fw_listening"))
    rules.append("goto c_fw_listening")
    chains["c_fw_listening"] = Chain(
        rules=(*strangers_leave(relays), *both(f"{LISTENING} @s_vip{{v}} jump c_fw_in{{v}}"), "accept")
    )
    chains["c_fw_door"] = Chain("type filter hook prerouting priority mangle - 1; policy accept;", tuple(rules))
    return chains


def staying(
    hook: str, usual: Sequence[str], relays: Sequence[RelayPlan], proxied: Sequence[RelayPlan]
) -> Mapping[str, Chain]:
    """Return the chains of what stays on this machine; `usual` are the rules there without a firewall.

    `proxied` are the relays that the proxy carries.
    """
    return {
        "c_in": Chain(
            hook,
            (
                'iifname "lo" goto c_fw_lo',
                "ct state established,related accept",
                *(f"ct state invalid {needed(protocol)} goto c_fw_in {_OF_NO_SESSION}" for protocol in NEEDED_TYPES),
                "ct state invalid drop",
                f"ct status dnat {FORWARDED} accept",
                "ct state untracked jump c_fw_untracked",
                f"ct state new tcp dport {_FIRST_OWN}-{_LAST_OWN} {NOT_SYN} jump c_fw_begun",
                f"{NOT_SYN} socket wildcard 0 goto c_fw_in",
                "jump c_refuse",
                *_begun(relays, "c_fw_in"),
            ),
        ),
        "c_fw_begun": Chain(rules=(*_listening(proxied), f"socket wildcard 0 accept {_BEGUN_HERE}")),
        "c_fw_lo": Chain(rules=tuple(usual)),
        "c_fw_untracked": Chain(rules=tuple(f"{answer} accept" for answer in answers())),
    }


def _listening(proxied: Sequence[RelayPlan]) -> Iterator[str]:
    """Yield what is said of places of the proxy among those ports: who listens has begun nothing."""
    for relay in proxied:
        for place in relay.listens:
            if place.ports.start <= _LAST_OWN and place.ports.stop > _FIRST_OWN:
                ports = port_range((place.port, place.last or place.port))
                yield f"{FAMILY[relay.version]} daddr {place.address} tcp dport {ports} return"


def going_through(plan: FirewallPlan, relays: Sequence[RelayPlan]) -> Sequence[str]:
    """Return the rules of what is forwarded, and no relay carries."""
    return (
        *(f"{pair} goto {_family_chain(number)}" for number, pair in _families(plan)),
        f"tcp flags syn {CLAMP}",
        f"ct status dnat {FORWARDED} accept",
        "ct state invalid drop",
        "ct state established,related accept",
        *both(f"{MARKS} {LISTENING} @s_vip{{v}} accept {comment('the host that was asked for is the one that takes it')}"),
        "ct state new jump c_refuse",
        *_begun(relays, "c_fw_through"),
    )


def _begun(relays: Sequence[RelayPlan], walk: str) -> Iterator[str]:
    """Yield what sends packets to a walk, stray ones only where a port forward might pick their session up."""
    yield from (f"{NOT_SYN} {place} goto {walk}" for place in led_matches(relays, "tcp"))
    yield f"ct state new {NOT_SYN} drop {comment('no session begins like this')}"
    yield f"goto {walk}"


def family_chains(plan: FirewallPlan, asked: Sequence[Asked]) -> Iterator[tuple[str, Chain]]:
    """Yield the chain of each family of hosts: whatever they say to each other passes as it is, but for false sources."""
    names, rules = idents(plan), plan.all_rules
    counted = [names[index] for index, each in enumerate(rules) if each.purpose is Purpose.EXCHANGE]
    spoofing = [each for each in asked if each.plan.purpose is Purpose.SPOOFING and each.goes(Direction.THROUGH)]
    for number, _ in _families(plan):
        place = Place(plan, family_version(plan.families[number]), Direction.THROUGH)
        false = [
            f"ct state invalid,new {match} {decided(each, place.version)}"
            for each in spoofing
            for _ in in_zone(each, place)
            for match in matches(each, place)
        ]
        count = f'counter name "{counter(counted[number])}" ' if number < len(counted) else ""
        yield _family_chain(number), Chain(rules=(*false, f"{count}accept"))


def _family_chain(number: int) -> str:
    return f"c_fw_family{number}"


def _families(plan: FirewallPlan) -> Iterator[tuple[int, str]]:
    """Yield each family's number, and the match of what its hosts say to each other."""
    for number, family in enumerate(plan.families):
        ip, name = FAMILY[family_version(family)], family_set(number)
        yield number, f"{ip} saddr @{name} {ip} daddr @{name}"


def leaving() -> Mapping[str, Chain]:
    """Return the chain of what this machine sends itself."""
    return {
        "c_fw_leaving": Chain(
            "type filter hook output priority filter - 5; policy accept;",
            (
                'oifname "lo" accept',
                "ct state established,related,untracked accept",
                f"ct status dnat {MARKS} accept",
                "goto c_fw_out",
            ),
        )
    }


def own_address(plan: FirewallPlan) -> Sequence[str]:
    """Return the rules of what leaves with our address, though no relay carries it."""
    rules: list[str] = []
    near = {network for networks in plan.homes.values() for network in networks}
    for network in sorted(near, key=lambda network: (network.version, network)):
        pair = f"{FAMILY[network.version]} saddr {written(network)} {FAMILY[network.version]} daddr {written(network)}"
        rules.append(f"ct status dnat {FORWARDED} {pair} masquerade {comment('the answer would go past us')}")
    rules += [f"{pair} accept" for _, pair in _families(plan)]
    for nat in plan.nats:
        for version in VERSIONS:
            rules += [
                f"iif != 0 {source} {to} masquerade"
                for source in inside(plan, nat.from_zone, version)
                for to in inside(plan, nat.to_zone, version, TO)
            ]
    return rules
