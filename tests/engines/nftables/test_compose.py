"""Composed rulesets are whole: every rule has what it needs, and every relay is in all the places it must be in."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bascule.config.model import Address, EngineName
from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.names import refuse_chain, relay_chain, slots_map, timeout_policy
from bascule.engines.nftables.rules.probing import PACKET_MARK
from bascule.engines.nftables.rules.translation import ranges, slot_elements
from bascule.engines.nftables.ruleset import Ruleset
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.model import FIRST_MARK, LAST_MARK, NO_HOST, Plan
from engines.nftables.plans import planned, random_plan
from plan.situations import ONE_ARM, ONE_ARM_BLOCK, balancer, configured, relay

SEEDS = range(12)
WEB = relay("web", listen=["10.80.0.10 port 443"])


def ruleset(plan: Plan) -> Ruleset:
    """Return the table of a plan that has kernel relays."""
    made = compose(plan)
    assert made is not None
    return made


def random_one(seed: int) -> Plan:
    """Return a random plan with relays."""
    return random_plan(random.Random(seed), {}, fixed=[WEB])


def rules(made: Ruleset) -> Sequence[str]:
    """Return every rule, without its comment."""
    return [rule.partition(' comment "')[0] for chain in made.chains.values() for rule in chain.rules]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_rule_names_is_there(seed: int) -> None:
    """Sets, maps, chains and time-outs exist, and every chain is a base chain or is reached."""
    made = ruleset(random_one(seed))
    written = "\n".join(rules(made))
    verdicts = [value for named in made.sets.values() if named.verdicts for value in named.elements.values()]
    reached = {*re.findall(r"(?:goto|jump) (\S+)", written), *(verdict.split()[1] for verdict in verdicts)}
    assert set(re.findall(r"@([\w.]+)", written)) <= made.sets.keys()
    assert reached == {name for name, chain in made.chains.items() if not chain.hook}
    assert set(re.findall(r'ct timeout set "(\w+)"', written)) == made.timeouts.keys()
    assert set(re.findall(r'counter name "([^"]+)"', written)) == made.counters


@pytest.mark.parametrize("seed", SEEDS)
def test_every_rule_is_one_line_with_at_most_one_comment(seed: int) -> None:
    """Names with quotes of all kinds, blanks, braces and letters of other scripts change nothing but comments."""
    for chain in ruleset(random_one(seed)).chains.values():
        for rule in chain.rules:
            assert rule.isascii()
            assert rule.isprintable()
            judged, _, said = rule.partition(" comment ")
            assert judged.count('"') in (0, 2)
            assert said.count('"') in (0, 2)


def guarded(made: Ruleset, address: Address, port: int) -> bool:
    """Return whether a host's place is in the set of those whose stray packets are judged."""
    for element in made.sets[f"s_host{address.version}"].elements:
        place, _, ports = element.partition(" . ")
        first, _, last = ports.partition("-")
        if place == str(address) and int(first) <= port <= int(last or first):
            return True
    return False


@pytest.mark.parametrize("seed", SEEDS)
def test_every_relay_is_in_every_place(seed: int) -> None:
    """Its endpoints are dispatched, refused when empty, and have a time-out; its hosts have targets and are guarded."""
    plan = random_one(seed)
    made = ruleset(plan)
    for part in plan.of(EngineName.KERNEL):
        version = part.version
        for end in part.listens:
            ports = f"{end.port}-{end.last}" if end.last else f"{end.port}"
            place = f"{end.address} . {end.transport} . {ports}"
            assert made.sets[f"m_relay{version}"].elements[place] == f"goto {relay_chain(part)}"
            assert place in made.sets[f"s_vip{version}"].elements
            assert made.sets[f"m_refuse{version}"].elements[place] == f"goto {refuse_chain(part)}"
            *_, refusal = made.chains[refuse_chain(part)].rules
            assert (" drop " in refusal) == (part.on_empty == "drop")
            timed = f'ct timeout set "{timeout_policy(part.session_timeout)}"' in made.chains[relay_chain(part)].rules
            assert timed == (end.transport == "tcp")
            assert not timed or made.timeouts[timeout_policy(part.session_timeout)] == part.session_timeout
        for host in part.pool.hosts:
            address, port = host.endpoint.address, host.endpoint.port
            if port:
                assert made.sets[f"m_to{version}"].elements[str(host.mark)] == f"{address} . {port}"
            else:
                assert made.sets[f"m_keep{version}"].elements[str(host.mark)] == str(address)
            for asked in [port] if port else [end.last or end.port for end in part.listens]:
                assert guarded(made, address, asked) >= (part.kind == "relay")
        assert made.sets[slots_map(part)].elements == slot_elements(part)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_session_has_exactly_one_source(seed: int) -> None:
    """Each listening address and host stands in one map, or in a range; every source is guarded."""
    plan = random_one(seed)
    made = ruleset(plan)
    for part in plan.of(EngineName.KERNEL):
        single, own = (made.sets[f"m_from{kind}{part.version}"].elements for kind in ("", "_own"))
        for source in part.sources:
            (host,) = [host for host in part.pool.hosts if host.endpoint.address == source.host]
            key = f"{source.listen} . {host.mark}"
            assert (key in single) == (not source.own and source.first == source.last)
            assert (key in own) == source.own
            assert (f"s_range_{slots_map(part).removeprefix('m_slots_')}" in made.sets) == bool(ranges(part))
            assert {str(address) for address in source.addresses} <= made.sets[f"s_source{part.version}"].elements.keys()


@pytest.mark.parametrize("seed", SEEDS)
def test_slots_name_marks_of_ours(seed: int) -> None:
    """A slot has the mark of its host, or is not there; marks are within our range."""
    for part in random_one(seed).of(EngineName.KERNEL):
        elements = slot_elements(part)
        assert len(elements) == sum(index != NO_HOST for index in part.pool.slots)
        assert all(FIRST_MARK <= int(mark) <= LAST_MARK for mark in elements.values())
        assert all(
            int(elements[str(slot)]) == part.pool.hosts[i].mark for slot, i in enumerate(part.pool.slots) if i != NO_HOST
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_composition_follows_from_the_plan_alone(seed: int) -> None:
    """The same plan gives the same table; where relays stand in the text is no difference."""
    assert compose(random_one(seed)) == compose(random_one(seed))


def test_nothing_is_composed_where_nothing_was_ever_needed() -> None:
    """A plan without kernel relays and without marks needs no table."""
    assert compose(Plan()) is None
    assert compose(planned(relay("web", "engine proxy"))) is None


def test_marks_of_hosts_that_are_gone_keep_their_target() -> None:
    """Their sessions live on, and must be known by mark."""
    before = planned(WEB)
    after = ruleset(planned(WEB, hosts=["10.80.2.9"], marks=before.marks))
    assert {str(mark) for mark in before.marks.values()} < after.sets["m_to4"].elements.keys()


@pytest.mark.parametrize(
    ("mode", "choice"),
    [
        ("source-hash", "jhash ip saddr mod 1024 seed 0x7f3a91c2"),
        ("roundrobin", "numgen inc mod 1024"),
        ("random", "numgen random mod 1024"),
    ],
)
def test_how_a_mode_chooses(mode: str, choice: str) -> None:
    """By the client's address and the table's key, in turn, or by chance."""
    plan = planned(relay("web", listen=["10.80.0.10 port 443"], forward=f"mode {mode}"))
    _, chosen, *_ = ruleset(plan).chains["c_relay_web.4.443"].rules
    assert chosen == f'ct mark set {choice} map @m_slots_web.4.443 comment "relay web"'


def test_a_machine_that_was_a_router_stays_one() -> None:
    """Only the IP versions whose forwarding we switched on are closed for everybody else's packets."""
    plan = planned(WEB, relay("six", listen=["fd80::10 port 443"]), hosts=["10.80.2.1", "fd80::2:1"])
    for before, closed in ((set[int](), ["ipv4", "ipv6"]), ({4}, ["ipv6"]), ({4, 6}, [])):
        made = ruleset(replace(plan, routed_before=frozenset(before)))
        drops = [rule for rule in made.chains["c_forward"].rules if " drop " in rule]
        assert [rule.split()[2] for rule in drops] == closed
    assert len(ruleset(planned(WEB)).chains["c_forward"].rules) == 4


def test_pings_and_probes_are_told_apart() -> None:
    """Echoes are untracked for hosts that are pinged, ports for those that are connected to."""
    made = ruleset(
        planned(WEB, relay("mail", listen=["10.80.0.10 port 25"], forward="check icmp"), hosts=["10.80.2.1", "10.80.2.2"])
    )
    assert made.sets["s_ping4"].elements.keys() == {"10.80.2.1", "10.80.2.2"}
    assert "10.80.2.1 . 443" in made.sets["s_probe4"].elements
    assert made.sets["s_own4"].elements.keys() == {"10.80.0.2"}


def test_probes_of_rpc_call_several_ports() -> None:
    """All that are known beforehand are untracked, so that a full table of sessions says nothing of a service."""
    mapper = relay("RPCLS", 'affinity "o"', listen=["10.80.0.10 port 135"], forward="check rpc")
    service = relay("RPCCAS", 'affinity "o"', listen=["10.80.0.10 port 59532"], forward="")
    made = ruleset(planned(mapper, service, hosts=["10.80.2.1"]))
    assert made.sets["s_probe4"].elements.keys() == {"10.80.2.1 . 135", "10.80.2.1 . 59532"}


def test_nudges_are_untracked() -> None:
    """The parent's packet mark stands in the first rule of what leaves."""
    assert ruleset(planned(WEB)).chains["c_raw_out"].rules[0].startswith(f"meta mark {PACKET_MARK:#010x} notrack")


def test_the_admin_port_is_untracked_where_no_relay_listens() -> None:
    """At the node's own addresses alone, and not at a virtual one."""
    admin = "system { http-server { port 4433 } }\n"

    def untracked(*relays: str) -> set[str]:
        made = ruleset(compile_plan(configured(ONE_ARM_BLOCK + admin + balancer(*relays)), Situation(facts=ONE_ARM)))
        return {*made.sets["s_admin4"].elements, *made.sets["s_admin6"].elements}

    assert untracked(WEB) == {"10.80.0.2 . 4433", "fd80::2 . 4433"}
    assert untracked(relay("web", listen=["10.80.0.2 port 4433"])) == {"fd80::2 . 4433"}
    assert untracked(relay("web", listen=["fd80::2 port 4430:4440"])) == {"10.80.0.2 . 4433"}
    assert ruleset(planned(WEB)).sets["s_admin4"].elements == {}


@pytest.mark.parametrize(
    ("named", "written"),
    [
        ("10.80.0.10-10.80.0.11", "10.80.0.10/31"),
        ("10.80.0.10-10.80.0.12", "10.80.0.10-10.80.0.12"),
        ("10.80.0.8-10.80.0.15", "10.80.0.8/29"),
    ],
)
def test_a_range_is_written_as_nft_prints_it(named: str, written: str) -> None:
    """A range that is a whole network is printed as one; written otherwise, each look would find a difference."""
    plan = planned(relay("web", f"source {named}", listen=["10.80.0.10 port 443"]))
    first = ruleset(plan).chains["c_source"].rules[0]
    assert first == f'ct mark @s_range_web.4.443 snat ip to {written} comment "relay web"'


def test_a_range_with_an_own_address_leaves_the_probes_ports_alone() -> None:
    """Clients that have such a port get one outside of the probes' range, from the first address."""
    made = ruleset(planned(relay("web", "source 10.80.0.1-10.80.0.4", listen=["10.80.0.10 port 443"])))
    assert "tcp sport != 61000-61999 snat ip to 10.80.0.1-10.80.0.4" in made.chains["c_source"].rules[0]
    assert set(made.sets["m_from_own4"].elements.values()) == {"10.80.0.1"}
    assert made.chains["c_source"].rules[-2].endswith("map @m_from_own4:1024-60999")


def test_limits_of_a_relay_without_hosts_name_nothing_that_is_not_there() -> None:
    """Its table may have hosts of the other IP version alone; a walk of random configurations once ended there."""
    limited = relay("limited", "max half-open 9", "max source rate 5/s", listen=["fd80::10 port 25"])
    made = ruleset(planned(WEB, limited, hosts=["10.80.2.1 max sessions 3"]))
    named = set(re.findall(r"@([\w.]+)", "\n".join(rules(made))))
    assert named <= made.sets.keys()
    assert "s_opening_limited.6.9" in named


def test_each_table_of_a_relay_counts_its_own_hosts() -> None:
    """Two tables with one limit are two counts: another relay on one of them counts there too."""
    tables = [f"table <{name}> {{ 10.80.2.{number} max sessions 100; }}" for number, name in enumerate("ab", 1)]
    lines = ["listen on 10.80.0.10 port 443", "forward to <a> check tcp", "forward to <b> check tcp"]
    blocks = "\n".join(["load-balancer {", *tables, 'relay "W" {', *lines, "}", "}"])
    text = f"{ONE_ARM_BLOCK}{blocks}\n"
    made = ruleset(compile_plan(configured(text), Situation(facts=ONE_ARM)))
    chains = {target.split()[1] for target in made.sets["m_full"].elements.values()}
    counted = {name for chain in chains for name in re.findall(r"@(s_full_\S+)", made.chains[chain].rules[0])}
    assert counted == {"s_full_a.4.100", "s_full_b.4.100"}
