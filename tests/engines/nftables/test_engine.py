"""The contract of the engine, held to the kernel and to the fake that other tests lean on."""

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from bascule.config.diagnostics import Severity
from bascule.engines.nftables.engine import missing
from bascule.engines.nftables.names import slots_map
from bascule.engines.nftables.read import dealt_marks, kept_marks
from bascule.engines.nftables.ruleset import Ruleset
from bascule.plan.model import Plan
from bascule.system.errors import MachineError
from engines.nftables.plans import planned, random_plan
from engines.nftables.rigs import Rig
from plan.situations import all_hosts, relay

WEB = relay("web", listen=["10.80.0.10 port 443"])
MAIL = relay("mail", "session timeout 600s", listen=["10.80.0.10 port 25", "10.80.0.10 port 587"])
BOTH = planned(WEB, MAIL)
LED_ASTRAY = """\
delete element inet bascule m_relay4 { 10.80.0.10 . tcp . 443 }
add element inet bascule m_relay4 { 10.80.0.10 . tcp . 443 : goto c_relay_mail.4.25 }"""


def one_down(host: str = "10.80.2.1") -> Plan:
    """Return the plan of both relays with a host down for both."""
    return planned(WEB, MAIL, down=[host])


def observed(rig: Rig) -> Ruleset:
    """Return our table, which is there."""
    found = rig.run(rig.engine.observe())
    assert found is not None
    return found


def test_what_was_applied_is_what_is_there(rig: Rig) -> None:
    """After each of many random deployments the machine holds the plan, and applying it again changes nothing."""
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)
    plan, policies = Plan(), set[str]()
    for step in range(6):
        plan = random_plan(chance, plan.marks)
        script = rig.apply(plan)
        assert "delete table" not in script
        assert "delete ct timeout" not in script
        assert rig.difference(plan) == "", f"step {step}"
        assert rig.apply(plan) == ""
        there = rig.run(rig.engine.observe())
        policies |= set(there.timeouts if there else ())
        assert policies == set(there.timeouts if there else ()), f"step {step}"


def test_nothing_is_made_where_nothing_is_needed(rig: Rig) -> None:
    """A machine without relays in the kernel, now or before, gets no table of ours."""
    assert rig.apply(planned()) == ""
    assert rig.run(rig.engine.observe()) is None


def test_the_table_stays_when_the_last_relay_goes(rig: Rig) -> None:
    """Live sessions still have their marks, hosts and time-outs; new clients meet no relay."""
    rig.apply(BOTH)
    rig.apply(planned(marks=BOTH.marks))
    there = observed(rig)
    assert kept_marks(there) == BOTH.marks
    assert there.timeouts == {"ct_tcp_2400": 2400, "ct_tcp_600": 600}
    assert there.sets["m_relay4"].elements == {}


def test_marks_and_slots_are_read_back(rig: Rig) -> None:
    """Who owns which mark, and which hosts get clients, is known after a restart from the kernel alone."""
    rig.apply(one_down())
    assert kept_marks(observed(rig)) == BOTH.marks
    up = {host.mark for host in all_hosts(BOTH) if str(host.endpoint.address) != "10.80.2.1"}
    assert dealt_marks(observed(rig)) == up


def test_a_bad_transaction_leaves_nothing(rig: Rig) -> None:
    """One command that fails undoes those before it, and the error is in nft's own words."""
    rig.apply(BOTH)
    before = observed(rig)
    with pytest.raises(MachineError, match=r"load the rules: .*No such file or directory"):
        rig.run(
            rig.engine.apply("flush chain inet bascule c_pre\nadd rule inet bascule c_pre goto c_nowhere\n"),
        )
    assert observed(rig) == before


def test_a_rehearsal_objects_and_changes_nothing(rig: Rig) -> None:
    """What would not load is said before anything is applied; what would load is not loaded."""
    rig.apply(BOTH)
    before = observed(rig)
    (objection,) = rig.run(rig.engine.rehearse("add rule inet bascule c_pre goto c_nowhere\n"))
    assert objection.severity is Severity.ERROR
    assert "No such file or directory" in objection.message
    assert rig.run(rig.engine.rehearse(rig.difference(one_down()))) == []
    assert rig.run(rig.engine.rehearse("")) == []
    assert observed(rig) == before


def changed_sets(before: Ruleset, after: Ruleset) -> Mapping[str, int]:
    """Return which sets and maps differ, and in how many elements."""
    return {
        name: len(set(named.elements.items()) ^ set(after.sets[name].elements.items()))
        for name, named in before.sets.items()
        if named != after.sets[name]
    }


def test_a_flip_touches_slots_alone(rig: Rig) -> None:
    """A host that goes down leaves its slots, and comes back to exactly those; no rule is touched."""
    rig.apply(BOTH)
    before = observed(rig)
    assert rig.run(rig.engine.flip(BOTH, one_down()))
    after = observed(rig)
    assert (after.chains, after.timeouts) == (before.chains, before.timeouts)
    slots = [part.pool.slots.count(0) for part in BOTH.relays]
    assert changed_sets(before, after) == {
        slots_map(part): 2 * count for part, count in zip(BOTH.relays, slots, strict=True)
    }
    assert rig.difference(one_down()) == ""
    assert rig.run(rig.engine.flip(one_down(), BOTH))
    assert observed(rig) == before


def test_a_flip_down_to_no_host_and_back(rig: Rig) -> None:
    """With every host down the slots are empty, and fill again."""
    nobody = planned(WEB, MAIL, down=["10.80.2.1", "10.80.2.2", "10.80.2.3"])
    rig.apply(BOTH)
    assert rig.run(rig.engine.flip(BOTH, nobody))
    assert dealt_marks(observed(rig)) == frozenset()
    assert rig.run(rig.engine.flip(nobody, BOTH))
    assert rig.difference(BOTH) == ""


def test_a_flip_of_one_relay_leaves_the_other(rig: Rig) -> None:
    """A host may be down for one service and up for another."""
    rig.apply(BOTH)
    before = observed(rig)
    web, *others = BOTH.relays
    down = one_down().relays[0]
    after = replace(BOTH, relays=(down, *others))
    assert rig.run(rig.engine.flip(BOTH, after))
    assert changed_sets(before, observed(rig)).keys() == {slots_map(web)}


def test_a_flip_of_many_relays_is_read_back_whole(rig: Rig) -> None:
    """It holds what it was told, and what somebody else did to one of the maps is noticed."""
    relays = [relay(f"service {port}", listen=[f"10.80.0.10 port {port}"]) for port in range(100, 112)]
    plan, down = planned(*relays), planned(*relays, down=["10.80.2.1"])
    rig.apply(plan)
    assert rig.run(rig.engine.flip(plan, down))
    assert rig.difference(down) == ""
    third = slots_map(plan.relays[2])
    untouched = next(slot for slot, index in enumerate(down.relays[2].pool.slots) if index == 2)
    rig.load(f"delete element inet bascule {third} {{ {untouched} }}\n")
    assert not rig.run(rig.engine.flip(down, planned(*relays, down=["10.80.2.2"])))


def test_a_flip_that_changes_nothing(rig: Rig) -> None:
    """Two equal plans need no transaction."""
    rig.apply(BOTH)
    assert rig.run(rig.engine.flip(BOTH, planned(WEB, MAIL)))


def test_a_flip_notices_what_others_did(rig: Rig) -> None:
    """A slot that somebody emptied is found at the next flip, though that flip does not touch it."""
    rig.apply(BOTH)
    web = BOTH.relays[0]
    untouched = next(slot for slot, index in enumerate(web.pool.slots) if index == 1)
    rig.load(f"delete element inet bascule {slots_map(web)} {{ {untouched} }}\n")
    assert not rig.run(rig.engine.flip(BOTH, one_down()))


def test_a_flip_into_a_flushed_map(rig: Rig) -> None:
    """What the flip meant to change is not there: the error says so, and the whole must be compared."""
    rig.apply(BOTH)
    rig.load(f"flush map inet bascule {slots_map(BOTH.relays[0])}\n")
    with pytest.raises(MachineError) as caught:
        rig.run(rig.engine.flip(BOTH, one_down()))
    assert missing(caught.value)
    rig.apply(one_down())
    assert rig.difference(one_down()) == ""


@pytest.mark.parametrize(
    "meddling",
    [
        "flush ruleset",
        "flush table inet bascule",
        "delete table inet bascule",
        "flush chain inet bascule c_guard",
        "add rule inet bascule c_pre accept",
        "add chain inet bascule c_foreign { type filter hook input priority 0; policy accept; }",
        "add set inet bascule s_foreign { type mark; }",
        "add element inet bascule s_vip4 { 10.80.0.99 . tcp . 443 }",
        "delete element inet bascule s_vip4 { 10.80.0.10 . tcp . 443 }",
        "flush map inet bascule m_relay4",
        LED_ASTRAY,
    ],
)
def test_what_others_changed_is_brought_back(rig: Rig, meddling: str) -> None:
    """Whatever somebody does to our table, one more transaction makes it ours again."""
    rig.apply(BOTH)
    rig.load(meddling + "\n")
    assert rig.apply(BOTH) != ""
    assert rig.difference(BOTH) == ""


def test_what_fills_while_it_runs_survives(rig: Rig) -> None:
    """Settled addresses and ended sessions stay through a deployment that changes nearly everything."""
    rig.apply(BOTH)
    rig.load("add element inet bascule s_settled4 { 10.80.0.10 timeout 600s }\n")
    rig.load("add element inet bascule s_killed4 { 10.80.1.1 . 5000 . 10.80.0.10 . 443 timeout 60s }\n")
    assert rig.difference(BOTH) == ""
    rig.apply(planned(relay("other", "on empty drop", listen=["fd80::10 port 443"]), hosts=["fd80::2:1"], marks=BOTH.marks))
    assert len(rig.elements("set", "s_settled4")) == 1
    assert len(rig.elements("set", "s_killed4")) == 1


def test_the_keeper_holds_two_empty_nat_chains(rig: Rig) -> None:
    """They are there from the first deployment on, and stay when our table goes."""
    rig.apply(BOTH)
    for _ in range(2):
        keeper = rig.run(rig.nft.table("inet", "bascule_keep"))
        assert keeper is not None
        assert keeper.rules.count("type nat hook") == 2
        rig.run(rig.engine.clear())
    assert rig.run(rig.engine.observe()) is None


def test_the_keeper_goes_when_another_nat_chain_is_there(rig: Rig) -> None:
    """While it is the last one it stays, since its going would reset every translated session."""
    assert rig.run(rig.engine.drop_keeper())
    rig.apply(BOTH)
    assert rig.run(rig.engine.clear())
    assert not rig.run(rig.engine.clear())
    assert not rig.run(rig.engine.drop_keeper())
    rig.load(
        "add table ip t_other\nadd chain ip t_other c_nat { type nat hook postrouting priority 100; policy accept; }\n"
    )
    assert rig.run(rig.engine.drop_keeper())
    assert rig.run(rig.nft.table("inet", "bascule_keep")) is None


def test_restoring_brings_back_what_was_seen(rig: Rig) -> None:
    """Rules of before, or no table where there was none."""
    rig.apply(BOTH)
    before = observed(rig)
    rig.apply(planned(WEB, marks=BOTH.marks, down=["10.80.2.2"]))
    rig.run(rig.engine.restore(before))
    assert rig.difference(BOTH) == ""
    rig.run(rig.engine.restore(before))
    rig.run(rig.engine.restore(None))
    assert rig.run(rig.engine.observe()) is None


def test_refusing_all_sends_nobody_anywhere(rig: Rig) -> None:
    """No relay takes a client any more; all else stays, so that the rules can refuse."""
    rig.apply(BOTH)
    rig.run(rig.engine.refuse_all())
    there = observed(rig)
    assert there.sets["m_relay4"].elements == {}
    assert there.sets["s_vip4"].elements.keys() == {f"10.80.0.10 . tcp . {port}" for port in (443, 25, 587)}
