"""The firewall of a plan: with zones that overlap no more, rules whose cause is known, and where port forwards lead.

Pure values. The kernel's rules are written from them, and `plan.verdict` walks them: both must say the same of a packet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bascule.config.diagnostics import Span
from bascule.config.firewall import Address, Nat, Network, Protocol, Rule

FORWARDED_MARK = 0x1BA50000
"""Conntrack mark of sessions that a port forward sends to an address that no relay in the kernel listens on.

It stands below the marks of hosts, `plan.model.FIRST_MARK`, and is none of theirs.
"""

NEEDED_TYPES: Final[Mapping[Protocol, Mapping[int, str]]] = {
    Protocol.ICMP: {3: "destination-unreachable", 8: "echo-request", 11: "time-exceeded", 12: "parameter-problem"},
    Protocol.ICMP6: {
        1: "destination-unreachable",
        2: "packet-too-big",
        3: "time-exceeded",
        4: "parameter-problem",
        128: "echo-request",
        130: "mld-listener-query",
        131: "mld-listener-report",
        132: "mld-listener-done",
        133: "nd-router-solicit",
        134: "nd-router-advert",
        135: "nd-neighbor-solicit",
        136: "nd-neighbor-advert",
        143: "mld2-listener-report",
    },
}
"""The types of ICMP that a machine on a network must hear, with what nftables calls them (RFC 4890, 4.4; RFC 792)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Where a zone is, on one interface: disjoint from every region of every other zone."""

    interface: str
    """Empty is every interface that no zone of the text names."""
    networks: tuple[Network, ...]
    """Of both IP versions, collapsed, ascending; each whole version as 0.0.0.0/0 or ::/0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonePlan:
    """A zone as it is left by those before it."""

    name: str
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """An address table with what its text, its files and commands hold. What rules' limits put in is kept by the kernel."""

    name: str
    networks: tuple[Network, ...]
    """Of both IP versions, collapsed."""
    timeout: int | None = None
    """Seconds."""
    overloaded: bool = False
    """A rule's limit puts addresses in."""


class Purpose(StrEnum):
    """Why a rule is there that nobody wrote."""

    EXCHANGE = "exchange"
    """Hosts of one table among themselves; stands before the text's rules, and is exempt from `nat` and size clamping.
    Its ends are `any`: the first such rule is of the first of `families`, and so on."""
    SPOOFING = "spoofing"
    """A source that cannot come from there; stands before the text's rules. Its ends are `any`: by `homes` it is that of an
    interface's network which comes in by another that has no such network, by any an address of this machine."""
    NEIGHBOURS = "neighbours"
    """ICMP of both versions and IGMP that networks need, DHCP where an interface asks for it, and the servers that this
    machine itself speaks to; stands before the text's. SNMP, for those who may ask, stands after. Those over ICMP mean the
    types of `NEEDED_TYPES`."""
    RELAY = "relay"
    """Opens what a relay or redirect listens on; stands after the text's rules. Those of `out` let the proxy reach the
    hosts of its relays, and stand before them."""
    ADMIN = "admin"
    """ssh and the admin server, from zone internal; stands after the text's rules."""
    DEFAULT = "default"
    """What is left: `in` and `through` block, `out` passes; stands last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePlan:
    """A rule, of the text or generated."""

    rule: Rule
    """Its ends may name any zone, or table, of the plan."""
    purpose: Purpose | None = None
    """None is the text's own."""
    cause: str = ""
    """What a generated rule is there for, in words: `relay HTTPS`, `the hosts of table <exchange>`."""
    relay: str = ""
    """Of a port forward: the relay in the kernel that listens where it leads, and so takes its packets; else empty."""
    interface: str = ""
    """Of a generated rule: only what comes in through this interface; empty is any."""

    @property
    def span(self) -> Span:
        """Return where the text causes it."""
        return self.rule.span


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallPlan:
    """Everything that judges packets; a plan without a `firewall` block has None in its place."""

    zones: tuple[ZonePlan, ...] = ()
    """In the order of the text."""
    tables: tuple[TablePlan, ...] = ()
    before: tuple[RulePlan, ...] = ()
    """Generated, and asked before the text's."""
    rules: tuple[RulePlan, ...] = ()
    """Of the text, in its order."""
    after: tuple[RulePlan, ...] = ()
    """Generated, and asked after the text's; the defaults end them."""
    nats: tuple[Nat, ...] = ()
    families: tuple[frozenset[Address], ...] = ()
    """The hosts of each table of the load balancer, of one IP version: Exchange allows nobody between them."""
    homes: Mapping[str, tuple[Network, ...]] = field(default_factory=dict)
    """The networks attached to each interface: a source of one of them that comes in elsewhere is none."""

    @property
    def all_rules(self) -> tuple[RulePlan, ...]:
        """Return every rule in the order in which they are asked."""
        return (*self.before, *self.rules, *self.after)
