"""Redirects between clients and servers: bytes arrive whole, and servers see the clients' own addresses."""

import socket
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bed.datagrams import answered, datagrams, receivers
from bed.layout import VIP, VIP6
from bed.sessions import connected, is_reset, opened
from engines.nftables.networks import PORT, Network, network
from plan.situations import relay

pytestmark = [pytest.mark.kernel, pytest.mark.parametrize("version", [4, 6])]


def redirect(*statements: str, ports: str = f"port {PORT}", forward: str = "check tcp mode roundrobin") -> str:
    """Return a redirect that listens on the virtual addresses of both IP versions."""
    listen = [f"{VIP} {ports}", f"{VIP6} {ports}"]
    return relay("SMTP", *statements, listen=listen, forward=forward, kind="redirect")


def two_armed(
    state: Path, *services: str, version: int, ports: tuple[int, ...] = (PORT,)
) -> AbstractContextManager[Network]:
    """Build a network in which the balancer is the servers' default gateway."""
    return network(state, *services, version=version, arms=2, ports=ports, gateway=True)


def peer(connection: socket.socket) -> tuple[str, int]:
    """Return who a server's end is connected to."""
    address, port, *_ = connection.getpeername()
    return address.removeprefix("::ffff:"), port


def test_servers_see_the_client(tmp_path: Path, version: int) -> None:
    """Its address and its port; both servers get their turn."""
    with two_armed(tmp_path, redirect(), version=version) as place:
        met = set()
        for _ in range(4):
            with place.session() as session:
                session.speak()
                near = session.client.getsockname()
                assert peer(session.server) == (place.client.address(version), near[1])
                met.add(session.node.name)
        assert met == {"srv1", "srv2"}


def test_a_refusal_comes_from_the_server_or_from_us(tmp_path: Path, version: int) -> None:
    """A port that nobody serves is refused by the server; where no server is up we refuse, and later serve at once."""
    with two_armed(tmp_path, redirect(ports=f"port {PORT}:{PORT + 1}", forward="check icmp"), version=version) as place:
        with pytest.raises(ConnectionRefusedError):
            connected(place.client, (place.vip, PORT + 1))
        hosts = [place.host(server) for server in place.net.named("srv")]
        assert place.relays.flip(down=hosts)
        with opened(place.client, place.vip) as client:
            with pytest.raises(ConnectionRefusedError):
                client.connect((place.vip, PORT))
            source = client.getsockname()
        assert place.relays.flip()
        with place.session(source=(place.client.address(version), source[1])) as session:
            session.speak()


def test_silence_where_the_text_asks_for_it(tmp_path: Path, version: int) -> None:
    """`on empty drop` gives no answer at all."""
    with two_armed(tmp_path, redirect("on empty drop"), version=version) as place:
        assert place.relays.flip(down=[place.host(server) for server in place.net.named("srv")])
        with opened(place.client, place.vip) as client:
            client.settimeout(0.5)
            with pytest.raises(TimeoutError):
                client.connect((place.vip, PORT))


@pytest.mark.parametrize("settled", [True, False])
def test_ended_sessions_are_reset_at_both_ends(tmp_path: Path, version: int, *, settled: bool) -> None:
    """Also where nobody speaks; other sessions go on, and the client finds the other server."""
    with two_armed(tmp_path, redirect(), version=version) as place, place.session() as one, place.session() as other:
        one.speak()
        other.speak()
        if settled:
            place.relays.settle(place.vip)
        assert place.end(one.node) == 1
        assert is_reset(one.client)
        assert is_reset(one.server)
        other.speak()
        with place.session() as again:
            assert again.node is other.node


def test_every_port_of_a_range_is_kept(tmp_path: Path, version: int) -> None:
    """The server is asked for the port that the client asked for; a port beyond the range is not ours."""
    ports = (6005, 31337, 59530)
    both = (redirect(ports="port 6005:59530", forward="check icmp mode source-hash"),)
    with two_armed(tmp_path, *both, version=version, ports=(*ports, 59531)) as place:
        for port in ports:
            with place.session(port=port) as session:
                session.speak()
                assert session.server.getsockname()[1] == port
        for port in (6004, 59531):
            with pytest.raises(ConnectionRefusedError):
                connected(place.client, (place.vip, port))


def test_a_relay_takes_a_range_too(tmp_path: Path, version: int) -> None:
    """It keeps the port, and servers see the balancer."""
    listen = [f"{VIP} port 6005:59530", f"{VIP6} port 6005:59530"]
    farm = relay("FARM", listen=listen, forward="check icmp mode source-hash")
    with network(tmp_path, farm, version=version, ports=(6005, 59530)) as place:
        for port in (6005, 59530):
            with place.session(port=port) as session:
                session.speak()
                assert session.server.getsockname()[1] == port
                assert peer(session.server)[0] == place.vip
                place.relays.settle(place.vip)
                assert place.relays.end(place.host(session.node)) == 1
                assert is_reset(session.client)
                assert is_reset(session.server)


def test_a_listener_of_one_interface_refuses_the_others(tmp_path: Path, version: int) -> None:
    """Clients that come in elsewhere meet neither a host nor a service of the balancer's own."""
    for interface in ("eth0", "eth1"):
        with two_armed(tmp_path, redirect(ports=f"port {PORT} interface {interface}"), version=version) as place:
            if interface == "eth0":
                with place.session() as session:
                    session.speak()
            else:
                with pytest.raises(ConnectionRefusedError):
                    connected(place.client, (place.vip, PORT))


def test_datagrams_that_nobody_serves_are_refused_and_forgotten(tmp_path: Path, version: int) -> None:
    """The same socket is served when a server is back: no state to nowhere holds it."""
    with (
        two_armed(tmp_path, redirect(ports="udp port 53", forward="check icmp"), version=version) as place,
        receivers(place.net.named("srv"), 53) as servers,
        datagrams(place.client, (place.vip, 53)) as client,
    ):
        assert place.relays.flip(down=[place.host(server) for server in place.net.named("srv")])
        client.send(b"anyone?")
        with pytest.raises(ConnectionRefusedError):
            client.recv(1)
        assert place.relays.flip()
        answered(client, servers)


def test_datagrams_of_a_host_that_went_down_move(tmp_path: Path, version: int) -> None:
    """Their state ends with it, so that the same socket is served by another."""
    with (
        two_armed(tmp_path, redirect(ports="udp port 53", forward="check icmp"), version=version) as place,
        receivers(place.net.named("srv"), 53) as servers,
        datagrams(place.client, (place.vip, 53)) as client,
    ):
        first, _ = answered(client, servers)
        place.end(first)
        second, _ = answered(client, servers)
        assert second is not first
