"""Rules are moved, changed and removed where they stand; every comment goes with its rule, and nothing else changes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.config.editing.rules import WrittenRule, change, firewall_of, move, remove, rules_of
from bascule.config.load import load
from config.editing.edits import refusal

TEXT = """\
firewall {
	zone internal { from 10.80.0.0/16 }

	# who is known
	block in log from 192.0.2.9   # since March
	pass in proto tcp  from internal to any port 22 label "ssh"

	# mail
	# of others
	pass in proto tcp to any port 25
	nat on internal from internal
	block in log  # the rest
}
"""


def rule(words: str, text: str = TEXT) -> WrittenRule:
    """Return the rule that begins so."""
    return next(each for each in rules_of(text) if each.words.startswith(words))


def test_rules_are_listed_with_what_the_text_says_of_them() -> None:
    """In their order, as the running rules have their words."""
    assert rules_of(TEXT) == (
        WrittenRule(5, "block in log from 192.0.2.9", "who is known since March"),
        WrittenRule(6, 'pass in proto tcp from internal to any port 22 label "ssh"'),
        WrittenRule(10, "pass in proto tcp to any port 25", "mail of others"),
        WrittenRule(12, "block in log", "the rest"),
    )
    configuration = load(TEXT).configuration
    assert configuration is not None
    assert configuration.firewall is not None
    assert [each.words for each in rules_of(TEXT)] == [each.text for each in configuration.firewall.rules]
    assert rules_of("load-balancer { }") == rules_of("") == rules_of("firewall {") == ()


def test_zones_are_told_in_their_order() -> None:
    """None where there is no firewall."""
    text = "firewall {\n\tzone b { from 10.2.0.0/16 }\n\tnonsense\n\tzone a { interface eth0 }\n\tzone\n}\n"
    assert firewall_of(text).zones == ("b", "a")
    assert firewall_of("load-balancer { }").zones == ()


def test_a_rule_moves_with_its_comments() -> None:
    """Over whatever stands between, which stays."""
    moved = move(TEXT, rule("block in log from"), 1).text
    assert moved == TEXT.replace(
        "\t# who is known\n\tblock in log from 192.0.2.9   # since March\n"
        '\tpass in proto tcp  from internal to any port 22 label "ssh"\n',
        '\tpass in proto tcp  from internal to any port 22 label "ssh"\n'
        "\t# who is known\n\tblock in log from 192.0.2.9   # since March\n",
    )
    last = move(TEXT, rules_of(TEXT)[-1], -1).text
    assert last.index("# the rest") < last.index("nat on") < last.index("# of others")
    assert move(TEXT, rules_of(TEXT)[0], -1).text == move(TEXT, rules_of(TEXT)[-1], 1).text == TEXT


@pytest.mark.parametrize("text", ["firewall { pass in; block in; }", "firewall {\n\tpass in; block in  # both\n}\n"])
def test_rules_that_share_a_line_change_places(text: str) -> None:
    """And what stands around them stays."""
    first, second = rules_of(text)
    assert [each.words for each in rules_of(move(text, first, 1).text)] == [second.words, first.words]
    assert move(text, first, 1).text.replace("pass", "x").replace("block", "pass").replace("x", "block") == text


def test_a_rule_is_changed_where_it_stands() -> None:
    """In its words alone; what is no rule is refused with its place."""
    changed = change(TEXT, rule("pass in proto tcp to"), "pass in proto tcp to any port 587").text
    assert changed == TEXT.replace("to any port 25\n", "to any port 587\n")
    one = rule("pass")
    assert "`tcq`" in refusal(change(TEXT, one, "pass in proto tcq"))
    assert refusal(change(TEXT, one, "zone x")).endswith("begins with pass, block or reject")
    assert refusal(change(TEXT, one, "")).endswith("begins with pass, block or reject")
    assert "has no place here" in refusal(change(TEXT, one, "pass in } system { users"))
    assert "end of a line" in refusal(change(TEXT, one, "pass in\nblock in"))


def test_what_has_gone_is_said() -> None:
    """Another line, other words, or a text that cannot be read."""
    for gone in (WrittenRule(5, "pass in"), WrittenRule(6, "block in log from 192.0.2.9")):
        assert "not there any more" in refusal(remove(TEXT, gone))
    assert "not there any more" in refusal(move("", rule("pass"), 1))
    assert remove(TEXT + "{", rule("pass")).illegible


def test_a_rule_goes_with_its_comments() -> None:
    """Those above it, and the one behind it."""
    assert remove(TEXT, rule("block in log from")).text == TEXT.replace(
        "\t# who is known\n\tblock in log from 192.0.2.9   # since March\n", ""
    )


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([-1, 1])), max_size=6))
def test_no_walk_loses_a_character(walk: list[tuple[int, int]]) -> None:
    """Whatever is moved whereto, the text holds the same, and each rule keeps its comment."""
    text = TEXT
    for index, by in walk:
        text = move(text, rules_of(text)[index], by).text
    assert Counter(text) == Counter(TEXT)
    assert Counter((each.words, each.comment) for each in rules_of(text)) == Counter(
        (each.words, each.comment) for each in rules_of(TEXT)
    )
