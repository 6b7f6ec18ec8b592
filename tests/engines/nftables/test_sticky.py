"""Clients whose host is remembered: through a kernel, with sessions on several ports of one service."""

import select
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bascule.engines.nftables.names import sticky_map
from bascule.engines.nftables.remembered import Remembered
from bascule.engines.nftables.rules.sticky import STICKY_SIZE
from bed.layout import VIP, VIP6
from bed.node import Node
from bed.wait import until
from engines.nftables.networks import Network, network
from plan.situations import relay

pytestmark = pytest.mark.kernel

RPC = 59532
BOOK = 59533


def remembering(
    state: Path, *statements: str, kind: str = "redirect", version: int = 4, servers: int = 2, timeout: str = "2h"
) -> AbstractContextManager[Network]:
    """Build a network with one service of two ports, dealt in turn but for what is remembered."""
    service = relay(
        "RPC",
        f"sticky-address timeout {timeout}",
        *statements,
        listen=[f"{address} port {port}" for address in (VIP, VIP6) for port in (RPC, BOOK)],
        forward="check tcp mode roundrobin",
        kind=kind,
    )
    return network(state, service, version=version, arms=2, servers=servers, ports=(RPC, BOOK), gateway=True)


def met(place: Network, source: str = "", port: int = RPC) -> Node:
    """Return the server that a new session of a client meets."""
    with place.session((source, 0), port=port) as session:
        session.speak()
        return session.node


def remembered(place: Network) -> int:
    """Return how many clients the kernel remembers."""
    (known,) = {sticky_map(part) for part in place.relays.plan.relays if part.version == place.version}
    return place.lb.run("nft", "list", "map", "inet", "bascule", known).stdout.count("expires")


@pytest.mark.parametrize("kind", ["redirect", "relay"])
@pytest.mark.parametrize("version", [4, 6])
def test_a_client_stays_on_every_port(tmp_path: Path, kind: str, version: int) -> None:
    """What deals in turn would alternate; the remembered host serves both ports, for relays as for redirects."""
    with remembering(tmp_path, kind=kind, version=version) as place:
        assert len({met(place, port=port).name for port in (RPC, BOOK, BOOK, RPC, RPC, BOOK)}) == 1
        assert remembered(place) == 1


def test_two_ports_at_the_same_moment_do_not_split(tmp_path: Path) -> None:
    """250 clients connect to both ports at once; each meets one host, and both hosts have clients."""
    with remembering(tmp_path) as place:
        clients = place.net.many_addresses("client1", 250, "10.80.100.1")
        with ThreadPoolExecutor(8) as many:
            sessions = [*many.map(lambda client: _both(place, client), clients)]
        hosts: dict[str, set[str]] = {}
        for _ in range(2 * len(clients)):
            connection, node = place.servers.accept()
            with connection:
                hosts.setdefault(connection.getpeername()[0], set()).add(node.name)
        for near in (near for pair in sessions for near in pair):
            near.close()
        assert len(hosts) == 250
        assert [client for client, seen in hosts.items() if len(seen) != 1] == []
        assert len({name for seen in hosts.values() for name in seen}) == 2


def _both(place: Network, client: str) -> Sequence[socket.socket]:
    """Return two connections of a client, begun without waiting for either."""
    pair = []
    for _ in range(2):
        near = place.client.socket()
        near.settimeout(0)
        near.bind((client, 0))
        pair.append(near)
    for near, port in zip(pair, (RPC, BOOK), strict=True):
        near.connect_ex((place.vip, port))
    select.select([], pair, [], 5)
    return pair


def test_a_client_is_remembered_while_it_speaks_and_no_longer(tmp_path: Path) -> None:
    """The time runs from the last packet of any session."""
    with remembering(tmp_path, timeout="1s") as place:
        with place.session(port=RPC) as session:
            ending = time.monotonic() + 2.5
            while time.monotonic() < ending:
                session.speak()
                assert remembered(place) == 1
            assert met(place, port=BOOK) is session.node
            assert met(place, port=RPC) is session.node
        until(lambda: remembered(place) == 0, within=3, what="the client is forgotten")


def test_clients_of_a_host_that_went_down_move_and_stay_moved(tmp_path: Path) -> None:
    """They do not come back when the host does: it would be a second move."""
    with remembering(tmp_path) as place:
        first = met(place)
        place.end(first)
        second = met(place)
        assert second is not first
        assert place.relays.flip()
        assert all(met(place, port=port) is second for port in (RPC, BOOK, RPC, RPC))


def test_clients_of_a_drained_host_leave_at_their_next_connection(tmp_path: Path) -> None:
    """The session that they have goes on, and does not bring the old host back by its packets."""
    with remembering(tmp_path) as place, place.session(port=RPC) as session:
        session.speak()
        assert place.relays.flip(down=[place.host(session.node)])
        session.speak()
        moved = met(place)
        assert moved is not session.node
        for port in (BOOK, RPC, BOOK):
            session.speak()
            assert met(place, port=port) is moved


def test_a_port_that_is_down_on_one_host_takes_its_clients_along(tmp_path: Path) -> None:
    """A client follows to the host that serves both ports; where nobody serves one, nothing is forgotten for it."""
    with remembering(tmp_path) as place:
        first = met(place)
        assert place.relays.flip(down=[f"[{place.host(first)}]:{BOOK}", f"{place.host(first)}:{BOOK}"])
        second = met(place, port=BOOK)
        assert second is not first
        assert met(place, port=RPC) is second
        assert place.relays.flip(down=[f"{place.host(server)}:{BOOK}" for server in place.net.named("srv")])
        with pytest.raises(ConnectionRefusedError):
            met(place, port=BOOK)
        assert met(place, port=RPC) is second


def test_a_deployment_forgets_nobody(tmp_path: Path) -> None:
    """Another time-out, another port and another mode change the rules, and not what is remembered."""
    with remembering(tmp_path, servers=3) as place:
        clients = place.net.many_addresses("client1", 9, "10.80.100.1")
        before = {client: met(place, client).name for client in clients}
        listen = [f"{address} port {port}" for address in (VIP, VIP6) for port in (RPC, BOOK, 135)]
        service = relay(
            "RPC", "sticky-address timeout 30m", listen=listen, forward="check tcp mode random", kind="redirect"
        )
        place.redeploy(service)
        assert {client: met(place, client, port=BOOK).name for client in clients} == before
        assert place.relays.difference() == ""


def test_a_full_map_only_means_that_nobody_more_is_remembered(tmp_path: Path) -> None:
    """A client that finds no room is served all the same."""
    with remembering(tmp_path) as place:
        known = sticky_map(place.relays.plan.relays[0])
        mark = place.relays.plan.relays[0].pool.hosts[0].mark
        strangers = [f"11.{n >> 16}.{n >> 8 & 255}.{n & 255} timeout 1h : {mark}" for n in range(STICKY_SIZE)]
        for start in range(0, STICKY_SIZE, 1024):  # no message may be long in a user namespace
            some = ", ".join(strangers[start : start + 1024])
            place.lb.nft(f"add element inet bascule {known} {{ {some} }}\n")
        assert {met(place).name for _ in range(4)} == {"srv1", "srv2"}


def test_a_client_that_is_forgotten_by_hand_is_dealt_anew(tmp_path: Path) -> None:
    """A session that goes on speaking does not bring its host back into memory."""
    with remembering(tmp_path) as place, place.session(port=RPC) as session:
        session.speak()
        known = Remembered(place.relays.machine.nft)
        (client,) = place.relays.run(known.clients(place.relays.plan))
        assert str(client.address) == place.client.ip
        assert place.relays.run(known.forget(place.relays.plan, "RPC", client.address)) == 1
        session.speak()
        assert remembered(place) == 0
        assert met(place) is not session.node
