"""The working copy's rules beside those that run."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.config.editing.rules import WrittenRule
from bascule.service.firewall import RulePlace, WalkRow
from bascule.web.network.ruleset import Deployed, ruleset


def walk(*rules: str) -> list[WalkRow]:
    """Return running rules: the text's between two that nobody wrote; each has decided about as many as its number."""
    placed = [("ICMP", RulePlace.BEFORE), *((rule, RulePlace.TEXT) for rule in rules), ("block in", RulePlace.AFTER)]
    return [
        WalkRow(number=n, rule=rule, cause="" if place is RulePlace.TEXT else "c", place=place, ident="", packets=n)
        for n, (rule, place) in enumerate(placed)
    ]


def written(*rules: str) -> list[WrittenRule]:
    """Return rules of a working copy, a line each."""
    return [WrittenRule(line, rule) for line, rule in enumerate(rules, 10)]


def shown(running: list[WalkRow], rules: list[WrittenRule]) -> list[tuple[str, str, int | None]]:
    """Return what the list says of each rule of the text."""
    return [(each.rule, each.deployed.value, each.packets) for each in ruleset(running, rules).own]


def test_what_nobody_wrote_stands_around() -> None:
    """With its cause, and out of reach."""
    found = ruleset(walk("a"), written("a"))
    assert [(each.rule, each.cause, each.written) for each in (*found.before, *found.after)] == [
        ("ICMP", "c", None),
        ("block in", "c", None),
    ]


@pytest.mark.parametrize(
    ("copy", "said"),
    [
        ("a b c", "a same 1, b same 2, c same 3"),
        ("a x b c", "a same 1, x new None, b same 2, c same 3"),
        ("a c", "a same 1, b gone 2, c same 3"),
        ("", "a gone 1, b gone 2, c gone 3"),
        ("a b d", "a same 1, b same 2, c gone 3, d new None"),
    ],
)
def test_what_is_new_and_what_is_gone(copy: str, said: str) -> None:
    """In the order of the copy; what decides no more stands where it stood."""
    assert ", ".join(" ".join(map(str, each)) for each in shown(walk("a", "b", "c"), written(*copy.split()))) == said


@pytest.mark.parametrize("copy", list(permutations("abcd")))
def test_what_is_moved_keeps_its_counter(copy: tuple[str, ...]) -> None:
    """However they are ordered, each is there once."""
    found = shown(walk(*"abcd"), written(*copy))
    assert [(rule, packets) for rule, _, packets in found] == [(each, " abcd".index(each)) for each in copy]
    assert {how for _, how, _ in found} <= {Deployed.SAME, Deployed.MOVED}


@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abcd"), max_size=6))
def test_no_rule_is_lost(running: list[str], copy: list[str]) -> None:
    """Also where several say the same: the copy is there in its order, and what is gone once."""
    found = ruleset(walk(*running), written(*copy)).own
    assert [each.written for each in found if each.written is not None] == written(*copy)
    kept = sum(each.deployed in (Deployed.SAME, Deployed.MOVED, Deployed.GONE) for each in found)
    assert kept == len(running)
