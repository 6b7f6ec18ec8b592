"""What a rule compares, as nft prints it: the alternatives of which one must match."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from bascule.config.firewall import Direction, End, Protocol
from bascule.engines.nftables.rules.firewall.asked import Asked, port_range, protocols
from bascule.engines.nftables.rules.firewall.names import run_set
from bascule.engines.nftables.rules.firewall.tables import sets_of
from bascule.engines.nftables.rules.firewall.zones import TO, foreign, inside, inside_by_route
from bascule.engines.nftables.rules.words import FAMILY, written
from bascule.plan.firewall import NEEDED_TYPES, FirewallPlan, Purpose
from bascule.plan.runs import Part

_NAMES: Final = {Protocol.ICMP6: "ipv6-icmp"}
_TYPED: Final = {Protocol.ICMP: "icmp", Protocol.ICMP6: "icmpv6"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the kernel rules are asked, and packets of which IP version."""

    plan: FirewallPlan
    version: int
    direction: Direction
    routed: bool = True
    """It is known where a packet leaves."""


def matches(asked: Asked, place: Place) -> Iterator[str]:
    """Yield the alternatives of a rule, without the zone that `Asked.zone` names; empty is a rule without conditions."""
    parts = (
        _coming(asked),
        _end(asked, place, "saddr"),
        _end(asked, place, "daddr"),
        _speech(asked, place),
        _going(asked, place),
        foreign(place.version) if asked.plan.purpose is Purpose.SPOOFING else ("",),
    )
    for words in product(*parts):
        yield " ".join(filter(None, words))


def in_zone(asked: Asked, place: Place) -> Sequence[str]:
    """Return the alternatives of the zone that a rule names; one that is empty where it names none."""
    if asked.zone is None:
        return ()
    end = {"end": TO} if place.direction is Direction.OUT else {}
    return inside(place.plan, asked.zone, place.version, **end) if asked.zone else ("",)


def needed(protocol: Protocol) -> str:
    """Return the match of the types of ICMP that networks need."""
    return f"{_TYPED[protocol]} type {{ {', '.join(NEEDED_TYPES[protocol].values())} }}"


def _coming(asked: Asked) -> Sequence[str]:
    return (f'iifname "{asked.plan.interface}"' if asked.plan.interface else "",)


def _going(asked: Asked, place: Place) -> Sequence[str]:
    """Return the alternatives of the zone that a packet of `through` must go to."""
    zone = asked.plan.rule.to.zone
    if not zone or place.direction is Direction.OUT:
        return ("",)
    if place.routed:
        return inside(place.plan, zone, place.version, TO)
    return [*inside_by_route(place.plan, zone, place.version)]


def _end(asked: Asked, place: Place, field: str) -> Sequence[str]:
    """Return the alternatives of an address."""
    end, part = (asked.plan.rule.source, Part.SOURCE) if field == "saddr" else (asked.plan.rule.to, Part.TARGET)
    address = f"{FAMILY[place.version]} {field}"
    if part in asked.varies:
        return ("",) if Part.PORT in asked.varies else (f"{address} @{run_set(asked.ident, place.version)}",)
    if end.table:
        return [f"{address} @{name}" for name in sets_of(place.plan, end.table, place.version)]
    return (f"{address} {written(end.network)}" if end.network is not None else "",)


def _speech(asked: Asked, place: Place) -> Sequence[str]:
    """Return the alternatives of protocol and ports."""
    rule = asked.plan.rule
    if asked.plan.purpose is Purpose.NEIGHBOURS and rule.protocol is not None and rule.protocol in NEEDED_TYPES:
        return (needed(rule.protocol),)
    if rule.source.ports is None and rule.to.ports is None:
        return (f"meta l4proto {_NAMES.get(rule.protocol, rule.protocol)}" if rule.protocol else "",)
    if rule.protocol is None and not (rule.source.ports and rule.to.ports):
        return (f"meta l4proto {{ tcp, udp }} {_ports(asked, place, 'th')}",)
    return [_ports(asked, place, protocol.value) for protocol in protocols(rule.protocol)]


def _ports(asked: Asked, place: Place, header: str) -> str:
    """Return the match of the ports; nft prints two of `th` in one rule otherwise than they are written."""
    source = asked.plan.rule.source.ports
    words = [f"{header} sport {port_range((source.first, source.last))}" if source else ""]
    if Part.PORT in asked.varies:
        target = f"{FAMILY[place.version]} daddr . " if Part.TARGET in asked.varies else ""
        words.append(f"{target}{header} dport @{run_set(asked.ident, place.version)}")
    else:
        words.append(_to(asked.plan.rule.to, header))
    return " ".join(filter(None, words))


def _to(end: End, header: str) -> str:
    return f"{header} dport {port_range((end.ports.first, end.ports.last))}" if end.ports else ""
