"""Each rule of ours is told with the line that caused it."""

from bascule.engines.nftables.compose import compose
from bascule.service.local.firewall_rows import firewall_rows
from service.local.situations import TWO_SERVICES, planned


def test_a_relays_rules_name_its_line() -> None:
    """Whoever reads a rule finds the line of the configuration to change."""
    plan = planned()
    rows = firewall_rows(compose(plan), plan, "").rules
    line = next(n for n, text in enumerate(TWO_SERVICES.splitlines(), 1) if 'relay "HTTPS"' in text)
    assert {row.line for row in rows if row.cause == "relay HTTPS"} == {line}


def test_comments_are_not_part_of_the_rule() -> None:
    """The cause stands in a column of its own."""
    plan = planned()
    assert not any("comment" in row.rule for row in firewall_rows(compose(plan), plan, "").rules)


def test_no_table_says_why() -> None:
    """An empty answer would look like a fault."""
    assert firewall_rows(None, planned(), "").note == "the proxy carries every relay"
    assert firewall_rows(None, planned(), "not root").note == "not root"
