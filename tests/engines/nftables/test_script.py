"""Transactions: the shortest way between two rulesets, in an order that the kernel takes."""

import random
from dataclasses import replace

import pytest

from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.ruleset import Chain, NamedSet, Ruleset
from bascule.engines.nftables.script import elements, parts, removal, transaction
from bascule.plan.model import Plan
from engines.nftables.plans import planned, random_plan
from plan.situations import relay

WEB = relay("web", listen=["10.80.0.10 port 443"])
MARKS = Ruleset(sets={"s": NamedSet("type mark", {"1": "", "2": ""})})


def ruleset(plan: Plan) -> Ruleset:
    """Return the table of a plan that has kernel relays."""
    made = compose(plan)
    assert made is not None
    return made


def commands(desired: Ruleset, observed: Ruleset | None) -> list[str]:
    """Return a transaction's commands without those that every transaction begins with."""
    return transaction(desired, observed).splitlines()[4:]


def test_equal_rulesets_need_no_script() -> None:
    """Nothing is loaded where nothing differs, for whatever plan."""
    chance = random.Random(7)
    for _ in range(10):
        made = ruleset(random_plan(chance, {}, fixed=[WEB]))
        assert transaction(made, made) == ""


def test_an_empty_table_is_still_made() -> None:
    """A table that is not there differs from an empty one."""
    assert transaction(Ruleset(), Ruleset()) == ""
    assert "add table inet bascule\n" in transaction(Ruleset(), None)


@pytest.mark.parametrize("seed", range(8))
def test_the_table_and_time_outs_are_never_deleted(seed: int) -> None:
    """Either would take the time-out off every live session."""
    chance = random.Random(seed)
    before, after = (ruleset(random_plan(chance, {}, fixed=[WEB])) for _ in range(2))
    for desired, observed in ((after, before), (before, after), (after, None), (Ruleset(), before)):
        script = transaction(desired, observed)
        assert "delete table" not in script
        assert "delete ct timeout" not in script
        assert "s_settled4 {" not in script or observed is None


def test_one_more_host_changes_elements_alone() -> None:
    """Chains hardly ever change: what differs from plan to plan stands in sets and maps."""
    before = planned(WEB, hosts=["10.80.2.1"])
    script = transaction(ruleset(planned(WEB, hosts=["10.80.2.1", "10.80.2.2"], marks=before.marks)), ruleset(before))
    assert {line.split()[1] for line in script.splitlines()[4:]} == {"element"}


def test_a_changed_rule_refills_its_chain_alone() -> None:
    """Only the chain that differs is flushed."""
    before = Ruleset(chains={"a": Chain(rules=("accept",)), "b": Chain(rules=("drop",))})
    after = Ruleset(chains={"a": Chain(rules=("accept",)), "b": Chain(rules=("drop", "accept"))})
    assert commands(after, before) == [
        "flush chain inet bascule b",
        "add rule inet bascule b drop",
        "add rule inet bascule b accept",
    ]


def test_a_base_chain_that_moves_is_made_anew() -> None:
    """Type, hook and priority cannot be changed in place."""
    before, after = (
        Ruleset(chains={"a": Chain(f"type filter hook input priority {n}; policy accept;", ("accept",))}) for n in (0, 1)
    )
    assert commands(after, before) == [
        "flush chain inet bascule a",
        "delete chain inet bascule a",
        "add chain inet bascule a { type filter hook input priority 1; policy accept; }",
        "add rule inet bascule a accept",
    ]


def test_what_is_referred_to_goes_last_and_comes_first() -> None:
    """A relay's rules leave before its map, its verdict before its chain; a new one comes the other way round."""
    web = ruleset(planned(WEB))
    none = replace(web, chains={}, sets={})
    gone, made = commands(none, web), commands(web, none)
    chain, slots = "c_relay_web.4.443", "m_slots_web.4.443"
    verdict = "m_relay4 { 10.80.0.10 . tcp . 443"
    order = [
        f"flush chain inet bascule {chain}",
        f"delete element inet bascule {verdict}",
        f"delete chain inet bascule {chain}",
    ]
    assert _places(gone, *order, f"delete map inet bascule {slots}") == [1, 1, 1, 1]
    order = [f"add map inet bascule {slots}", f"add rule inet bascule {chain}"]
    assert _places(made, f"add chain inet bascule {chain}", f"add element inet bascule {verdict}") == [1, 1]
    assert _places(made, *order) == [1, 3]


def _places(lines: list[str], *starts: str) -> list[int]:
    """Return how many lines begin with each of these; they must stand in this order."""
    found = [[number for number, line in enumerate(lines) if line.startswith(start)] for start in starts]
    assert [numbers[0] for numbers in found] == sorted(numbers[0] for numbers in found)
    return [len(numbers) for numbers in found]


def test_a_set_of_another_type_is_made_anew() -> None:
    """A type cannot be changed in place."""
    after = Ruleset(sets={"s": NamedSet("type ipv4_addr", {"10.0.0.1": ""})})
    assert commands(after, MARKS) == [
        "delete set inet bascule s",
        "add set inet bascule s { type ipv4_addr; }",
        "add element inet bascule s { 10.0.0.1 }",
    ]


def test_a_set_of_another_type_has_those_refilled_that_ask_it() -> None:
    """The kernel does not let a set go while a rule names it, so a chain whose words are the same is written again."""
    asking = Chain(rules=("ip daddr @s accept",))
    before = Ruleset(sets={"s": NamedSet("type ipv4_addr")}, chains={"c_a": asking, "c_b": Chain(rules=("accept",))})
    after = Ruleset(sets={"s": NamedSet("type ipv4_addr; flags interval", {"10.0.0.1-10.0.0.9": ""})}, chains=before.chains)
    assert commands(after, before) == [
        "flush chain inet bascule c_a",
        "delete set inet bascule s",
        "add set inet bascule s { type ipv4_addr; flags interval; }",
        "add element inet bascule s { 10.0.0.1-10.0.0.9 }",
        "add rule inet bascule c_a ip daddr @s accept",
    ]


def test_an_element_with_another_value_is_taken_out_first() -> None:
    """Adding over an element that exists is refused by the kernel; one that stays is not touched."""
    before = NamedSet("type mark : ipv4_addr", {"1": "10.0.0.1", "2": "10.0.0.2", "3": "10.0.0.3"})
    after = NamedSet(
        "type mark : ipv4_addr", {"1": "10.0.0.1", "2": "10.0.0.9", "4": "10.0.0.4"}, {"4": "HTTPS <exchange>"}
    )
    assert list(elements("m", before, after)) == [
        "delete element inet bascule m { 2, 3 }",
        'add element inet bascule m { 2 : 10.0.0.9, 4 comment "HTTPS <exchange>" : 10.0.0.4 }',
    ]


def test_an_element_with_another_comment_is_written_anew() -> None:
    """The comment says who owns a mark."""
    before, after = (NamedSet("type mark", {"1": ""}, {"1": said}) for said in ("a", "b"))
    assert list(elements("s", before, after)) == [
        "delete element inet bascule s { 1 }",
        'add element inet bascule s { 1 comment "b" }',
    ]


def test_many_elements_are_several_commands() -> None:
    """A failed script is read by people."""
    full = NamedSet("type mark", {str(number): "" for number in range(1500)})
    assert [line.count(",") + 1 for line in elements("s", NamedSet("type mark"), full)] == [1024, 476]


def test_removal_leaves_the_keeper() -> None:
    """Our table goes in the transaction that makes sure of the empty nat chains."""
    lines = removal().splitlines()
    assert lines[-1] == "delete table inet bascule"
    assert sum("type nat hook" in line for line in lines) == 2


def test_a_script_in_parts_is_the_script() -> None:
    """Slots come map by map behind all else, each map's lines together and in their order."""
    add, delete = "add element inet bascule m_slots_", "delete element inet bascule m_slots_"
    slots = f"{delete}a {{ 1 }}\n{add}a {{ 1 : 5 }}\n{add}b {{ 1 : 6 }}\n"
    script = f"add table inet bascule\n{slots}add rule inet bascule c_x accept\n"
    assert parts(script) == [
        "add table inet bascule\nadd rule inet bascule c_x accept\n",
        f"{delete}a {{ 1 }}\n{add}a {{ 1 : 5 }}\n",
        f"{add}b {{ 1 : 6 }}\n",
    ]
    assert parts("add table inet bascule\n") == ["add table inet bascule\n"]
