"""A server goes away with traffic running: what new connections meet, and what becomes of the others."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from bed import configuration
from bed.clients import exchange, greeted
from bed.layout import VIP, Layout
from bed.node import Node
from bed.servers import echo
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_INTERVAL, _TIMEOUT, _FALL = 1.0, 1.0, 2
_DETECTED: Final = _FALL * _INTERVAL + _TIMEOUT
"""Seconds until a dead server takes no new connections."""
_SLACK: Final = 1.0
"""Seconds for two busy processors to run what is due."""


@pytest.fixture(params=["kernel", "proxy"], scope="module")
def shared(request: pytest.FixtureRequest, module_directory: Path) -> Iterator[Site]:
    """Run one relay over two echo servers."""
    timing = f"interval {_INTERVAL:g}s; timeout {_TIMEOUT:g}s; fall {_FALL}; rise 1"
    text = configuration.plain(("RPCCAS", PORT), timing=timing)
    text = configuration.with_statements(text, f"engine {request.param}")
    with site(text, Layout(arms=1), module_directory / request.param) as built:
        yield built


@pytest.fixture
def place(shared: Site) -> Iterator[Site]:
    """Return it, and have every host be up when the next test begins."""
    yield shared
    for number, host in enumerate(shared.logs, 1):
        shared.net.plug(f"srv{number}")
        if not shared.server(host).listens(PORT):
            echo.launch(shared.server(host), host, (PORT,), shared.logs[host])
    shared.balancer.wait_all_up()


@dataclass
class Traffic:
    """New connections, one after the other, from clients of one host."""

    node: Node
    clients: list[str]
    met: list[tuple[float, str]] = field(default_factory=list)
    """When each connection was opened, and which server it met; "" where it failed."""

    def run(self, over: threading.Event) -> None:
        """Connect until it is over."""
        while not over.is_set():
            for client in self.clients:
                self.met.append((time.monotonic(), self._meet(client)))

    def latest(self) -> float:
        """Return when the last connection was opened; 0 where there was none yet."""
        return self.met[-1][0] if self.met else 0.0

    def _meet(self, client: str) -> str:
        try:
            with greeted(self.node, client, VIP, PORT) as (_, name):
                return name
        except OSError:
            return ""


@contextmanager
def _traffic(place: Site, host: str) -> Iterator[Traffic]:
    """Let clients of a host connect meanwhile."""
    traffic, over = Traffic(place.net["client1"], place.clients_of(host)[:8]), threading.Event()
    thread = threading.Thread(target=traffic.run, args=(over,))
    thread.start()
    try:
        yield traffic
    finally:
        over.set()
        thread.join()


def test_a_killed_server_is_gone_from_new_connections_in_time(place: Site, request: pytest.FixtureRequest) -> None:
    """Within fall times interval and a timeout nobody meets it; through the proxy nobody fails even before."""
    with _traffic(place, "EX1") as traffic:
        place.server("EX1").close()
        killed = time.monotonic()
        late = killed + _DETECTED + _SLACK
        until(lambda: traffic.latest() > late + 0.5, what="clients have connected after the change")
    after = [name for at, name in traffic.met if at > late]
    between = [name for at, name in traffic.met if killed < at]
    assert set(after) == {"EX2"}
    if "proxy" in request.node.name:
        assert "" not in between


def test_a_silent_server_is_gone_from_new_connections_in_time(place: Site) -> None:
    """Likewise where it says nothing at all: who connected meanwhile is not held by it either."""
    client = place.clients_of("EX1")[0]
    place.net.cut("srv1")
    cut = time.monotonic()
    with place.session(client) as (connection, name):
        assert name == "EX2"
        assert time.monotonic() - cut < _DETECTED + 2 + 2 * _SLACK  # a SYN is repeated after 1 and after 3 seconds
        exchange(connection, b"served\n")
    place.balancer.wait_hosts(EX1="down", EX2="up")
    with place.session(client) as (_, name):
        assert name == "EX2"


def test_only_its_own_clients_move_and_they_come_back(place: Site) -> None:
    """Clients of the living host stay; those of the dead one return when it does."""
    before = {client: host for host in ("EX1", "EX2") for client in place.clients_of(host)}
    assert set(before.values()) == {"EX1", "EX2"}
    place.net.cut("srv1")
    place.balancer.wait_hosts(EX1="down")
    assert {_met(place, client) for client in before} == {"EX2"}
    place.net.plug("srv1")
    place.balancer.wait_hosts(EX1="up")
    assert {client: _met(place, client) for client in before} == before


def _met(place: Site, client: str) -> str:
    with place.session(client) as (_, name):
        return name


def test_the_last_server_down_and_up_again_resets_no_session(place: Site) -> None:
    """When no other server is up, sessions of the last one stay; new clients are refused until it is back."""
    with ExitStack() as stack:
        sessions = [stack.enter_context(place.session(client))[0] for client in place.clients_of("EX2")]
        for session in sessions:
            exchange(session, b"before\n")
        place.net.cut("srv1")
        place.balancer.wait_hosts(EX1="down", EX2="up")
        place.net.cut("srv2")
        place.balancer.wait_hosts(EX1="down", EX2="down")
        with pytest.raises((ConnectionRefusedError, ConnectionResetError)):
            _knock(place)
        place.net.plug("srv2")
        place.balancer.wait_hosts(EX2="up")
        for session in sessions:
            exchange(session, b"after\n")


def _knock(place: Site) -> None:
    with place.net["client1"].socket() as connection:
        connection.settimeout(3)
        connection.connect((VIP, PORT))
        connection.recv(1)  # the proxy may have to accept before it can reset
