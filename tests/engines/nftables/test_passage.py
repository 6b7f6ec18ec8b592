"""What is known of a packet decides; what is not known goes both ways."""

from ipaddress import ip_address
from typing import Any

import pytest

from bascule.engines.nftables.passage import Fate, Packet, fates

PACKET = Packet(to=ip_address("10.2.0.11"), port=443, translated=True)

ACCEPT: dict[str, Any] = {"accept": None}
DROP: dict[str, Any] = {"drop": None}


def match(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    """Return a match as nft's JSON has it."""
    return {"match": {"op": op, "left": left, "right": right}}


def payload(protocol: str, field: str) -> dict[str, Any]:
    """Return the left side for a header's field."""
    return {"payload": {"protocol": protocol, "field": field}}


STATE, STATUS = {"ct": {"key": "state"}}, {"ct": {"key": "status"}}
UNKNOWN = match(payload("ip", "saddr"), "192.0.2.1")


def fate(*rules: list[dict[str, Any]], guess: bool = True, **chains: list[list[dict[str, Any]]]) -> set[Fate]:
    """Return what may become of the packet in a chain with these rules that else accepts."""
    return fates({"base": rules, **chains}, "base", PACKET, policy=Fate.GOES_ON, guess=guess)


@pytest.mark.parametrize(
    "fitting",
    [
        match(STATE, ["established", "new"], "in"),
        match(STATE, "new", "in"),
        match(STATE, {"set": ["invalid", "new"]}),
        match(STATUS, "dnat", "in"),
        match({"meta": {"key": "l4proto"}}, "tcp"),
        match({"meta": {"key": "l4proto"}}, {"set": ["tcp", "udp"]}),
        match({"meta": {"key": "nfproto"}}, "ipv4"),
        match(payload("ip", "protocol"), 6),
        match(payload("tcp", "dport"), 443),
        match(payload("th", "dport"), {"set": [25, {"range": [440, 450]}]}),
        match(payload("tcp", "dport"), 25, "!="),
        match(payload("ip", "daddr"), {"prefix": {"addr": "10.0.0.0", "len": 8}}),
        match(payload("ip", "daddr"), {"range": ["10.2.0.1", "10.2.0.20"]}),
        match(payload("ip", "daddr"), {"set": [{"elem": {"val": "10.2.0.11", "comment": "EX1"}}]}),
        match({"meta": {"key": "iifname"}}, "lo", "!="),
    ],
)
def test_what_fits_for_certain_drops_for_certain(fitting: dict[str, Any]) -> None:
    """The packet meets the match, and nothing else can become of it."""
    assert fate([fitting, {"counter": {"packets": 0, "bytes": 0}}, DROP]) == {Fate.DROPPED}


@pytest.mark.parametrize(
    "missing",
    [
        match(STATE, ["established", "related"], "in"),
        match(STATUS, "snat", "in"),
        match({"meta": {"key": "l4proto"}}, "udp"),
        match(payload("udp", "dport"), 443),
        match(payload("tcp", "dport"), {"set": [25, {"range": [444, 450]}]}),
        match(payload("ip", "daddr"), {"prefix": {"addr": "10.3.0.0", "len": 16}}),
        match(payload("ip6", "daddr"), {"prefix": {"addr": "::", "len": 0}}),
        match({"meta": {"key": "iifname"}}, "lo"),
    ],
)
def test_what_does_not_fit_does_nothing(missing: dict[str, Any]) -> None:
    """The rule is passed over, whatever else stands in it."""
    assert fate([missing, UNKNOWN, DROP]) == {Fate.GOES_ON}


@pytest.mark.parametrize(
    "unknown",
    [
        UNKNOWN,
        match(payload("tcp", "dport"), "@ports"),
        match({"meta": {"key": "iifname"}}, "eth0"),
        match({"meta": {"key": "mark"}}, 1),
        match(payload("tcp", "flags"), "syn", "in"),
        {"limit": {"rate": 1, "per": "second"}},
        {"xt": {"type": "match", "name": "comment"}},
    ],
)
def test_what_is_not_known_goes_both_ways(unknown: dict[str, Any]) -> None:
    """Guessing, both may happen; else the rule counts as one that does not fit."""
    assert fate([unknown, DROP]) == {Fate.DROPPED, Fate.GOES_ON}
    assert fate([unknown, DROP], guess=False) == {Fate.GOES_ON}


def test_the_first_verdict_counts() -> None:
    """What comes after it is never asked."""
    assert fate([ACCEPT], [DROP]) == {Fate.GOES_ON}
    assert fate([DROP], [ACCEPT]) == {Fate.DROPPED}


def test_a_jump_comes_back_and_a_goto_does_not() -> None:
    """After a jump the next rule is asked; after a goto the base chain's policy."""
    jump, goto = {"jump": {"target": "other"}}, {"goto": {"target": "other"}}
    assert fate([jump], [DROP], other=[[UNKNOWN, ACCEPT]]) == {Fate.GOES_ON, Fate.DROPPED}
    assert fate([jump], [DROP], other=[[{"return": None}], [ACCEPT]]) == {Fate.DROPPED}
    assert fate([goto], [DROP], other=[]) == {Fate.GOES_ON}
    assert fate([jump], other=[[DROP]]) == {Fate.DROPPED}


def test_a_verdict_map_may_do_anything() -> None:
    """Its elements are not listed, so nothing is certain."""
    assert fate([{"vmap": {"key": payload("ip", "saddr"), "data": "@map"}}]) == {Fate.GOES_ON, Fate.DROPPED}


def test_a_ring_of_jumps_ends() -> None:
    """A listing that no kernel would make does not keep us for ever."""
    assert fate([{"jump": {"target": "base"}}]) == {Fate.GOES_ON}
