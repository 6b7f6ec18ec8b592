"""Redirects between clients and servers: bytes arrive whole, and servers see the clients' own addresses."""

import random
import select
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from bed.layout import VIP, VIP6
from bed.node import Node
from bed.sessions import PATIENCE, connected, is_reset, opened
from engines.nftables.networks import PORT, Network, network
from plan.situations import relay

pytestmark = [pytest.mark.kernel, pytest.mark.parametrize("version", [4, 6])]

_SIZE = 8 << 20


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


def test_megabytes_arrive_each_way_at_once(tmp_path: Path, version: int) -> None:
    """Random bytes sent while others come back are equal at both ends."""
    seed = random.SystemRandom().getrandbits(64)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    up, down = random.Random(seed).randbytes(_SIZE), random.Random(seed + 1).randbytes(_SIZE)
    with (
        two_armed(tmp_path, redirect(), version=version) as place,
        place.session() as session,
        ThreadPoolExecutor(3) as both,
    ):
        sending = [both.submit(session.client.sendall, up), both.submit(session.server.sendall, down)]
        arriving = both.submit(_received, session.server, _SIZE)
        assert _received(session.client, _SIZE) == down
        assert arriving.result() == up
        assert all(sent.result() is None for sent in sending)


def _received(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = connection.recv(min(size - len(data), 1 << 18))
        assert chunk, f"{size - len(data)} bytes are missing"
        data += chunk
    return bytes(data)


def test_a_server_speaks_first_and_either_side_may_end_first(tmp_path: Path, version: int) -> None:
    """What the other still has to say arrives after one side's end."""
    with two_armed(tmp_path, redirect(), version=version) as place:
        for first, second in (("client", "server"), ("server", "client")):
            with place.session() as session:
                ends = {"client": session.client, "server": session.server}
                session.server.sendall(b"220 ready\r\n")
                assert _received(session.client, 11) == b"220 ready\r\n"
                ends[first].shutdown(socket.SHUT_WR)
                assert ends[second].recv(1) == b""
                ends[second].sendall(b"last words")
                ends[second].close()
                assert _received(ends[first], 10) == b"last words"
                assert ends[first].recv(1) == b""


def test_a_reset_of_either_side_is_passed_on(tmp_path: Path, version: int) -> None:
    """The other side meets it at once."""
    with two_armed(tmp_path, redirect(), version=version) as place:
        for first, second in (("client", "server"), ("server", "client")):
            with place.session() as session:
                ends = {"client": session.client, "server": session.server}
                session.speak()
                ends[first].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                ends[first].close()
                assert is_reset(ends[second])


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


@contextmanager
def datagrams(node: Node, version: int, to: tuple[str, int]) -> Iterator[socket.socket]:
    """Yield a client's UDP socket."""
    with node.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.connect(to)
        yield client


@contextmanager
def echoes(place: Network, port: int) -> Iterator[dict[socket.socket, Node]]:
    """Yield a UDP socket on each server."""
    sockets = {}
    for node in place.net.named("srv"):
        server = node.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        server.bind(("::", port))
        sockets[server] = node
    try:
        yield sockets
    finally:
        for server in sockets:
            server.close()


def answered(client: socket.socket, servers: dict[socket.socket, Node], said: bytes = b"ping") -> tuple[Node, str]:
    """Carry a datagram and its answer; return who got it, and in whose name."""
    client.send(said)
    ready, _, _ = select.select([*servers], [], [], PATIENCE)
    assert ready, "no server got a datagram"
    data, sender = ready[0].recvfrom(2048)
    assert data == said
    ready[0].sendto(data[::-1], sender)
    assert client.recv(2048) == said[::-1]
    return servers[ready[0]], sender[0].removeprefix("::ffff:")


def test_datagrams_are_carried(tmp_path: Path, version: int) -> None:
    """One client stays with its server while it sends; the server sees the client's address."""
    with (
        two_armed(tmp_path, redirect(ports="udp port 53", forward="port 5353 check icmp"), version=version) as place,
        echoes(place, 5353) as servers,
    ):
        met = set()
        for _ in range(4):
            with datagrams(place.client, version, (place.vip, 53)) as client:
                node, sender = answered(client, servers)
                assert sender == place.client.address(version)
                assert all(answered(client, servers, b"x" * 1200)[0] is node for _ in range(3))
                met.add(node.name)
        assert met == {"srv1", "srv2"}


def test_datagrams_that_nobody_serves_are_refused_and_forgotten(tmp_path: Path, version: int) -> None:
    """The same socket is served when a server is back: no state to nowhere holds it."""
    with (
        two_armed(tmp_path, redirect(ports="udp port 53", forward="check icmp"), version=version) as place,
        echoes(place, 53) as servers,
        datagrams(place.client, version, (place.vip, 53)) as client,
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
        echoes(place, 53) as servers,
        datagrams(place.client, version, (place.vip, 53)) as client,
    ):
        first, _ = answered(client, servers)
        place.end(first)
        second, _ = answered(client, servers)
        assert second is not first
