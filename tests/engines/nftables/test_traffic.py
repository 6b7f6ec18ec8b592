"""What else clients and servers meet: ranges of sources, no host at all, narrow links, other people's packets."""

import socket
from pathlib import Path

import pytest

from bed.sessions import carried, connected, is_reset, opened
from engines.nftables.networks import PORT, Network, everywhere, network, text

pytestmark = pytest.mark.kernel

SILENT = """
table inet t_silent {
 chain c_out { type filter hook output priority 0; policy accept;
  icmp type destination-unreachable drop
  icmpv6 type packet-too-big drop
 }
}
"""
"""A router that tells nobody that a packet was too big."""
NOBODY = ("10.80.2.1", "10.80.2.2", "fd80::2:1", "fd80::2:2")


def peers(place: Network, clients: list[str], port: int = 0) -> dict[str, tuple[str, int]]:
    """Return, for each client's address, the address and port that its server sees."""
    seen = {}
    for client in clients:
        with place.session((client, port)) as session:
            session.speak()
            address, number, *_ = session.server.getpeername()
            seen[client] = (address.removeprefix("::ffff:"), number)
    return seen


@pytest.mark.parametrize("last", [11, 12])
def test_clients_are_spread_over_a_range_of_sources(tmp_path: Path, last: int) -> None:
    """Each client keeps its source, and all are used; a range that is a whole network serves like any other."""
    relay = everywhere("HTTPS", f"source 10.80.0.10-10.80.0.{last}")
    with network(tmp_path, relay) as place:
        place.net.hold("lb1", "10.80.0.11", "10.80.0.12")
        clients = place.net.many_addresses("client1", 24, "10.80.100.1")
        first, second = peers(place, clients), peers(place, clients)
        assert {client: address for client, (address, _) in first.items()} == {c: a for c, (a, _) in second.items()}
        assert {address for address, _ in first.values()} == {f"10.80.0.{n}" for n in range(10, last + 1)}


def test_sessions_from_any_source_of_a_range_are_ended(tmp_path: Path) -> None:
    """The server's stray packet meets a reset whichever address it goes to, settled or not."""
    relay = everywhere("HTTPS", "source 10.80.0.10-10.80.0.11")
    with network(tmp_path, relay, servers=1) as place:
        place.net.hold("lb1", "10.80.0.11")
        clients = place.net.many_addresses("client1", 8, "10.80.100.1")
        used = set()
        for client in clients:
            with place.session((client, 0)) as session:
                used.add(session.server.getpeername()[0])
                place.relays.forget()
                session.server.sendall(b"news")
                assert not is_reset(session.server, within=0.1)
                carried(session.client, session.server, b"hello")
                assert place.relays.end("10.80.2.1") == 1
                assert is_reset(session.server)
        assert len(used) == 2


def test_a_range_with_the_nodes_own_address_leaves_the_probes_ports_alone(tmp_path: Path) -> None:
    """A client whose port is one of theirs is served all the same, from a port that is none."""
    relay = everywhere("HTTPS", "source 10.80.0.2-10.80.0.3")
    with network(tmp_path, relay) as place:
        place.net.hold("lb1", "10.80.0.3")
        clients = place.net.many_addresses("client1", 8, "10.80.100.1")
        assert all(number <= 60999 for _, number in peers(place, clients, 61500).values())
        assert peers(place, clients[:1], 40000)[clients[0]][1] == 40000


@pytest.mark.parametrize("version", [4, 6])
def test_without_a_host_clients_are_refused_and_meet_no_local_program(tmp_path: Path, version: int) -> None:
    """At once, from the balancer itself too, and no state is left: the same port reaches the host that comes back."""
    with network(tmp_path, version=version) as place:
        with place.lb.entered():
            local = socket.create_server(("::", PORT), family=socket.AF_INET6, dualstack_ipv6=True)
        with local:
            assert place.relays.flip(down=NOBODY)
            own = (place.client.address(version), 45000)
            for node, source in ((place.client, own), (place.lb, ("", 0))):
                with pytest.raises(ConnectionRefusedError):
                    connected(node, (place.vip, PORT), source)
            assert place.relays.states() == []
            assert place.relays.flip()
            with place.session(own) as session:
                session.speak()


def test_without_a_host_packets_may_be_dropped(tmp_path: Path) -> None:
    """`on empty drop`: the client hears nothing, and is served when a host is back, by the same attempt."""
    with network(tmp_path, everywhere("HTTPS", "on empty drop")) as place:
        assert place.relays.flip(down=NOBODY)
        with opened(place.client, place.vip) as waiting:
            waiting.settimeout(0.3)
            with pytest.raises(TimeoutError):
                waiting.connect((place.vip, PORT))
            assert place.relays.flip()
            server, _ = place.servers.accept()
            server.close()


@pytest.mark.parametrize("arms", [1, 2])
@pytest.mark.parametrize("version", [4, 6])
def test_a_server_is_a_client_too(tmp_path: Path, version: int, arms: int) -> None:
    """It connects to the listening address and lands on itself or on another."""
    with network(tmp_path, version=version, arms=arms) as place:
        server = place.net["srv1"]
        gateway = place.lb.address(version, arms - 1)
        server.run("ip", "route", "replace", f"{place.vip}", *(("via", gateway) if arms > 1 else ("dev", "eth0")))
        met = set()
        for _ in range(2):
            with place.servers.session(server, (place.vip, PORT)) as session:
                session.speak()
                met.add(session.node.name)
        assert met == {"srv1", "srv2"}


@pytest.mark.parametrize("version", [4, 6])
def test_a_link_that_is_narrower_and_silent(tmp_path: Path, version: int) -> None:
    """Big packets get through where the way to a server is narrow and nobody says so: segments are made to fit."""
    with network(tmp_path, version=version, arms=2, servers=1) as place:
        place.lb.run("ip", "link", "set", "eth1", "mtu", "1400")
        place.lb.nft(SILENT)
        with place.session() as session:
            carried(session.client, session.server, b"x" * 200_000)
            carried(session.server, session.client, b"y" * 200_000)


@pytest.mark.parametrize("router", [False, True])
@pytest.mark.parametrize("version", [4, 6])
def test_other_peoples_packets(tmp_path: Path, version: int, *, router: bool) -> None:
    """A machine that was no router does not become one for everybody; one that was goes on as before."""
    with network(tmp_path, version=version, arms=2, router=router) as place:
        for node, gateway in ((place.client, place.lb.address(version)), (place.net["srv1"], place.lb.address(version, 1))):
            node.run("ip", "route", "replace", "default", "via", gateway)
        direct = (place.net["srv1"].address(version), PORT)
        if router:
            with place.servers.session(place.client, direct) as session:
                session.speak()
        else:
            with opened(place.client, direct[0]) as nobody:
                nobody.settimeout(0.5)
                with pytest.raises(TimeoutError):
                    nobody.connect(direct)
        with place.session() as session:
            session.speak()


def test_ports_that_no_relay_listens_on_are_not_judged(tmp_path: Path) -> None:
    """A program of the balancer's own serves on the virtual address beside the relays."""
    with network(tmp_path) as place:
        with place.lb.entered():
            local = socket.create_server(("", 8080))
        with local, connected(place.client, (place.vip, 8080)) as client:
            server, _ = local.accept()
            with server:
                carried(client, server, b"not relayed")
        assert place.relays.states() == []


def test_a_relay_that_is_taken_out_leaves_its_sessions(tmp_path: Path) -> None:
    """Nobody new is taken, and who is connected goes on."""
    relays = (everywhere(), everywhere("IMAP", port=143))
    with network(tmp_path, *relays, ports=(PORT, 143)) as place, place.session(port=143) as session:
        session.speak()
        place.relays.deploy(text(everywhere()))
        session.speak()
        with pytest.raises(ConnectionRefusedError):
            connected(place.client, (place.vip, 143))
        session.speak()
