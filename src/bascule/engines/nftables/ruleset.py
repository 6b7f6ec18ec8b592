"""A table of nftables as a value: what ours shall hold, or was seen to hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

FAMILY: Final = "inet"
TABLE: Final = "bascule"
KEEP: Final = "bascule_keep"
"""Holds two empty nat chains: when the last nat chain of a namespace goes, the kernel resets every translated session."""


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A set, or a map where `elements` have values."""

    type: str
    """As it is declared: `type ipv4_addr . inet_service`, `type mark : verdict`, with flags if it has any."""
    elements: Mapping[str, str] = field(default_factory=dict)
    """Element to value; the value of a set's element is empty."""
    comments: Mapping[str, str] = field(default_factory=dict)
    """Element to comment, of those that have one."""
    dynamic: bool = False
    """Filled while it runs, so that its elements take no part in comparisons."""

    @property
    def keyword(self) -> str:
        """Return what nft calls it."""
        return "map" if " : " in self.type else "set"

    @property
    def verdicts(self) -> bool:
        """Return whether it is a map to verdicts, which must not outlive the chains they name."""
        return " : verdict" in self.type


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain and its rules, each as nft prints it."""

    hook: str = ""
    """`type … hook … priority …; policy …` of a base chain; empty for others."""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """The whole table."""

    timeouts: Mapping[str, int] = field(default_factory=dict)
    """Conntrack time-out policies by name, in seconds."""
    sets: Mapping[str, NamedSet] = field(default_factory=dict)
    chains: Mapping[str, Chain] = field(default_factory=dict)
    counters: frozenset[str] = frozenset()
    """Named counters: they go on counting while chains are refilled."""
    kept: bool = True
    """The table of empty nat chains is there too."""
