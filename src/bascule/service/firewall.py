"""The firewall as it travels and as `--json` prints it: the walk that a packet takes, and our rules as the kernel has them.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from enum import StrEnum
from typing import Final

import msgspec

from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Request
from bascule.service.result import Result


class RulePlace(StrEnum):
    """Where a rule is asked."""

    BEFORE = "before"
    """Nobody wrote it, and it is asked before those of the text."""
    TEXT = "text"
    """Somebody wrote it."""
    AFTER = "after"
    """Nobody wrote it, and it is asked after those of the text."""


class WalkRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule of the firewall, in the order in which they are asked."""

    number: int
    """From 1 on, in this order."""
    rule: str
    """In the language's words; of a generated rule, as an operator might have written it."""
    label: str = ""
    cause: str = ""
    """Why it is there, of a rule that nobody wrote: `relay HTTPS`; else empty."""
    line: int | None = None
    """Where the running configuration has it, or what causes it."""
    place: RulePlace = RulePlace.TEXT
    ident: str
    """What counters and log lines are kept by; rules that the kernel asks as one share theirs."""
    packets: int | None = None
    """Packets that it decided about, together with those that share its ident: of a session the first alone. None where
    the counters were not asked for, or there is none."""


class RuleRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule of our nftables table, as the kernel has it."""

    chain: str
    rule: str
    """In nft's own words, without the comment."""
    cause: str = ""
    """The kind and name in the rule's comment: `relay HTTPS`; empty for rules that every plan has."""
    line: int | None = None
    """The line of the running configuration that caused it."""


class FirewallRules(Result, frozen=True, kw_only=True, tag="firewall"):
    """The rules of the firewall; or those of `table inet bascule`, read from the kernel."""

    walk: tuple[WalkRow, ...] = ()
    rules: tuple[RuleRow, ...] = ()
    note: str = ""
    """Why there are none, where there are none: `the proxy carries every relay`."""


class ShowFirewall(Request[FirewallRules], frozen=True, kw_only=True, tag="show.firewall"):
    """Asks for the rules of the firewall; where the configuration has none, for the kernel's."""

    kernel: bool = False
    """The kernel's in any case."""
    walk: bool = False
    """Those of the configuration in any case: none where it has none."""
    counters: bool = False
    """What each rule has decided about, too."""


OPERATIONS: Final = (
    Operation(
        ShowFirewall, Permission.VIEW, "list our rules in the kernel, with the line that caused each", rest="GET /firewall"
    ),
)
