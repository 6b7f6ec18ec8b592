"""What is known after an answer: what nobody told anew stays."""

from ipaddress import ip_address

from bascule.health.names.answer import Answer

FOUR, OTHER, SIX = ip_address("10.0.0.1"), ip_address("10.0.0.2"), ip_address("fd00::1")


def test_each_family_is_told_by_itself() -> None:
    """A family that nobody told keeps its addresses; one of which there are none any more loses them."""
    known = frozenset({FOUR, SIX})
    assert Answer(name="a", v4=frozenset({OTHER}), failure="no AAAA").after(known) == {OTHER, SIX}
    assert Answer(name="a", v4=frozenset({OTHER}), v6=frozenset()).after(known) == {OTHER}
    assert Answer(name="a", failure="nobody answers").after(known) == known


def test_no_answer_takes_the_last_address_away() -> None:
    """A name without any address keeps those that it had."""
    assert Answer(name="a", v4=frozenset(), v6=frozenset()).after(frozenset({FOUR})) == {FOUR}
    assert Answer(name="a", v4=frozenset()).after(frozenset()) == frozenset()
