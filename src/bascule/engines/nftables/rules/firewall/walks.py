"""The walks: rule after rule, as packets that go one way meet them; the first that matches decides.

Rules next to each other that ask for one zone stand in a chain of their own, which packets of other zones never enter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from bascule.config.firewall import Direction
from bascule.engines.nftables.rules.firewall.asked import Asked
from bascule.engines.nftables.rules.firewall.blocks import Entry, blocks
from bascule.engines.nftables.rules.firewall.matches import Place, in_zone, matches
from bascule.engines.nftables.rules.firewall.names import block_set
from bascule.engines.nftables.rules.firewall.verdicts import decided
from bascule.engines.nftables.rules.firewall.zones import address_set
from bascule.engines.nftables.rules.words import FAMILY, VERSIONS
from bascule.engines.nftables.ruleset import Chain, NamedSet
from bascule.plan.firewall import FirewallPlan


@dataclass(frozen=True, slots=True)
class Walks:
    """Chains of walks, and the sets that they look into."""

    chains: dict[str, Chain] = field(default_factory=dict)
    sets: dict[str, NamedSet] = field(default_factory=dict)


def walks(plan: FirewallPlan, asked: Sequence[Asked]) -> Walks:
    """Return the walks `c_fw_in`, `c_fw_through` and `c_fw_out`, which part by IP version.

    Port forwards are not in them: a packet that one takes is not judged again, and any other it does not match.
    """
    written = Walks()
    for direction in Direction:
        name = f"c_fw_{direction}"
        written.chains[name] = parting(name)
        for version in VERSIONS:
            going = [each for each in asked if each.goes(direction) and each.of(version) and not each.forwards]
            entries = [Entry(each, decided(each, version)) for each in going]
            _walk(written, f"{name}{version}", entries, Place(plan, version, direction))
    return written


def first_looks(plan: FirewallPlan, asked: Sequence[Asked]) -> Walks:
    """Return the walks that find whether a port forward takes a packet, as far as the last one: before it is routed.

    What another rule decides on is left alone; it meets that rule again in the other walks, and is counted there.
    """
    written = Walks()
    for version in VERSIONS:
        own = [each for each in asked if each.of(version)]
        last = max((index for index, each in enumerate(own) if each.forwards), default=-1)
        for direction in (Direction.IN, Direction.THROUGH) if last >= 0 else ():
            going = [each for each in own[: last + 1] if each.goes(direction)]
            left = f"goto c_fw_left{version}"
            entries = [Entry(each, decided(each, version) if each.forwards else left) for each in going]
            name = f"c_fw_look_{direction}{version}"
            _walk(written, name, entries, Place(plan, version, direction, routed=False), (left,))
    return written


def parting(name: str) -> Chain:
    """Return the chain that parts a walk by IP version."""
    return Chain(rules=(f"meta nfproto ipv4 goto {name}4", f"goto {name}6"))


def _walk(written: Walks, name: str, entries: Sequence[Entry], place: Place, last: Sequence[str] = ()) -> None:
    """Write a walk; `last` ends it."""
    rules: list[str] = []
    for zone, group in groupby(entries, key=lambda entry: entry.asked.zone):
        members = list(group)
        ways = in_zone(members[0].asked, place)
        if zone and ways and len(members) > 1:
            chain = f"{name}.{members[0].asked.ident}"
            written.chains[chain] = Chain(rules=tuple(_blocks(written, chain, members, place)))
            rules += [f"{way} jump {chain}" for way in ways]
        elif zone:
            rules += [f"{way} {rule}" for rule in _rules(members, place) for way in ways]
        elif ways:
            rules += _blocks(written, name, members, place)
    written.chains[name] = Chain(rules=(*rules, *last))


def _blocks(written: Walks, name: str, entries: Sequence[Entry], place: Place) -> Sequence[str]:
    """Return the rules of entries of one zone; whole blocks of them stand in chains of their own."""
    rules: list[str] = []
    for block in blocks(entries):
        if not block.field:
            rules += _rules(block.entries, place)
            continue
        chain = f"{name}.{block.entries[0].asked.ident}"
        written.sets[block_set(chain)] = address_set(block.networks, place.version)
        written.chains[chain] = Chain(rules=tuple(_rules(block.entries, place)))
        rules.append(f"{FAMILY[place.version]} {block.field} @{block_set(chain)} jump {chain}")
    return rules


def _rules(entries: Sequence[Entry], place: Place) -> Sequence[str]:
    return [f"{match} {entry.does}".strip() for entry in entries for match in matches(entry.asked, place)]
