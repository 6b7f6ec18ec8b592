"""The kernel and the plan's own walk say the same of a packet: who decides, whether it passes, and what is rewritten."""

import os
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from bascule.config.firewall import Action, Address
from bascule.config.load import load
from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.ruleset import Ruleset
from bascule.engines.nftables.script import transaction
from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.firewall import FORWARDED_MARK, FirewallPlan, Purpose
from bascule.plan.grounds import Grounds, Packet, grounds
from bascule.plan.idents import idents
from bascule.plan.model import Plan
from bascule.plan.verdict import Verdict, judge
from bed.frames import ACK, SYN, Frame, Own, Wire
from bed.kernel_relays import KernelRelays
from bed.netlab import NetLab
from bed.perimeter import Perimeter
from engines.nftables.firewalls import PERIMETER, RELAYS
from engines.nftables.random_firewalls import INTERFACES, edge_packets, random_block
from plan.situations import states

pytestmark = pytest.mark.kernel

SETS: Final = int(os.environ.get("BASCULE_RULE_SETS", "20"))
"""Random firewalls for each IP version."""
HOSTS: Final = frozenset(map(ip_address, ("10.80.2.1", "10.80.2.2", "fd80::2:1", "fd80::2:2")))
"""Those of the relays' table."""


SILENCE: Final = """
table inet t_silence {
	chain c_out { type filter hook output priority -400; policy accept;
		tcp flags rst drop
		icmpv6 type nd-redirect drop
	}
}
"""
"""A reset that answers a session's first packet would be the end of it; redirects are of nobody's doing."""


@dataclass(frozen=True)
class Seen:
    """A session as the kernel keeps it: where its answers come from and go to, and its mark."""

    answering: Address
    answering_port: int
    answered: Address
    mark: int


Judged: TypeAlias = tuple[Plan, Sequence[tuple[Packet, Verdict]]]
"""A plan, and packets with its verdicts."""
Key: TypeAlias = tuple[str, Address, int, Address, int]
"""Protocol, source and its port, destination and its port."""


class Perimeters:
    """A network whose balancer has one firewall after the other."""

    def __init__(self, net: NetLab, state: Path, stack: ExitStack) -> None:
        self.node = net["lb1"]
        net.hold("lb1", "10.80.0.10", "fd80::10", nic=1)
        for way in ("10.70.1.1", "fd70::1:1"):
            self.node.run("ip", "route", "add", "default", "via", way)
        for node in net:
            node.nft(SILENCE)
        self.node.sysctl(net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
        self.relays = KernelRelays(self.node, state)
        senders = zip(INTERFACES, ("outside1", "inside1", "dmz1"), ("10.70.0.2", "10.80.0.2", "10.90.0.2"), strict=True)
        self._wires: dict[str, Any] = {
            interface: stack.enter_context(Wire(net[name], to)) for interface, name, to in senders
        }
        self._wires[""] = stack.enter_context(Own(self.node))
        self._there: Ruleset | None = None
        self.facts = self.relays.run(self.relays.machine.facts(""))

    def plan(self, block: str) -> Plan | None:
        """Return the plan of a firewall; None where the language refuses it."""
        loaded = load(PERIMETER + RELAYS + block)
        if loaded.configuration is None:
            return None
        situation = Situation(facts=self.facts)
        plan = compile_plan(loaded.configuration, situation)
        return redeal(plan, states(plan), situation.rankings)

    def apply(self, plan: Plan) -> None:
        """Bring the kernel to a plan, with no session known and nothing counted."""
        desired = compose(plan)
        assert desired is not None
        self.node.nft(transaction(desired, self._there))
        self._there = desired
        self.node.run("conntrack", "-F")
        self.node.run("nft", "reset", "counters", "table", "inet", "bascule")

    def send(self, packets: Sequence[Packet]) -> None:
        """Send packets, each by where it says that it comes in."""
        for packet in packets:
            self._wires[packet.interface].send(_frame(packet))

    def counted(self) -> Mapping[str, int]:
        """Return what each rule has decided on."""
        found = self.relays.run(self.relays.machine.nft.counters("inet", "bascule"))
        return {name.removeprefix("n_fw_"): packets for name, packets in found.items() if name.startswith("n_fw_")}

    def sessions(self, version: int) -> Mapping[Key, Seen]:
        """Return every session that the kernel keeps."""
        listing = self.node.run("conntrack", "-L", "-f", f"ipv{version}").stdout
        return dict(_session(line) for line in listing.splitlines() if re.match(r"(tcp|udp|icmp)", line))


def _frame(packet: Packet) -> Frame:
    return Frame(
        source=packet.source,
        source_port=packet.source_port,
        destination=packet.destination,
        port=packet.port,
        protocol=packet.protocol,
        flags=SYN if packet.syn else ACK,
    )


def _session(line: str) -> tuple[Key, Seen]:
    protocol = line.split(maxsplit=1)[0].replace("icmpv6", "icmp6")
    fields = re.findall(r"(src|dst|sport|dport|type|id|mark)=(\S+)", line)
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    source, destination = map(ip_address, (values["src"][0], values["dst"][0]))
    ports = ("id", "type") if "icmp" in protocol else ("sport", "dport")
    key = protocol, source, int(values[ports[0]][0]), destination, int(values[ports[1]][0])
    port = int(values[ports[0]][1])
    seen = Seen(ip_address(values["src"][1]), port, ip_address(values["dst"][1]), int(values["mark"][0]))
    return key, seen


def _key(packet: Packet) -> Key:
    return packet.protocol, packet.source, packet.source_port, packet.destination, packet.port


@pytest.fixture(scope="module")
def perimeter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Perimeters]:
    """Build the network once."""
    with NetLab(Perimeter()) as net, ExitStack() as stack:
        yield Perimeters(net, tmp_path_factory.mktemp("state"), stack)


@pytest.mark.parametrize("version", [4, 6])
def test_kernel_and_plan_agree_on_every_packet(perimeter: Perimeters, version: int) -> None:
    """Packets at the edges of random rules, of which each decides at least one."""
    seed = int(os.environ.get("BASCULE_SEED", random.SystemRandom().getrandbits(32)))
    print("seed", seed)  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)
    compared = Counter[str]()
    while compared["rule sets"] < SETS:
        drawn = _drawn(perimeter, chance, version)
        if drawn is None:
            continue
        plan, judged = drawn
        assert plan.firewall is not None
        perimeter.apply(plan)
        perimeter.send([packet for packet, _ in judged])
        wrong = _differences(perimeter, plan.firewall, judged, version)
        assert not wrong, "\n".join(wrong)
        compared += Counter({"rule sets": 1, "rules": len(plan.firewall.rules), "packets": len(judged)})
        compared += Counter(_fate(verdict) for _, verdict in judged)
        compared["masqueraded"] += sum(verdict.masquerade for _, verdict in judged)
    print(dict(compared))  # noqa: T201 - how much was compared
    assert {"relayed", "forwarded", "masqueraded", "block", "reject"} <= compared.keys()


def _fate(verdict: Verdict) -> str:
    if verdict.action is not Action.PASS:
        return verdict.action.value
    return "relayed" if verdict.relay else "forwarded" if verdict.forward else "pass"


def _drawn(perimeter: Perimeters, chance: random.Random, version: int) -> Judged | None:
    """Return a random plan and packets with its verdicts; None where the language refuses the text.

    Rules that decide no packet are left out.
    """
    block = random_block(chance, version)
    judged = _judged(perimeter, chance, perimeter.plan(block.text), version)
    if judged is None:
        return None
    plan, verdicts = judged
    rules = [id(rule) for rule in plan.firewall.rules] if plan.firewall else []
    deciding = {rules.index(id(verdict.decided)) for _, verdict in verdicts if id(verdict.decided) in rules}
    whole = perimeter.plan(block.only(deciding).text)
    return _judged(perimeter, chance, whole, version, [packet for packet, _ in verdicts])


def _judged(
    perimeter: Perimeters, chance: random.Random, plan: Plan | None, version: int, again: Sequence[Packet] = ()
) -> Judged | None:
    """Return a plan with packets, the given or new ones, and what it makes of them."""
    if plan is None or plan.firewall is None:
        return None
    known = grounds(plan, perimeter.facts)
    assert known is not None
    drawn = again or [each for each in edge_packets(chance, plan, version, each=12) if _sendable(each, known)]
    sent = {_key(packet): packet for packet in drawn}
    return plan, [(packet, judge(packet, known)) for packet in sent.values()]


def _sendable(packet: Packet, known: Grounds) -> bool:
    """Tell whether the kernel has rules asked of a packet at all, and once.

    Sources of ours, and everybody, are Martians to it; what it sends to everybody it gets, too; and the first address of an
    IPv6 network, which routers have, is neither ours nor not.
    """
    routers = {network.network_address for networks in known.firewall.homes.values() for network in networks}
    if packet.destination in routers:
        return False
    return packet.destination not in known.broadcast if packet.own else packet.source not in known.local | known.broadcast


def _differences(
    perimeter: Perimeters, plan: FirewallPlan, judged: Sequence[tuple[Packet, Verdict]], version: int
) -> Sequence[str]:
    """Return what the kernel did otherwise, in words."""
    names, rules = idents(plan), plan.all_rules
    at = {id(rule): index for index, rule in enumerate(rules)}
    decided = Counter(names[at[id(verdict.decided)]] for _, verdict in judged if verdict.decided is not None)
    noisy = {names[index] for index, rule in enumerate(rules) if rule.purpose is Purpose.NEIGHBOURS}
    counted, sessions = perimeter.counted(), perimeter.sessions(version)
    wrong = [
        f"{rules[index].rule.title or rules[index].purpose}: plan {decided[name]}, kernel {counted[name]}"
        for index, name in names.items()
        if name not in noisy and decided[name] != counted[name]
    ]
    wrong += [
        f"{packet}\n    {_fate(verdict)} {verdict.forward} {verdict.masquerade}\n    {sessions.get(_key(packet))}"
        for packet, verdict in judged
        if not _agrees(packet, verdict, sessions.get(_key(packet)))
    ]
    return wrong


def _agrees(packet: Packet, verdict: Verdict, seen: Seen | None) -> bool:
    if verdict.action is not Action.PASS:
        return seen is None
    if seen is None:
        return False
    if verdict.relay:
        return seen.answering in HOSTS and seen.mark > FORWARDED_MARK
    target = verdict.forward or (packet.destination, packet.port)
    port = seen.answering_port if verdict.forward else target[1]
    masqueraded = seen.answered != packet.source
    return (seen.answering, port) == target and masqueraded == verdict.masquerade
