"""Runs: rules next to each other that the kernel asks as one, with a set in place of what they differ in. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final

from bascule.plan.firewall import Purpose, RulePlan


class Part(StrEnum):
    """What the rules of a run may differ in."""

    SOURCE = "source"
    """The network that packets come from."""
    TARGET = "target"
    """The network that they go to."""
    PORT = "port"
    """The port that they go to."""


_TOGETHER = (
    frozenset[Part](),
    frozenset({Part.SOURCE}),
    frozenset({Part.TARGET}),
    frozenset({Part.PORT}),
    frozenset({Part.TARGET, Part.PORT}),
)
"""What rules of one run may differ in: a set of the kernel holds that as its element."""


LONGEST: Final = 256
"""Rules of a run that differ in target and port together: a set of those is made apart in quadratic time."""


def runs(rules: Sequence[RulePlan]) -> tuple[range, ...]:
    """Return which rules, by their index, the kernel asks as one: every rule is in one range, and they ascend.

    The rules of a run have equal actions and so on, no limit and no forward, are of no family of hosts, and differ in
    nothing but what `differing` says of it; equal rules next to each other are a run that differs in nothing. Those that
    differ in target and port together are `LONGEST` at most.
    """
    found: list[range] = []
    begin = 0
    varying = frozenset[Part]()
    for index in range(1, len(rules) + 1):
        more = _difference(rules[index - 1], rules[index]) if index < len(rules) else None
        full = more is not None and len(varying | more) > 1 and index - begin >= LONGEST
        if more is None or full or varying | more not in _TOGETHER:
            found.append(range(begin, index))
            begin, varying = index, frozenset()
        else:
            varying |= more
    return tuple(found)


def differing(run: Sequence[RulePlan]) -> frozenset[Part]:
    """Return what the rules of one run differ in: one part, target and port together, or nothing."""
    return frozenset[Part]().union(*(_difference(one, other) or () for one, other in pairwise(run)))


def _difference(one: RulePlan, other: RulePlan) -> frozenset[Part] | None:
    """Return the parts that two neighbours differ in, or None where they differ in more than a run may."""
    if any(_alone(each) for each in (one, other)) or _rest(one) != _rest(other):
        return None
    parts = set[Part]()
    for part, first, second in (
        (Part.SOURCE, one.rule.source.network, other.rule.source.network),
        (Part.TARGET, one.rule.to.network, other.rule.to.network),
    ):
        if first != second:
            if first is None or second is None or first.version != second.version:
                return None
            parts.add(part)
    if one.rule.to.ports != other.rule.to.ports:
        if one.rule.to.ports is None or other.rule.to.ports is None:
            return None
        parts.add(Part.PORT)
    return frozenset(parts)


def _alone(plan: RulePlan) -> bool:
    return plan.rule.forward is not None or plan.rule.limit is not None or plan.purpose is Purpose.EXCHANGE


def _rest(plan: RulePlan) -> tuple[object, ...]:
    """Return what the rules of a run have in common."""
    rule = plan.rule
    return (
        plan.purpose,
        plan.cause,
        plan.interface,
        rule.action,
        rule.direction,
        rule.log,
        rule.zone,
        rule.protocol,
        (rule.source.zone, rule.source.table, rule.source.ports),
        (rule.to.zone, rule.to.table),
        rule.label,
    )
