"""The walks: rule after rule, as packets that go one way meet them; the first that matches decides.

Rules next to each other that ask for one zone stand in a chain of their own, which packets of other zones never enter.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from bascule.config.firewall import Direction
from bascule.engines.nftables.rules.firewall.asked import Asked
from bascule.engines.nftables.rules.firewall.matches import Place, in_zone, matches
from bascule.engines.nftables.rules.firewall.verdicts import decided
from bascule.engines.nftables.rules.words import VERSIONS
from bascule.engines.nftables.ruleset import Chain
from bascule.plan.firewall import FirewallPlan

_FEW: Final = 1
"""Rules of one zone that stand where they are."""


def walks(plan: FirewallPlan, asked: Sequence[Asked]) -> Mapping[str, Chain]:
    """Return the walks `c_fw_in`, `c_fw_through` and `c_fw_out`, which part by IP version.

    Port forwards are not in them: a packet that one takes is not judged again, and any other it does not match.
    """
    chains: dict[str, Chain] = {}
    for direction in Direction:
        name = f"c_fw_{direction}"
        chains[name] = parting(name)
        for version in VERSIONS:
            place = Place(plan, version, direction)
            going = [each for each in asked if each.goes(direction) and each.of(version) and not each.forwards]
            chains |= _walk(f"{name}{version}", [(each, decided(each, version)) for each in going], place)
    return chains


def first_looks(plan: FirewallPlan, asked: Sequence[Asked]) -> Mapping[str, Chain]:
    """Return the walks that find whether a port forward takes a packet, as far as the last one: before it is routed.

    What another rule decides on is left alone; it meets that rule again in the other walks, and is counted there.
    """
    chains: dict[str, Chain] = {}
    for version in VERSIONS:
        own = [each for each in asked if each.of(version)]
        last = max((index for index, each in enumerate(own) if each.forwards), default=-1)
        for direction in (Direction.IN, Direction.THROUGH) if last >= 0 else ():
            place = Place(plan, version, direction, routed=False)
            going = [each for each in own[: last + 1] if each.goes(direction)]
            left = f"goto c_fw_left{version}"
            looks = [(each, decided(each, version) if each.forwards else left) for each in going]
            name = f"c_fw_look_{direction}{version}"
            chains |= _walk(name, looks, place)
            chains[name] = Chain(rules=(*chains[name].rules, left))
    return chains


def parting(name: str) -> Chain:
    """Return the chain that parts a walk by IP version."""
    return Chain(rules=(f"meta nfproto ipv4 goto {name}4", f"goto {name}6"))


def _walk(name: str, entries: Sequence[tuple[Asked, str]], place: Place) -> Mapping[str, Chain]:
    chains: dict[str, Chain] = {}
    rules: list[str] = []
    for zone, group in groupby(entries, key=lambda entry: entry[0].zone):
        members = list(group)
        first = members[0][0]
        ways = in_zone(first, place)
        if not zone or len(members) <= _FEW:
            rules += [f"{way} {rule}".strip() for rule in _rules(members, place) for way in ways]
        elif ways:
            chain = f"{name}.{first.ident}"
            chains[chain] = Chain(rules=tuple(_rules(members, place)))
            rules += [f"{way} jump {chain}" for way in ways]
    return {**chains, name: Chain(rules=tuple(rules))}


def _rules(entries: Sequence[tuple[Asked, str]], place: Place) -> Iterator[str]:
    for asked, does in entries:
        yield from (f"{match} {does}".strip() for match in matches(asked, place))
