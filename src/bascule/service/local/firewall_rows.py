"""Our rules as the kernel has them, each with the line of the configuration that caused it."""

import re
from collections.abc import Iterator
from typing import Final

from bascule.engines.nftables.names import chains_of, plain
from bascule.engines.nftables.ruleset import Ruleset
from bascule.plan.model import Plan
from bascule.service.results import FirewallRules, RuleRow

_COMMENT: Final = re.compile(r' comment "([^"]*)"$')


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
