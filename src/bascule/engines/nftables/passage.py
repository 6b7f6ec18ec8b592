"""What chains of others do to a packet, as far as it can be told from nft's JSON listing. Pure.

A match is true, false, or not known: then both ways are walked, or the rule is taken not to fit, as the caller asks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address, ip_network
from typing import Any, Final, TypeAlias

from bascule.config.model import Address

_DEPTH: Final = 16
"""Jumps inside each other, as the kernel allows them."""

Rule: TypeAlias = Sequence[Mapping[str, Any]]
"""The statements of a rule, as libnftables-json(5) has them."""

_INTERFACES: Final = tuple({"meta": {"key": key}} for key in ("iif", "iifname", "oif", "oifname"))


class Fate(Enum):
    """What becomes of a packet in a chain."""

    GOES_ON = "goes on"
    DROPPED = "dropped"
    TRANSLATED = "translated"


class _Step(Enum):
    """What a rule does, besides ending a packet's way."""

    NEXT = "next"
    RETURN = "return"


_VERDICTS: Final[Mapping[str, Fate | _Step]] = {
    "accept": Fate.GOES_ON,
    "drop": Fate.DROPPED,
    "reject": Fate.DROPPED,
    "return": _Step.RETURN,
    "dnat": Fate.TRANSLATED,
    "redirect": Fate.TRANSLATED,
    "snat": Fate.TRANSLATED,
    "masquerade": Fate.TRANSLATED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """The first packet of a client's connection."""

    to: Address
    port: int
    translated: bool
    """Our rules have given it its host already."""


def fates(chains: Mapping[str, Sequence[Rule]], base: str, packet: Packet, *, policy: Fate, guess: bool) -> set[Fate]:
    """Return what may become of a packet in a base chain of a table whose chains are given.

    With `guess` a match that is not known goes both ways; without, the rule is taken not to fit, so that what is left
    is what becomes of a packet of which the rules say nothing that we understand.
    """
    ways = _walk(chains, base, packet, guess=guess, depth=0)
    return {policy if way is _Step.NEXT else way for way in ways if isinstance(way, Fate) or way is _Step.NEXT}


def _walk(chains: Mapping[str, Sequence[Rule]], name: str, packet: Packet, *, guess: bool, depth: int) -> set[Fate | _Step]:
    """Return every way out of a chain; NEXT stands for its end."""
    ways: set[Fate | _Step] = set()
    for rule in chains.get(name, ()) if depth <= _DEPTH else ():
        fits = _fits(rule, packet)
        if fits is False or (fits is None and not guess):
            continue
        outs = set(_outs(chains, rule, packet, guess=guess, depth=depth))
        if fits is None:
            outs.add(_Step.NEXT)
        ways |= {_Step.NEXT if out is _Step.RETURN else out for out in outs - {_Step.NEXT}}
        if _Step.NEXT not in outs:
            return ways
    return ways | {_Step.NEXT}


def _outs(
    chains: Mapping[str, Sequence[Rule]], rule: Rule, packet: Packet, *, guess: bool, depth: int
) -> Iterator[Fate | _Step]:
    """Yield the ways on from a rule that fits."""
    for statement in rule:
        for kind, value in statement.items():
            if kind in _VERDICTS:
                yield _VERDICTS[kind]
                return
            if kind in ("jump", "goto"):
                ways = _walk(chains, value["target"], packet, guess=guess, depth=depth + 1)
                back = _Step.NEXT if kind == "jump" else _Step.RETURN
                yield from (back if way is _Step.NEXT else way for way in ways)
                return
            if kind in ("vmap", "xt", "queue") and guess:
                yield from (Fate.GOES_ON, Fate.DROPPED)
    yield _Step.NEXT


# --- matches ---------------------------------------------------------------------------------------------------------


def _fits(rule: Rule, packet: Packet) -> bool | None:
    """Return whether a packet meets all matches of a rule; None where that is not known."""
    known: bool | None = True
    for statement in rule:
        for kind, value in statement.items():
            if kind == "match":
                fits = _matches(value, packet)
                if fits is False:
                    return False
                known = known if fits else None
            elif kind in ("limit", "xt"):
                known = None
    return known


def _matches(match: Mapping[str, Any], packet: Packet) -> bool | None:
    left = match["left"]
    if match["right"] == "lo" and left in _INTERFACES:
        return bool(match["op"] == "!=")  # clients and hosts of relays that others' rules could stop are not here
    has = _value(left, packet) if isinstance(left, dict) else None
    if has is None:
        return None
    found = _any_of(match["right"], has)
    if found is None or match["op"] not in ("==", "in", "!="):
        return None
    return found is (match["op"] != "!=")


def _value(left: Mapping[str, Any], packet: Packet) -> frozenset[Any] | None:
    """Return the values that a packet has there (flags: all that are set); none where it lacks it, None where unknown."""
    version4 = packet.to.version == 4  # noqa: PLR2004 - IP version
    match left:
        case {"meta": {"key": "l4proto"}} | {"payload": {"field": "protocol" | "nexthdr"}}:
            return frozenset({"tcp", 6})
        case {"meta": {"key": "nfproto"}}:
            return frozenset({"ipv4" if version4 else "ipv6"})
        case {"payload": {"protocol": "udp" | "icmp" | "icmpv6" | "sctp" | "dccp" | "udplite"}}:
            return frozenset()
        case {"payload": {"protocol": "tcp" | "th", "field": "dport"}}:
            return frozenset({packet.port})
        case {"payload": {"protocol": "ip" | "ip6" as protocol, "field": field}}:
            if (protocol == "ip") is not version4:
                return frozenset()
            return frozenset({packet.to}) if field == "daddr" else None
        case {"ct": {"key": "state"}}:
            return frozenset({"new"})
        case {"ct": {"key": "status"}}:
            return frozenset({"dnat"}) if packet.translated else frozenset()
    return None


def _any_of(right: Any, has: frozenset[Any]) -> bool | None:
    """Return whether one of the values is what the right side of a match names."""
    if isinstance(right, str) and right.startswith("@"):
        return None if has else False
    if isinstance(right, dict) and "set" in right:
        right = right["set"]
    named = right if isinstance(right, list) else [right]
    answers = [_is(value, one) for value in has for one in named]
    return True if True in answers else None if None in answers else False


def _is(value: Any, named: Any) -> bool | None:
    """Return whether a value is the one named, or within the range or network named; None where that is not known."""
    match named:
        case {"elem": {"val": inner}}:
            return _is(value, inner)
        case {"range": [first, last]} if isinstance(value, int):
            return bool(first <= value <= last)
        case {"range": [str() as first, str() as last]}:
            return bool(ip_address(first) <= value <= ip_address(last))
        case {"prefix": {"addr": address, "len": length}}:
            return value in ip_network(f"{address}/{length}")
        case int() | str():
            return str(value) == str(named)
    return None
