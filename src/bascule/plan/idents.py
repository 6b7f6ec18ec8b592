"""Names of rules that stay theirs while the text around them changes: what counters and log lines are kept by. Pure."""

from collections import Counter
from collections.abc import Mapping
from hashlib import sha256

from bascule.config.firewall import End
from bascule.plan.firewall import FirewallPlan, RulePlan
from bascule.plan.runs import runs

LENGTH = 12
"""Hexadecimal digits: two rules of ten thousand share them once in five million configurations."""


def idents(plan: FirewallPlan) -> Mapping[int, str]:
    """Return each rule's ident by its index in `all_rules`; the rules of a run, which count together, share theirs.

    It follows from what the rule says, not from where it stands, what is written around it, or which relay it leads to;
    rules that say the same are told apart by which of them comes first.
    """
    rules = plan.all_rules
    seen = Counter[str]()
    named: dict[int, str] = {}
    for run in runs(rules):
        said = "\n".join(_canonical(rules[index]) for index in run)
        seen[said] += 1
        named |= dict.fromkeys(run, sha256(f"{said}\n{seen[said]}".encode()).hexdigest()[:LENGTH])
    return named


def _canonical(plan: RulePlan) -> str:
    rule = plan.rule
    forward, limit = rule.forward, rule.limit
    return "|".join(
        (
            plan.purpose or "",
            plan.interface,
            rule.action,
            rule.direction,
            "log" if rule.log else "",
            rule.zone,
            rule.protocol or "",
            _end(rule.source),
            _end(rule.to),
            f"{forward.address} {forward.port}" if forward else "",
            f"{limit.sessions} {limit.rate} {limit.overload} {limit.overload_for.total_seconds():g}" if limit else "",
            rule.label,
        )
    )


def _end(end: End) -> str:
    return f"{end.network or ''} {end.zone} {end.table} {end.ports or ''}"
