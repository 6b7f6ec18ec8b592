"""The firewall's rules, and all of ours as the kernel has them, each with the line of the configuration that caused it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from bascule.engines.nftables.names import chains_of, plain
from bascule.engines.nftables.rules.firewall.names import counter
from bascule.engines.nftables.ruleset import Ruleset
from bascule.plan.firewall import FirewallPlan
from bascule.plan.idents import idents
from bascule.plan.model import Plan
from bascule.service.firewall import FirewallRules, RulePlace, RuleRow, WalkRow

_COMMENT: Final = re.compile(r' comment "([^"]*)"$')


def walk_rows(firewall: FirewallPlan, counted: Mapping[str, int]) -> Iterator[WalkRow]:
    """Yield every rule in the order in which they are asked; `counted` has the packets of each counter of our table."""
    named = idents(firewall)
    own = range(len(firewall.before), len(firewall.before) + len(firewall.rules))
    for index, each in enumerate(firewall.all_rules):
        yield WalkRow(
            number=index + 1,
            rule=each.rule.text,
            label=each.rule.label,
            cause=each.cause,
            line=each.span.line or None,
            place=RulePlace.TEXT if index in own else RulePlace.BEFORE if index < own.start else RulePlace.AFTER,
            ident=named[index],
            packets=counted.get(counter(named[index])),
        )


def firewall_rows(rules: Ruleset | None, plan: Plan, why_none: str) -> FirewallRules:
    """Return the rules of a table that was read from the kernel; `why_none` says why there is none, where there is none."""
    if rules is None:
        return FirewallRules(note=why_none or "the proxy carries every relay")
    return FirewallRules(rules=tuple(_rows(rules, plan)))


def _rows(rules: Ruleset, plan: Plan) -> Iterator[RuleRow]:
    owners = {chain: relay for relay in plan.relays for chain in chains_of(relay)}
    for chain, content in rules.chains.items():
        for rule in content.rules:
            found, owner = _COMMENT.search(rule), owners.get(chain)
            cause = found[1] if found else plain(owner.title) if owner else ""
            line = owner.span.line or None if owner else None
            yield RuleRow(chain=chain, rule=_COMMENT.sub("", rule), cause=cause, line=line)
