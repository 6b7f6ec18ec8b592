"""What once broke kernel relays, one test for each finding, named by its number; real rules, real sessions.

1 a takeover without states, 3 time-outs of replaced rules, 4 killed sessions that come back, 5 dead sessions on servers,
6 probes and a full table, 7 servers without a route, 8 half-closed sessions, 11 ports of own sources, 12 sessions of local
programs, 13 rules of others, 14 sources of probes, 15 a node that does not hold the address.
"""

import re
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from bed.kernel_relays import KernelRelays
from bed.layout import BACK_GW, VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.sessions import PATIENCE, Servers, carried, connected, is_reset, is_silent
from bed.wait import until
from engines.nftables.networks import PORT, everywhere, network, text

pytestmark = pytest.mark.kernel

ADMIN = 4433
HASHED = everywhere(forward="check tcp mode source-hash")


def lived(node: Node, state: str = "ESTABLISHED") -> Sequence[int]:
    """Return the seconds that each session to the listening port may still be idle, of those in a state."""
    families = ("ipv4", "ipv6")
    listed = "".join(node.run("conntrack", "-L", "-f", each, "-p", "tcp", "--dport", str(PORT)).stdout for each in families)
    return [int(left) for left in re.findall(rf"tcp +6 (\d+) {state}", listed)]


def pair(lab: Callable[[Layout], NetLab], state: Path) -> tuple[NetLab, KernelRelays, KernelRelays]:
    """Return a network with two balancers of one configuration; the first one holds the virtual addresses."""
    net = lab(Layout(arms=1, lbs=2))
    net.hold("lb1", VIP, VIP6)
    one, two = KernelRelays(net["lb1"], state / "lb1"), KernelRelays(net["lb2"], state / "lb2")
    one.deploy(text(HASHED))
    two.deploy(text(HASHED).replace("10.80.0.2/16", "10.80.0.3/16").replace("fd80::2/64", "fd80::3/64"))
    return net, one, two


@pytest.mark.parametrize("vip", [VIP, VIP6])
def test_finding_01_a_node_that_knows_nothing_goes_on_when_clients_speak(
    lab: Callable[[Layout], NetLab], tmp_path: Path, vip: str
) -> None:
    """The address moves, states do not: the new node rebuilds every session from the client's next packet."""
    net, _, two = pair(lab, tmp_path)
    clients = net.many_addresses("client1", 20, "10.80.100.1" if vip == VIP else "fd80::100:1")
    with Servers(net.named("srv"), PORT) as servers, ExitStack() as stack:
        sessions = [
            stack.enter_context(servers.session(net["client1"], (vip, PORT), (client, 40000 + number)))
            for number, client in enumerate(clients)
        ]
        assert {session.node.name for session in sessions} == {"srv1", "srv2"}
        for session in sessions:
            session.speak(b"before")
        net.release("lb1", vip)
        net.hold("lb2", vip)
        for node in (net["client1"], *net.named("srv")):
            node.run("ip", "neigh", "flush", "all")
        for session in sessions:
            session.speak(b"after")
        assert len(two.states()) == len(sessions)


@pytest.mark.parametrize("version", [4, 6])
def test_finding_03_a_live_session_keeps_its_time_out_through_deployments(tmp_path: Path, version: int) -> None:
    """New sessions get the new time-out; rules, maps and other relays may change around the old one."""
    with network(tmp_path, everywhere("HTTPS", "session timeout 2345s"), version=version) as place, place.session() as old:
        for seconds in (1500, 700):
            place.relays.deploy(text(everywhere("HTTPS", f"session timeout {seconds}s"), everywhere("IMAP", port=143)))
            old.speak()
        with place.session() as new:
            new.speak()
            low, high = sorted(lived(place.lb))
        assert 600 < low <= 700
        assert 2300 < high <= 2345


@pytest.mark.parametrize("settled", [False, True], ids=["not settled", "settled"])
@pytest.mark.parametrize("version", [4, 6])
def test_finding_04_an_ended_session_does_not_come_back(tmp_path: Path, version: int, *, settled: bool) -> None:
    """Its host still takes clients, and the client speaks on: it meets a reset instead of the same host."""
    with network(tmp_path, version=version, servers=1) as place, place.session() as session:
        session.speak()
        if settled:
            place.relays.settle(place.vip)
        assert place.relays.end(place.host(session.node)) == 1
        assert is_reset(session.client)
        assert is_reset(session.server)
        assert place.relays.states() == []
        with place.session() as again:
            again.speak()


@pytest.mark.parametrize("version", [4, 6])
def test_finding_05_after_a_takeover_a_hosts_packet_waits_for_the_client(tmp_path: Path, version: int) -> None:
    """A reset would end what can live: the packet is dropped, and sent again it finds the session the client rebuilt."""
    with network(tmp_path, HASHED, version=version) as place, place.session() as session:
        session.speak()
        place.relays.forget()
        session.server.sendall(b"news")
        assert is_silent(session.client)
        carried(session.client, session.server, b"hello")
        until(lambda: session.client.recv(4, socket.MSG_PEEK) == b"news", within=PATIENCE, what="it was sent again")
        session.client.recv(4)
        session.speak()


@pytest.mark.parametrize("version", [4, 6])
def test_finding_05_settled_addresses_meet_strays_with_a_reset(tmp_path: Path, version: int) -> None:
    """No dead session stays on a server, and none is rebuilt from the middle."""
    with network(tmp_path, version=version) as place, place.session() as one, place.session() as other:
        for session in (one, other):
            session.speak()
        place.relays.settle(place.vip)
        place.relays.forget()
        one.server.sendall(b"news")
        assert is_reset(one.server)
        other.client.sendall(b"hello")
        assert is_reset(other.client)
        assert place.relays.states() == []


@pytest.mark.parametrize("version", [4, 6])
def test_finding_06_probes_are_not_tracked(tmp_path: Path, version: int) -> None:
    """They leave from the node's own address and a port of theirs, and work where no state can be made."""
    with network(tmp_path, version=version) as place:
        node, server = place.lb, place.net["srv1"]
        for port in (61000, 61999):
            with connected(node, (server.address(version), PORT), (node.address(version), port)) as probe:
                far, _ = place.servers.accept()
                with far:
                    carried(probe, far, b"probe")
                    carried(far, probe, b"answer")
                assert node.run("conntrack", "-L", "-f", f"ipv{version}").stdout == ""


@pytest.mark.parametrize("version", [4, 6])
def test_finding_06_clients_may_have_the_probes_ports(tmp_path: Path, version: int) -> None:
    """Only packets between the node's own address and hosts are left untracked, not those of clients."""
    with network(tmp_path, version=version) as place:
        for port in (61000, 61500, 61999):
            with place.session((place.client.address(version), port)) as session:
                session.speak()


@pytest.mark.parametrize("version", [4, 6])
def test_finding_06_the_admin_port_is_not_tracked(tmp_path: Path, version: int) -> None:
    """Administrators reach it without a state, and a relay may have the same number as the source of its connections."""
    relay = everywhere().replace(VIP, "10.80.0.2").replace(VIP6, "fd80::2")
    with network(tmp_path, relay, version=version, also=f"system {{ http-server {{ port {ADMIN} }} }}\n") as place:
        own = place.lb.address(version)
        with Servers([place.lb], ADMIN) as pages, pages.session(place.client, (own, ADMIN)) as session:
            session.speak()
            assert f"dport={ADMIN}" not in place.lb.run("conntrack", "-L", "-f", f"ipv{version}").stdout
        with place.servers.session(place.client, (own, PORT), (place.client.address(version), ADMIN)) as session:
            session.speak()
            assert session.server.getpeername()[1] == ADMIN


def test_finding_06_vrrp_is_not_tracked(tmp_path: Path) -> None:
    """To all and to one, of both versions; another protocol is."""
    with network(tmp_path) as place:
        node, peer = place.lb, place.client
        for sender, towards in (
            (node, "224.0.0.18"),
            (peer, "224.0.0.18"),
            (node, peer.address(4)),
            (peer, node.address(4)),
            (node, peer.address(6)),
            (peer, node.address(6)),
        ):
            _advertise(sender, towards, 112)
        assert "112" not in _protocols(node)
        _advertise(peer, node.address(4), 253)
        assert "253" in _protocols(node)


def _advertise(node: Node, towards: str, protocol: int) -> None:
    family = socket.AF_INET6 if ":" in towards else socket.AF_INET
    with node.entered(), socket.socket(family, socket.SOCK_RAW, protocol) as door:
        if towards.startswith("224."):
            door.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(node.address(4)))
        door.bind((node.address(6 if family is socket.AF_INET6 else 4), 0))
        door.sendto(b"advertisement", (towards, 0))


def _protocols(node: Node) -> set[str]:
    """Return the numbers of the protocols of which the node tracks anything."""
    lines = (node.run("conntrack", "-L", "-f", family).stdout for family in ("ipv4", "ipv6"))
    return {line.split()[1] for listing in lines for line in listing.splitlines()}


@pytest.mark.parametrize("version", [4, 6])
def test_finding_07_servers_need_no_route_to_the_clients(tmp_path: Path, version: int) -> None:
    """Behind two arms they see a virtual address of their own network."""
    with network(tmp_path, version=version, arms=2) as place, place.session() as session:
        session.speak()
        peer = session.server.getpeername()[0].removeprefix("::ffff:")
        assert peer == BACK_GW[0 if version == 4 else 1]


@pytest.mark.parametrize("version", [4, 6])
def test_finding_08_a_half_closed_session_is_remembered(tmp_path: Path, version: int) -> None:
    """Whichever side ends first, the other may be quiet for the session's whole time-out, and then be heard."""
    with network(tmp_path, version=version) as place:
        for first in ("client", "server"):
            with place.session() as session:
                session.speak()
                ends = (session.client, session.server)
                done, quiet = ends if first == "client" else ends[::-1]
                done.shutdown(socket.SHUT_WR)
                assert quiet.recv(1) == b""
                (left,) = until(partial(lived, place.lb, "CLOSE_WAIT"), what="the session is half closed")
                assert left > 2300
                carried(quiet, done, b"the rest")


@pytest.mark.parametrize("version", [4, 6])
def test_finding_11_an_own_source_leaves_the_probes_ports_alone(tmp_path: Path, version: int) -> None:
    """A relay that listens on the node's own address speaks to hosts from it, but never from a port of the probes."""
    relay = everywhere().replace(VIP, "10.80.0.2").replace(VIP6, "fd80::2")
    with network(tmp_path, relay, version=version) as place:
        for port in (61000, 61999, 40000):
            own = place.lb.address(version)
            with place.servers.session(place.client, (own, PORT), (place.client.address(version), port)) as session:
                session.speak()
                seen = session.server.getpeername()[1]
                assert 1024 <= seen <= 60999
                assert (seen == port) == (port == 40000)


@pytest.mark.parametrize("bound", ["", "address"])
@pytest.mark.parametrize("vip", [VIP, VIP6])
def test_finding_12_sessions_of_local_programs_go_on(
    lab: Callable[[Layout], NetLab], tmp_path: Path, vip: str, bound: str
) -> None:
    """A program that serves the same port keeps what it has when the rules first come; new clients are relayed."""
    net = lab(Layout(arms=1))
    net.hold("lb1", VIP, VIP6)
    family = socket.AF_INET6 if ":" in vip else socket.AF_INET
    with net["lb1"].entered():
        local = socket.create_server((vip if bound else "", PORT), family=family)
    with local, connected(net["client1"], (vip, PORT)) as client:
        server, _ = local.accept()
        with server:
            carried(client, server, b"before")
            KernelRelays(net["lb1"], tmp_path).deploy(text())
            carried(client, server, b"after")
            carried(server, client, b"answer")
            with Servers(net.named("srv"), PORT) as servers, servers.session(net["client1"], (vip, PORT)) as session:
                session.speak()


FOREIGN = """
table inet t_other {
 chain c_pre { type nat hook prerouting priority dstnat; policy accept;
  tcp dport 443 redirect to :9
 }
 chain c_post { type nat hook postrouting priority srcnat; policy accept;
  masquerade
 }
}
"""


@pytest.mark.parametrize("version", [4, 6])
def test_finding_13_rules_of_others_at_the_usual_priorities_come_later(tmp_path: Path, version: int) -> None:
    """A foreign translation of the same port, loaded after ours, neither takes the clients nor their source."""
    with network(tmp_path, version=version) as place:
        place.lb.nft(FOREIGN)
        with place.session() as session:
            session.speak()
            assert session.server.getpeername()[0].removeprefix("::ffff:") == place.vip


def test_finding_14_probes_leave_from_the_nodes_own_address(tmp_path: Path) -> None:
    """Not from the virtual one, which IPv6 would choose, and which another node may hold in the next moment."""
    with network(tmp_path) as place:
        sources = {str(probe.source) for probe in place.relays.plan.probes}
        assert sources == {place.lb.ip, place.lb.ip6}
        assert len(place.relays.plan.probes) == 4


@pytest.mark.parametrize("vip", [VIP, VIP6])
def test_finding_15_a_node_without_the_address_asks_the_one_that_has_it(
    lab: Callable[[Layout], NetLab], tmp_path: Path, vip: str
) -> None:
    """A connection from the node in reserve goes out as it is, and is relayed by the other."""
    net, one, two = pair(lab, tmp_path)
    with Servers(net.named("srv"), PORT) as servers, servers.session(net["lb2"], (vip, PORT)) as session:
        session.speak()
        assert two.states() == []
        assert len(one.states()) == 1


@pytest.mark.parametrize("version", [4, 6])
def test_finding_15_the_node_that_has_the_address_is_relayed_too(tmp_path: Path, version: int) -> None:
    """Its own connections to the listening address meet a host like everybody's."""
    with network(tmp_path, version=version) as place, place.servers.session(place.lb, (place.vip, PORT)) as session:
        session.speak()
        assert len(place.relays.states()) == 1
