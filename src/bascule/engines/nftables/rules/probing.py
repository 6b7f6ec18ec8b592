"""What keeps our own probes, nudges, VRRP and the admin port untracked.

A full table of sessions then never takes a host down, nor this node's addresses, nor locks its administrators out. Only
packets from or to the node's own addresses are meant, since virtual ones are those of clients' sessions, too.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from bascule.config.model import IcmpCheck
from bascule.engines.nftables.names import comment
from bascule.engines.nftables.rules.words import ADDRESS, NOT_SYN, both
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.plan.model import Plan

FIRST_PROBE_PORT: Final = 61000
LAST_PROBE_PORT: Final = 61999
"""Local ports of probes. Together with the node's own address they keep probes out of connection tracking."""

PROBE_PORTS: Final = f"{FIRST_PROBE_PORT}-{LAST_PROBE_PORT}"

_VRRP4: Final = "224.0.0.18"
_VRRP6: Final = "ff02::12"
"""Where VRRP speaks to all (RFC 9568, 5.1.1.2 and 5.1.2.2)."""

_ANSWERED: Final = "{ip} daddr @s_own{v} {ip} saddr . tcp sport @s_probe{v}"
_PINGED: Final = (
    "icmp type echo-reply ip saddr @s_ping4 ip daddr @s_own4",
    "icmpv6 type echo-reply ip6 saddr @s_ping6 ip6 daddr @s_own6",
)
_ADVERTISED: Final = (
    "ip protocol vrrp ip daddr @s_own4",
    f"ip protocol vrrp ip daddr {_VRRP4}",
    "ip6 nexthdr vrrp ip6 daddr @s_own6",
    f"ip6 nexthdr vrrp ip6 daddr {_VRRP6}",
)

PACKET_MARK: Final = 0x1BA60001
"""Packet mark of nudges, so that they are not tracked."""


def probe_sets(plan: Plan, version: int) -> Iterator[tuple[str, NamedSet]]:
    """Yield what tells our own probes from everything else."""
    targets = [probe.target for probe in plan.probes if probe.target.endpoint.address.version == version]
    own = {str(address): "" for address in plan.own if address.version == version}
    probed = {f"{target.endpoint.address} . {port}": "" for target in targets for port in target.ports}
    pinged = {str(target.endpoint.address): "" for target in targets if isinstance(target.check, IcmpCheck)}
    admin = {f"{end.address} . {end.port}": "" for end in plan.admin.untracked if end.address.version == version}
    yield f"s_admin{version}", NamedSet(f"type {ADDRESS[version]} . inet_service", admin)
    yield f"s_own{version}", NamedSet(f"type {ADDRESS[version]}", own)
    yield f"s_probe{version}", NamedSet(f"type {ADDRESS[version]} . inet_service", probed)
    yield f"s_ping{version}", NamedSet(f"type {ADDRESS[version]}", pinged)


def raw_chains(plan: Plan) -> Mapping[str, Chain]:
    """Return the chains before tracking. Every packet meets them, so that one of TCP passes few rules."""
    said, vrrp = comment("probes of hosts"), comment("VRRP")
    return {
        "c_raw_out": Chain(
            "type filter hook output priority raw; policy accept;",
            (
                f"meta mark {PACKET_MARK:#010x} notrack {comment('nudges of ended sessions')}",
                "meta l4proto tcp goto c_raw_out_tcp",
                f"icmp type echo-request ip saddr @s_own4 ip daddr @s_ping4 notrack {said}",
                f"icmpv6 type echo-request ip6 saddr @s_own6 ip6 daddr @s_ping6 notrack {said}",
                f"ip protocol vrrp ip saddr @s_own4 notrack {vrrp}",
                f"ip6 nexthdr vrrp ip6 saddr @s_own6 notrack {vrrp}",
                f"ip6 nexthdr vrrp ip6 daddr {_VRRP6} notrack {vrrp}",
            ),
        ),
        "c_raw_out_tcp": Chain(
            rules=(
                *_admin(plan, "{ip} saddr . tcp sport @s_admin{v} {ip} daddr . tcp dport != @s_host{v}"),
                f"tcp sport != {PROBE_PORTS} return",
                *both(f"{{ip}} saddr @s_own{{v}} {{ip}} daddr . tcp dport @s_probe{{v}} notrack {said}"),
            )
        ),
        "c_raw_in": Chain(
            "type filter hook prerouting priority raw; policy accept;",
            (
                "meta l4proto tcp goto c_raw_in_tcp",
                *(f"{match} notrack {said}" for match in _PINGED),
                *(f"{match} notrack {vrrp}" for match in _ADVERTISED),
            ),
        ),
        "c_raw_in_tcp": Chain(
            rules=(
                *_admin(plan, "{ip} daddr . tcp dport @s_admin{v} {ip} saddr . tcp sport != @s_host{v}"),
                f"tcp dport != {PROBE_PORTS} return",
                *both(f"{_ANSWERED} notrack {said}"),
            )
        ),
    }


def answers() -> Iterator[str]:
    """Yield the matches of what comes in untracked: answers to probes, which ask for no session, and VRRP."""
    yield from both(f"tcp dport {PROBE_PORTS} {NOT_SYN} {_ANSWERED}")
    yield from (*_PINGED, *_ADVERTISED)


def _admin(plan: Plan, packets: str) -> Iterator[str]:
    """Yield what keeps administrators untracked, where there is somewhere for them to come.

    A relay whose source is the node's own may speak to a host from the number of the admin port: what hosts answer from
    is no administrator.
    """
    if plan.admin.untracked:
        yield from both(f"{packets} notrack {comment('the admin port')}")
