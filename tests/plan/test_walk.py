"""Whatever the rules, a walk is what the language says of it, and runs asked as one decide as their rules do."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network

from hypothesis import given
from hypothesis import strategies as st

from bascule.config.firewall import ANY, Action, Address, Direction, End, Network, Ports, Protocol, Rule
from bascule.plan.firewall import FirewallPlan, RulePlan
from bascule.plan.grounds import Grounds, Packet, grounds
from bascule.plan.model import Plan
from bascule.plan.runs import Part, differing, runs
from bascule.plan.verdict import judge
from plan.situations import machine

FACTS = machine(("eth0", ("192.0.2.1/24", "2001:db8::1/64")), routes=(("0.0.0.0/0", "eth0"), ("::/0", "eth0")))
SOURCES: Sequence[Network] = [
    ip_network(text) for text in ("198.51.100.0/24", "198.51.100.0/25", "198.51.100.7", "2001:db8:9::/48", "2001:db8:9::7")
]
TARGETS: Sequence[Network] = [ip_network(text) for text in ("192.0.2.1", "203.0.113.0/24", "203.0.113.9", "2001:db8::1")]
PORTS = (Ports(25, 25), Ports(25, 443), Ports(443, 443))
EVERYTHING = (
    RulePlan(rule=Rule(action=Action.BLOCK, direction=Direction.IN)),
    RulePlan(rule=Rule(action=Action.BLOCK, direction=Direction.THROUGH)),
)

ENDS = st.builds(End, network=st.none() | st.sampled_from(TARGETS), ports=st.none() | st.sampled_from(PORTS)) | st.just(ANY)
RULES = st.lists(
    st.builds(
        lambda **said: RulePlan(rule=Rule(**said)),
        action=st.sampled_from(Action),
        direction=st.sampled_from((Direction.IN, Direction.THROUGH)),
        protocol=st.sampled_from((None, Protocol.TCP, Protocol.UDP)),
        source=st.builds(End, network=st.none() | st.sampled_from(SOURCES)),
        to=ENDS,
    ),
    max_size=12,
)


@st.composite
def alike(draw: st.DrawFn) -> list[RulePlan]:
    """Draw rules of which many differ in no more than a run may."""
    drawn = []
    for plan in draw(st.lists(RULES.filter(bool), max_size=4)):
        rule = plan[0].rule
        for _ in range(draw(st.integers(1, 4))):
            source, to = rule.source, rule.to
            if draw(st.booleans()):
                to = replace(to, network=draw(st.sampled_from(TARGETS)), ports=draw(st.sampled_from(PORTS)))
            elif draw(st.booleans()):
                source = replace(source, network=draw(st.sampled_from(SOURCES)))
            drawn.append(RulePlan(rule=replace(rule, source=source, to=to)))
    return drawn


def edges(networks: Sequence[Network]) -> Sequence[Address]:
    """Return the first and last address of networks, and those beside them."""
    found = []
    for network in networks:
        first, last = network.network_address, network.broadcast_address
        found += [first - 1, first, last, last + 1]
    return list(dict.fromkeys(found))


PACKETS = st.tuples(
    st.sampled_from(edges(SOURCES)),
    st.sampled_from(edges(TARGETS)),
    st.sampled_from((24, 25, 26, 442, 443, 444)),
    st.sampled_from(("tcp", "udp", "icmp", "esp")),
).filter(lambda drawn: drawn[0].version == drawn[1].version)


def known(rules: Sequence[RulePlan]) -> Grounds:
    """Return what a firewall of these rules alone judges by."""
    found = grounds(Plan(firewall=FirewallPlan(rules=(*rules, *EVERYTHING))), FACTS)
    assert found is not None
    return found


def says(rule: Rule, packet: Packet, direction: Direction) -> bool:
    """Return whether a rule matches, in the words of the language."""
    ports = rule.to.ports
    return (
        rule.direction is direction
        and (rule.source.network is None or is_in(packet.source, rule.source.network))
        and (rule.to.network is None or is_in(packet.destination, rule.to.network))
        and (rule.protocol is None or packet.protocol == rule.protocol)
        and (ports is None or (packet.protocol in {"tcp", "udp"} and ports.first <= packet.port <= ports.last))
    )


def is_in(address: Address, network: Network) -> bool:
    """Return whether an address is of a network, whatever their versions."""
    return address.version == network.version and address in network


@given(RULES, PACKETS)
def test_the_first_rule_that_matches_decides(rules: list[RulePlan], drawn: tuple[Address, Address, int, str]) -> None:
    """And every one before it was asked, and did not match."""
    source, destination, port, protocol = drawn
    packet = Packet(interface="eth0", source=source, destination=destination, protocol=protocol, port=port)
    direction = Direction.IN if str(destination) in {"192.0.2.1", "2001:db8::1"} else Direction.THROUGH
    found = judge(packet, known(rules))
    asked = [each for each in (*rules, *EVERYTHING) if each.rule.direction is direction]
    decided = next(each for each in asked if says(each.rule, packet, direction))
    assert (found.direction, found.action, found.decided) == (direction, decided.rule.action, decided)
    assert [each.plan for each in found.consulted] == asked[: len(found.consulted)]
    assert [each.matched for each in found.consulted] == [False] * (len(found.consulted) - 1) + [True]


@given(alike(), PACKETS)
def test_a_run_asked_as_one_decides_as_its_rules_do(
    rules: list[RulePlan], drawn: tuple[Address, Address, int, str]
) -> None:
    """One match of what they have in common, and one look into the set of what they differ in."""
    source, destination, port, protocol = drawn
    packet = Packet(interface="eth0", source=source, destination=destination, protocol=protocol, port=port)
    for run in runs(rules):
        members = [rules[index] for index in run]
        alone = any(says(each.rule, packet, each.rule.direction) for each in members)
        assert as_one([each.rule for each in members], differing(members), packet) is alone


def as_one(rules: Sequence[Rule], varies: frozenset[Part], packet: Packet) -> bool:
    """Return whether a run matches, asked as the kernel asks it."""
    first = rules[0]
    common = Rule(
        action=first.action,
        direction=first.direction,
        protocol=first.protocol,
        source=ANY if Part.SOURCE in varies else first.source,
        to=End(
            network=None if Part.TARGET in varies else first.to.network,
            ports=None if Part.PORT in varies else first.to.ports,
        ),
    )
    if Part.PORT in varies and packet.protocol not in {"tcp", "udp"}:
        return False
    held = [
        (Part.SOURCE not in varies or is_in(packet.source, rule.source.network or SOURCES[0]))
        and (Part.TARGET not in varies or is_in(packet.destination, rule.to.network or TARGETS[0]))
        and (Part.PORT not in varies or packet.port in (rule.to.ports or PORTS[0]))
        for rule in rules
    ]
    return says(common, packet, first.direction) and (not varies or any(held))
