"""Blocks: rules next to each other that all name where packets come from, or go to, stand in a chain of their own.

A packet enters it only if its address is one that any of them names: one look instead of some twenty rules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bascule.config.firewall import Network
from bascule.engines.nftables.rules.firewall.asked import Asked
from bascule.plan.runs import Part

_LEAST: Final = 4
"""Rules that are worth a look."""
_MOST: Final = 24
"""About the root of as many rules as are written by hand."""
_ENDS: Final = ("saddr", "daddr")


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule in a walk, and what it does with a packet there."""

    asked: Asked
    does: str


@dataclass(frozen=True, slots=True)
class Block:
    """Entries next to each other."""

    entries: Sequence[Entry]
    field: str = ""
    """What all of them name a network of, `saddr` or `daddr`; empty where they are better asked one by one."""

    @property
    def networks(self) -> Sequence[Network]:
        """Return the networks that any of them names there."""
        return [network for entry in self.entries for network in _networks(entry.asked, self.field)]


def blocks(entries: Sequence[Entry]) -> Iterator[Block]:
    """Yield entries, in their order, as blocks."""
    begin = 0
    while begin < len(entries):
        ends = {field: _end(entries, begin, field) for field in _ENDS}
        field = max(_ENDS, key=lambda each: ends[each])
        worth = ends[field] - begin >= _LEAST
        end = ends[field] if worth else begin + 1
        yield Block(entries[begin:end], field if worth else "")
        begin = end


def _end(entries: Sequence[Entry], begin: int, field: str) -> int:
    """Return where a block of entries that name such a network would end."""
    end = begin
    while end < min(len(entries), begin + _MOST) and _networks(entries[end].asked, field):
        end += 1
    return end


def _networks(asked: Asked, field: str) -> Sequence[Network]:
    """Return the networks that a rule, or a run of them, names there; none where any address will do."""
    part = Part.SOURCE if field == "saddr" else Part.TARGET
    rules = [plan.rule for plan in (asked.rules if part in asked.varies else asked.rules[:1])]
    ends = [rule.source if field == "saddr" else rule.to for rule in rules]
    found = [end.network for end in ends if end.network is not None]
    return found if all(network.prefixlen for network in found) else ()
