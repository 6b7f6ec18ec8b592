"""Each rule of ours is told with the line that caused it."""

from ipaddress import ip_network

from bascule.config.diagnostics import Span
from bascule.config.firewall import Action, Direction, End, Rule
from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.rules.firewall.names import counter
from bascule.plan.firewall import FirewallPlan, Purpose, RulePlan
from bascule.plan.idents import idents
from bascule.service.firewall import RulePlace
from bascule.service.local.firewall_rows import firewall_rows, walk_rows
from service.local.situations import TWO_SERVICES, planned


def test_a_relays_rules_name_its_line() -> None:
    """Whoever reads a rule finds the line of the configuration to change."""
    limits = 'relay "HTTPS" {\n\t\tmax source rate 5/s\n\t\tmax half-open 9'
    text = TWO_SERVICES.replace('relay "HTTPS" {', limits).replace('"EX1"', '"EX1" max sessions 3')
    plan = planned(text)
    rows = firewall_rows(compose(plan), plan, "").rules
    line = next(n for n, text in enumerate(TWO_SERVICES.splitlines(), 1) if 'relay "HTTPS"' in text)
    told = [row for row in rows if row.cause.startswith("relay HTTPS")]
    assert {row.chain.split("_")[1] for row in told} == {"relay", "limit", "refuse", "full", "opened"}
    assert {row.line for row in told} == {line}
    assert all(row.cause for row in rows if row.line)


def test_comments_are_not_part_of_the_rule() -> None:
    """The cause stands in a column of its own."""
    plan = planned()
    assert not any("comment" in row.rule for row in firewall_rows(compose(plan), plan, "").rules)


def test_no_table_says_why() -> None:
    """An empty answer would look like a fault."""
    assert firewall_rows(None, planned(), "").note == "the proxy carries every relay"
    assert firewall_rows(None, planned(), "not root").note == "not root"


def test_the_walk_has_every_rule_in_its_order() -> None:
    """Rules that the kernel asks as one have one counter; generated ones say what caused them."""
    written = [
        Rule(action=Action.BLOCK, direction=Direction.IN, source=End(network=ip_network(f"192.0.2.{n}")), text=f"block {n}")
        for n in (1, 2)
    ]
    relay = Rule(action=Action.PASS, direction=Direction.IN, text="pass in to 10.2.0.50 port 443", span=Span(7, 1, 5))
    firewall = FirewallPlan(
        rules=tuple(RulePlan(rule=rule) for rule in written),
        after=(RulePlan(rule=relay, purpose=Purpose.RELAY, cause="relay HTTPS"),),
    )
    first, second, last = walk_rows(firewall, {counter(idents(firewall)[0]): 12})
    assert (first.number, first.rule, first.cause, first.packets) == (1, "block 1", "", 12)
    assert (second.ident, second.packets) == (first.ident, 12)
    assert (last.number, last.cause, last.line, last.packets) == (3, "relay HTTPS", 7, None)
    assert (first.place, second.place, last.place) == (RulePlace.TEXT, RulePlace.TEXT, RulePlace.AFTER)
