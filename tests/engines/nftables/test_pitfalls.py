"""What nft 1.0.6 and the kernel trip one up with, one test for each pitfall, by the number it was noted under.

Where the kernel refuses or misbehaves the test shows it, so that a newer one is noticed.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.names import slots_map
from bascule.engines.nftables.script import transaction
from bascule.plan.model import Plan
from bascule.system.errors import MachineError
from bed.kernel_relays import KernelRelays
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.sessions import Servers, connected
from engines.nftables.networks import PORT, everywhere, network, text
from engines.nftables.plans import planned

pytestmark = pytest.mark.kernel

HASHED = everywhere(forward="check tcp mode source-hash")


def composed(plan: Plan) -> str:
    """Return every rule of a plan."""
    made = compose(plan)
    assert made is not None
    return "\n".join(rule for chain in made.chains.values() for rule in chain.rules)


def test_pitfall_01_every_command_stands_on_a_line_of_its_own(lab: Callable[[Layout], NetLab], tmp_path: Path) -> None:
    """What stands before a closing brace needs a semicolon, and each of our commands is whole in its line."""
    relays = KernelRelays(lab(Layout(arms=1))["lb1"], tmp_path)
    script = transaction(compose(relays.compiled(text())) or pytest.fail("nothing was composed"), None)
    for line in script.splitlines():
        assert line.count("{") == line.count("}")
        relays.node.nft(line)
    relays.deploy(text())
    assert relays.difference() == ""


@pytest.mark.parametrize("name", ["fwd", "map", "ip", "th", "mark", "accept", "log", "inet", "jhash", "0", "443"])
def test_pitfall_02_reserved_words_are_names_like_others(
    lab: Callable[[Layout], NetLab], tmp_path: Path, name: str
) -> None:
    """Every name in the kernel has a prefix, so that an operator may call a relay what they like."""
    relays = KernelRelays(lab(Layout(arms=1, clients=0, servers=0))["lb1"], tmp_path)
    relays.deploy(text(everywhere(name)))
    assert relays.difference() == ""


def test_pitfall_03_maps_of_slots_can_be_listed(tmp_path: Path) -> None:
    """A map that is declared with `typeof jhash` crashes nft when it is listed: ours is declared otherwise, and serves."""
    with network(tmp_path, HASHED) as place:
        for part in place.relays.plan.relays:
            assert "jhash" not in place.lb.run("nft", "list", "map", "inet", "bascule", slots_map(part)).stdout
            assert place.lb.run("nft", "-j", "list", "map", "inet", "bascule", slots_map(part)).stdout
        with place.session() as session:
            session.speak()


@pytest.mark.parametrize("version", [4, 6])
def test_pitfall_04_the_mark_is_computed_before_it_leads(tmp_path: Path, version: int) -> None:
    """No expression stands in a map's statement: the slot gives the mark, the mark the host, and both agree."""
    with network(tmp_path, HASHED, version=version) as place, place.session() as session:
        session.speak()
        (state,) = place.relays.states()
        assert [state.mark] == place.relays.marks(place.host(session.node))
        assert str(state.reply.source) == place.host(session.node)
        assert not re.search(r"\b(update|add) @", composed(place.relays.plan))


def test_pitfall_05_an_element_is_changed_by_taking_it_out_first(tmp_path: Path) -> None:
    """The kernel refuses another value for an element that exists; a flip gives slots another host all the same."""
    with network(tmp_path, HASHED) as place:
        part = place.relays.plan.relays[0]
        other = part.pool.hosts[1 - part.pool.slots[0]].mark
        plain = place.relays.machine.nft.load(f"add element inet bascule {slots_map(part)} {{ 0 : {other} }}\n")
        with pytest.raises(MachineError, match="File exists"):
            place.relays.run(plain)
        assert place.relays.flip(down=[str(part.pool.hosts[0].endpoint.address)])
        assert set(place.relays.plan.relays[0].pool.slots) == {1}
        assert place.relays.difference() == ""


def test_pitfall_06_a_time_to_live_runs_though_packets_match(tmp_path: Path) -> None:
    """No rule renews an element of ours: an address is settled for as long as the daemon said, and no longer."""
    with network(tmp_path) as place, place.session() as session:
        session.speak()
        place.lb.nft(f"add element inet bascule s_settled4 {{ {VIP} timeout 2s }}")
        while VIP in place.lb.run("nft", "list", "set", "inet", "bascule", "s_settled4").stdout:
            session.speak()
            with pytest.raises(ConnectionRefusedError), connected(place.client, (VIP, PORT + 1)):
                pass


@pytest.mark.parametrize("version", [4, 6])
def test_pitfall_07_a_translated_port_is_one_of_tcp(tmp_path: Path, version: int) -> None:
    """A rule that translates to a port says that it is TCP's, also where the match stands in another chain."""
    relay = everywhere(forward="port 8443 check tcp mode roundrobin")
    with network(tmp_path, relay, version=version, ports=[8443]) as place, place.session() as session:
        session.speak()
        assert session.server.getsockname()[1] == 8443
    for rule in composed(planned(HASHED, hosts=["10.80.2.1", "fd80::2:1"])).splitlines():
        assert "nat" not in rule.split() or "meta l4proto tcp" in rule


def test_pitfall_08_a_hash_has_the_tables_seed(tmp_path: Path) -> None:
    """Without one the kernel takes a random one: a client would change its host when rules are loaded anew."""
    with network(tmp_path, HASHED, servers=3) as place:
        clients = place.net.many_addresses("client1", 12, "10.80.100.1")

        def hosts() -> list[str]:
            met = []
            for client in clients:
                with place.session((client, 0)) as session:
                    met.append(place.host(session.node))
            return met

        slots = place.relays.plan.relays[0].pool
        before = hosts()
        place.lb.nft("flush ruleset")
        place.relays.deploy(text(HASHED, servers=3))
        assert hosts() == before
        assert len(set(before)) > 1
        assert place.relays.plan.relays[0].pool == slots


FIREWALL = """
table inet t_firewall {
 chain c_in { type filter hook input priority 0; policy accept;
  ct state established,related accept
 }
}
"""
"""A stateful firewall: as long as it stands, the kernel tracks sessions."""
TRANSLATED = """
table ip t_other {
 chain c_pre { type nat hook prerouting priority dstnat; policy accept;
  ip daddr 10.80.0.2 tcp dport 8080 dnat to 10.80.2.1:700
 }
 chain c_post { type nat hook postrouting priority srcnat; policy accept;
  ct status dnat masquerade
 }
}
"""


def test_pitfall_09_no_translated_session_ends_when_our_table_goes(tmp_path: Path) -> None:
    """With the last nat chain of a namespace the kernel ends every one: two empty chains of ours stay."""
    with network(tmp_path, router=True) as place, Servers([place.net["srv1"]], 700) as servers:
        place.lb.nft(FIREWALL + TRANSLATED)
        with servers.session(place.client, ("10.80.0.2", 8080)) as foreign, place.session() as ours:
            for session in (foreign, ours):
                session.speak()
            place.lb.nft("delete table ip t_other")
            place.relays.run(place.relays.engine.clear())
            assert not place.relays.run(place.relays.engine.drop_keeper())
            for session in (foreign, ours):
                session.speak()
            place.lb.nft("delete table inet bascule_keep")
            foreign.client.sendall(b"is anybody there?")
            foreign.client.settimeout(1)
            with pytest.raises((ConnectionResetError, TimeoutError)):
                foreign.client.recv(1)


def test_pitfall_10_a_load_is_the_true_check(tmp_path: Path) -> None:
    """A rehearsal is nearly but not quite complete: a load that the kernel refuses leaves nothing, and says why."""
    refused = "flush chain inet bascule c_in\nadd rule inet bascule c_in meta l4proto tcp tproxy to :80\n"
    with network(tmp_path) as place:
        with pytest.raises(MachineError, match=r"load the rules: .*Operation not supported"):
            place.relays.run(place.relays.machine.nft.load(refused))
        assert place.relays.difference() == ""


def test_pitfall_11_no_rule_leans_on_an_interface(tmp_path: Path) -> None:
    """A device that is not there is accepted and never matches: ours match addresses, whatever carries them."""
    with network(tmp_path) as place:
        assert not re.search(r"\b(iif|oif|iifname|oifname|device)\b", composed(place.relays.plan))
        place.lb.run("ip", "link", "set", "eth0", "down")
        place.lb.run("ip", "link", "set", "eth0", "name", "lan0")
        place.lb.run("ip", "link", "set", "lan0", "up")
        with place.session() as session:
            session.speak()
