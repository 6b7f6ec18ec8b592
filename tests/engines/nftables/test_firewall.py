"""The rules of a firewall: what is written for it, in a kernel and in memory, and that nothing else changes by it."""

import random
import re
import time
from collections.abc import Callable
from ipaddress import ip_address

import pytest

from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.rules.firewall.asked import all_asked, run_sets
from bascule.engines.nftables.rules.firewall.names import counter, overloaded_set
from bascule.engines.nftables.ruleset import Ruleset
from bascule.plan.idents import idents
from bascule.plan.model import Plan
from bascule.system.commands import SystemCommands
from bascule.system.errors import MachineError
from bascule.system.nft import NftProgram
from bed.layout import Layout
from bed.netlab import NetLab
from engines.nftables.firewalls import RELAYS, firewalled
from engines.nftables.plans import planned
from engines.nftables.random_firewalls import random_block
from engines.nftables.rigs import Rig
from plan.situations import relay

EVERYTHING = (
    "table <bad> { 1.2.3.4; 5.0.0.0/8; 5.0.0.1; fd99::/16; 64:ff9b::1.2.3.4; }",
    "table <empty> { }",
    "nat on external from internal",
    "block in from <bad>",
    "block in from <empty> port 5 to any port 53:60",
    "pass in on internal to any port 53",
    "pass in log on external proto tcp to 10.70.0.2 port 8443 forward to 10.90.2.1 port 443",
    "pass through on external proto udp to fd70::2 port 8000:8010 forward to fd90::1:1",
    "pass in on external proto tcp to 10.70.0.2 port 443 forward to 10.80.0.10",
    "pass in on external proto tcp to fd70::2 port 443 forward to fd80::10",
    *(f"pass through proto tcp from any to 10.{n}.0.0/{16 - n % 2} port {80 + n}:{90 + 2 * n}" for n in range(2, 20, 2)),
    *(f"pass through proto tcp from any to 10.0.0.0/{n} port {n}" for n in range(8, 13)),
    *(f"pass through to any port {80 + n}:{90 + 2 * n}" for n in range(9)),
    *(f"reject through from 10.{n}.1.1" for n in range(9)),
    *(f"reject through log proto udp from fd00:{n}::/64" for n in range(1, 9)),
    "pass through from internal to external",
    "pass through proto udp from fe80::/10 port 547 to any port 546",
    "pass through proto icmp6 from 64:ff9b::1.2.3.4",
    "pass through proto icmp from 10.0.0.1",
    "pass through proto esp from 10.0.0.1",
    "pass through proto ah",
    "pass through proto igmp from 10.0.0.2",
    "pass through proto gre from fd00::/8",
    "pass through proto tcp from 0.0.0.0/0 to 10.0.0.7 port 1:65535",
    "pass in proto tcp to any port 25 limit sessions 5 rate 70 overload <bad> for 90m",
    "pass in log proto tcp to 10.70.0.2 port 26 limit rate 5",
    'block in log label "the rest"',
    "block out on external proto tcp to any port 25",
)
"""Something of everything that rules can say."""


BUSY = ("table <bad> { 1.2.3.4; }", "pass in proto tcp to any port 25 limit rate 5 overload <bad>", "block in from <bad>")


def ruleset(plan: Plan) -> Ruleset:
    """Return what is written for a plan."""
    made = compose(plan)
    assert made is not None
    return made


def _first_ident(plan: Plan, more: int = 0) -> str:
    """Return the name of the first of the text's rules, or of one behind it."""
    assert plan.firewall is not None
    return idents(plan.firewall)[len(plan.firewall.before) + more]


def rules(made: Ruleset, chain: str) -> list[str]:
    """Return a chain's rules without what is counted by which name."""
    return [re.sub(r'counter name "\w+" ', "", rule) for rule in made.chains[chain].rules]


# --- in a kernel, and in memory --------------------------------------------------------------------------------------


def test_everything_is_read_back_as_it_was_written(rig: Rig) -> None:
    """Whatever rules say, the kernel shows it word for word, so that what somebody else changes is seen, and no more."""
    plan = firewalled(*EVERYTHING)
    rig.apply(plan)
    assert rig.difference(plan) == ""


def test_from_one_firewall_to_another(rig: Rig) -> None:
    """After each of many random deployments the machine holds the plan; now and then there is no firewall, or no relay."""
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    chance, plan = random.Random(seed), Plan()
    for step in range(8):
        drawn = random_block(chance, chance.choice((4, 6)))
        if step % 5 == 4:
            plan = planned(marks=plan.marks)
        else:
            relays = "" if step % 4 == 3 else RELAYS
            plan = firewalled(*drawn.rules, zones=drawn.zones, relays=relays, marks=plan.marks)
        assert "delete table" not in rig.apply(plan)
        assert rig.difference(plan) == "", f"step {step}"


def test_a_firewall_alone_has_a_table(rig: Rig) -> None:
    """Without any relay; and it goes when the text has no firewall any more, as far as a table of ours ever goes."""
    alone = firewalled(relays="")
    assert alone.relays == ()
    rig.apply(alone)
    assert rig.difference(alone) == ""
    assert compose(Plan()) is None


def test_what_came_into_tables_survives_an_edit(rig: Rig) -> None:
    """What limits put in stays, and is no difference, while the text's own part and the rules change."""
    rig.apply(firewalled(*BUSY))
    rig.load(f"add element inet bascule {overloaded_set('bad', 4)} {{ 7.7.7.7 timeout 3600s }}\n")
    assert rig.difference(firewalled(*BUSY)) == ""
    edited = firewalled("table <bad> { 1.2.3.4; 4.4.4.0/24; }", "pass in proto udp", *BUSY[1:])
    rig.apply(edited)
    assert rig.difference(edited) == ""
    assert len(rig.elements("set", overloaded_set("bad", 4))) == 1


def test_a_counter_survives_an_edit_elsewhere(rig: Rig) -> None:
    """It is named by what its rule says; a rule that is gone takes its own along."""
    before = firewalled("pass in proto udp to any port 53", 'pass in proto udp to any port 123 label "time"')
    after = firewalled("block in proto tcp", 'pass in proto udp to any port 123 label "time"')
    rig.apply(before)
    script = rig.apply(after)
    gone, stays = counter(_first_ident(before)), counter(_first_ident(after, 1))
    assert f"delete counter inet bascule {gone}" in script
    assert stays not in re.findall(r"(?:add|delete) counter \S+ \S+ (\S+)", script)


@pytest.mark.kernel
def test_a_failing_transaction_leaves_the_kernel_as_it_was(lab: Callable[[Layout], NetLab]) -> None:
    """Byte for byte, whether the first or the last of its commands is at fault."""
    node = lab(Layout(clients=0, servers=0))["lb1"]
    rig = Rig(NftProgram(SystemCommands()), node)
    rig.apply(firewalled(*EVERYTHING))
    rig.load(f"add element inet bascule {overloaded_set('bad', 4)} {{ 9.9.9.9 timeout 0s }}\n")
    before = node.run("nft", "list", "ruleset").stdout
    script = rig.difference(firewalled(*BUSY)).splitlines()
    for at in (4, len(script) // 2, len(script)):
        broken = "\n".join((*script[:at], "add rule inet bascule c_in goto c_nowhere", *script[at:])) + "\n"
        with pytest.raises(MachineError):
            rig.run(rig.engine.apply(broken))
        assert node.run("nft", "list", "ruleset").stdout == before


@pytest.mark.kernel
def test_a_large_firewall_is_loaded_at_one_stroke(lab: Callable[[Layout], NetLab]) -> None:
    """A tenth of what a benchmark loads, in five times that time; and other sets are changed as if it were small."""
    node = lab(Layout(clients=0, servers=0))["lb1"]
    rig = Rig(NftProgram(SystemCommands()), node)
    lines = [
        f"pass through proto tcp from 10.{n // 100}.0.0/24 to 172.16.0.{n % 100} port {1000 + n // 100}"
        for n in range(1000)
    ]
    blocked = "; ".join(str(ip_address("11.0.0.1") + 37 * n) for n in range(10_000))
    plan = firewalled(f"table <blocked> {{ {blocked}; }}", "block in from <blocked>", *lines)
    begun = time.monotonic()
    rig.apply(plan)
    assert time.monotonic() - begun < 5
    begun = time.monotonic()
    rig.load("add element inet bascule s_settled4 { 10.80.0.10 timeout 600s }\n")
    assert time.monotonic() - begun < 1
    assert rig.difference(plan) == ""


# --- what is written -------------------------------------------------------------------------------------------------


def test_without_a_firewall_nothing_is_written_for_one() -> None:
    """No chain, set or counter of its own, and nothing that names one."""
    made = ruleset(planned(relay("web", listen=["10.80.0.10 port 443"])))
    names = [*made.chains, *made.sets, *made.counters]
    assert not [name for name in names if "_fw" in name or "stranger" in name]
    assert not [rule for chain in made.chains.values() for rule in chain.rules if "_fw" in rule]


def test_rules_of_one_zone_share_a_look() -> None:
    """Packets of other zones never enter the chain of its rules; a single rule stands where it is."""
    made = ruleset(
        firewalled(*(f"pass in on dmz proto tcp from any port {n} to any port {n}" for n in range(1, 9)), relays="")
    )
    jumps = [rule for rule in rules(made, "c_fw_in4") if "zone_dmz" in rule]
    (chain,) = (rule.rpartition(" ")[2] for rule in jumps)
    assert jumps == [f"iifname . ip saddr @s_fw_zone_dmz.4 jump {chain}"]
    assert len(made.chains[chain].rules) == 8
    alone = ruleset(firewalled("pass in on dmz proto tcp to any port 7", relays=""))
    assert "iifname . ip saddr @s_fw_zone_dmz.4 tcp dport 7 accept" in rules(alone, "c_fw_in4")


def test_rules_that_all_name_a_network_share_a_look() -> None:
    """A packet whose source, or target, none of them names passes them by; what names none stands alone."""
    lines = [f"pass through proto tcp from 10.{n}.0.0/16 port {n} to any port {n}" for n in range(1, 41)]
    made = ruleset(firewalled(*lines, "pass through proto udp", relays=""))
    looks = [rule for rule in rules(made, "c_fw_through4") if "@s_fw_of" in rule]
    assert [len(made.chains[rule.rpartition(" ")[2]].rules) for rule in looks] == [24, 16]
    assert all(rule.startswith("ip saddr @s_fw_of_through4.") for rule in looks)
    held = made.sets[looks[1].split()[2].removeprefix("@")].elements
    assert held.keys() == {"10.25.0.0/16", "10.26.0.0/15", "10.28.0.0/14", "10.32.0.0/13", "10.40.0.0/16"}
    few = ruleset(firewalled(*lines[:3], relays=""))
    assert not [rule for rule in rules(few, "c_fw_through4") if "@s_fw_of" in rule]


def test_a_run_is_one_rule_with_a_set() -> None:
    """Of a hundred rules that differ in address and port alone; what overlaps is said once."""
    lines = [f"pass through proto tcp to 10.{n}.0.0/16 port {80 + n}" for n in range(1, 101)]
    made = ruleset(firewalled(*lines, "pass through proto tcp to 10.1.2.0/24 port 80:81", relays=""))
    (rule,) = (rule for rule in rules(made, "c_fw_through4") if "s_fw_run" in rule)
    name = re.findall(r"@(\S+)", rule)[0]
    assert rule == f"ip daddr . tcp dport @{name} accept"
    assert len(made.sets[name].elements) == 101
    assert "10.1.2.0/24 . 80" in made.sets[name].elements


def test_thousands_of_places_with_ports_take_no_time() -> None:
    """Though each set of them is made apart in quadratic time."""
    plan = firewalled(*(f"pass in proto tcp to 10.{n // 200}.{n % 200}.0/24 port {n + 1}" for n in range(4000)), relays="")
    assert plan.firewall is not None
    begin = time.perf_counter()
    assert len([*run_sets(all_asked(plan.firewall))]) == 16
    assert time.perf_counter() - begin < 2


def test_rules_of_one_version_are_not_asked_of_the_other() -> None:
    """Nor are zones that have nothing of it."""
    made = ruleset(firewalled("pass in from 10.1.0.0/16", "pass in proto icmp6", "pass in from 2001:db8::/32", relays=""))
    assert not [rule for rule in rules(made, "c_fw_in4") if "icmpv6" in rule or "2001" in rule]
    assert not [rule for rule in rules(made, "c_fw_in6") if "10.1" in rule or "l4proto icmp" in rule]


def test_where_zones_are_networks_alone_any_interface_will_do() -> None:
    """A zone without interfaces is what comes in by those that no zone names."""
    zones = ("zone external { interface eth0; }", "zone internal { from 10.80.0.0/16; }")
    made = ruleset(firewalled("pass in on internal proto tcp to any port 7", zones=zones, relays=""))
    assert made.sets["s_fw_zoned"].elements == {'"eth0"': ""}
    assert made.sets["s_fw_rest_internal.4"].elements == {"10.80.0.0/16": ""}
    named = [rule for rule in rules(made, "c_fw_in4") if "internal" in rule]
    assert [rule.partition(" jump")[0] for rule in named] == ["iifname != @s_fw_zoned ip saddr @s_fw_rest_internal.4"]


def test_a_relay_of_a_zone_turns_others_back() -> None:
    """In its own chain, in its limits, and where it would refuse them; without a zone nobody is asked."""
    made = ruleset(firewalled())
    turned = rules(made, "c_relay_RPC.4.135")[:2]
    assert [rule.partition(" return")[0] for rule in turned] == [
        "iifname @s_fw_zoned iifname . ip saddr != @s_fw_zone_internal.4",
        "iifname != @s_fw_zoned ip saddr != @s_fw_rest_internal.4",
    ]
    assert rules(made, "c_refuse_RPC.4.135")[:2] == turned
    assert made.sets["m_fw_stranger4"].elements == {"10.80.0.10 . tcp . 135": "jump c_stranger_RPC.4.135"}
    assert "zone" not in "".join(rules(made, "c_relay_HTTPS.4.443"))


def test_a_port_forward_to_a_relay_is_one_more_place_of_it() -> None:
    """In the sets of places and of what refuses, with the same source, and not in the map that dispatches."""
    made = ruleset(firewalled("pass in on external proto tcp to 10.70.0.2 port 443 forward to 10.80.0.10"))
    where = "10.70.0.2 . tcp . 443"
    assert where in made.sets["s_vip4"].elements
    assert made.sets["m_refuse4"].elements[where] == made.sets["m_refuse4"].elements["10.80.0.10 . tcp . 443"]
    assert where not in made.sets["m_relay4"].elements
    sources = made.sets["m_from4"].elements
    assert {value for key, value in sources.items() if key.startswith("10.70.0.2 ")} == {"10.80.0.10"}
    assert rules(made, "c_fw_forward4")[0].endswith("tcp dport 443 goto c_relay_HTTPS.4.443")


def test_what_may_stand_in_a_log_stands_there_by_its_name() -> None:
    """The prefix is what the rule's counter is named by, and no more than a hundred packets a second are told of."""
    plan = firewalled('block in log on external label "the rest"', relays="")
    ident = _first_ident(plan)
    steps = ruleset(plan).chains[f"c_fw_do_{ident}.4"].rules
    told = f'limit rate 100/second log prefix "{ident}" group 1866'
    assert steps == (f"ct state new {told}", f"ct state untracked tcp flags syn / fin,syn,rst,ack {told}", "drop")


def test_hosts_of_one_table_are_left_alone() -> None:
    """Before their packets are clamped, judged or given our address, but for those that a port forward has sent."""
    made = ruleset(firewalled("nat on external from internal"))
    pair = "ip saddr @s_fw_family0 ip daddr @s_fw_family0"
    forward, leaving = rules(made, "c_forward"), rules(made, "c_post")
    assert forward.index(f"{pair} goto c_fw_family0") < forward.index("tcp flags syn tcp option maxseg size set rt mtu")
    ours = [at for at, rule in enumerate(leaving) if "masquerade" in rule and "ct status dnat" not in rule]
    assert leaving.index(f"{pair} accept") < ours[0]
    door = rules(made, "c_fw_door")
    assert any(rule.startswith(f"{pair} accept") for rule in door)
