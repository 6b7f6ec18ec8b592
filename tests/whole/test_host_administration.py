"""What an administrator orders of a host: who keeps a session, who is told that it is over, and what a restart knows."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from bed import configuration
from bed.clients import exchange
from bed.layout import VIP, Layout
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_TIMEOUT: Final = 12
"""Session timeout, seconds: an address is settled when it was held for so long."""
_TIMING: Final = "interval 1s; timeout 1s; fall 2; rise 1"


@pytest.fixture(params=["kernel", "proxy"])
def place(request: pytest.FixtureRequest, open_directory: Path) -> Iterator[Site]:
    """Run one relay over two echo servers."""
    text = configuration.with_statements(configuration.plain(("RPCCAS", PORT), timing=_TIMING), f"engine {request.param}")
    with site(text, Layout(arms=1), open_directory) as place:
        yield place


def test_a_drained_host_keeps_its_sessions_and_gets_no_more(place: Site) -> None:
    """New clients go elsewhere at once and the old session goes on; enabled again, its own clients come back."""
    client = place.clients_of("EX1")[0]
    with place.session(client) as (session, name):
        assert name == "EX1"
        place.balancer.command("host", "drain", "EX1", "--reason", "update")
        assert _met(place, client) == "EX2"
        exchange(session, b"goes on\n")
        assert place.balancer.relays()["RPCCAS"]["EX1"] == "drained"
        assert "drained by root since " in place.balancer.command("show", "summary").stdout
        place.balancer.command("host", "enable", "EX1")
        assert _met(place, client) == "EX1"
        exchange(session, b"still goes on\n")


def test_a_drain_ends_what_is_left_when_its_time_is_over(place: Site) -> None:
    """Sessions have as long as was said; then both ends are told, and the host stays drained."""
    client = place.clients_of("EX1")[0]
    with place.session(client) as (session, _):
        exchange(session, f"client {client}\n".encode())
        began = time.monotonic()
        place.balancer.command("host", "drain", "EX1", "--for", "3s")
        exchange(session, b"within the time\n")
        _wait_reset(session)
        assert 2.5 < time.monotonic() - began < 6
    until(lambda: _reset(place, client), what="the server sees a reset")
    assert place.balancer.relays()["RPCCAS"]["EX1"] == "drained"


@pytest.mark.parametrize("action", ["disable", "flush"])
def test_both_ends_of_an_idle_session_are_told(place: Site, action: str) -> None:
    """Within a second, though the host lives and its address is not settled; the session is not there any more."""
    client, other = place.clients_of("EX1")[0], place.clients_of("EX2")[0]
    with place.session(client) as (idle, _), place.session(other) as (untouched, _):
        exchange(idle, f"client {client}\n".encode())
        _end(place, action, idle, client)
        assert _met(place, client) == ("EX1" if action == "flush" else "EX2")
        exchange(untouched, b"still here\n")


@pytest.mark.parametrize("settled", [False, True], ids=["not settled", "settled"])
def test_a_session_that_was_ended_does_not_come_back(open_directory: Path, *, settled: bool) -> None:
    """Its host lives and stands in the slots: idle, both ends are told at once; and who goes on to send meets a reset."""
    text = configuration.plain(("RPCCAS", PORT), timing=_TIMING)
    timeout = f"session timeout {_TIMEOUT if settled else 2400}s"
    with site(configuration.with_statements(text, "engine kernel", timeout), Layout(arms=1), open_directory) as place:
        if settled:
            _wait_settled(place)
        sleeper, talker = place.clients_of("EX1")[:2]
        with place.session(sleeper) as (idle, _), place.session(talker) as (busy, _):
            for client, session in ((sleeper, idle), (talker, busy)):
                exchange(session, f"client {client}\n".encode())
            busy.settimeout(0)
            _end(place, "flush", idle, sleeper)
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                _send_on(busy)
            until(lambda: _reset(place, talker), what="the server sees a reset")
        for client in (sleeper, talker):
            listed = place.lb.run("conntrack", "-L", "-p", "tcp", "--orig-src", client).stdout
            assert "ESTABLISHED" not in listed


def test_orders_outlive_the_parent(place: Site) -> None:
    """Killed or stopped, the next parent drains what was drained, and knows who said so."""
    client = place.clients_of("EX1")[0]
    with ExitStack() as stack:
        session, _ = stack.enter_context(place.session(client))
        place.balancer.command("host", "drain", "EX1")
        for end in (place.balancer.kill, place.balancer.stop):
            end()
            place.balancer.start()
            assert "EX1: drained by root since " in place.balancer.command("status", check=False).stdout
            assert _met(place, client) == "EX2"
            exchange(session, b"goes on\n")
        place.balancer.command("host", "enable", "10.80.2.1")
        place.balancer.wait_all_up()
        assert _met(place, client) == "EX1"


def test_a_check_that_is_wrong_can_be_overridden(place: Site) -> None:
    """Forced down it gets nobody, forced up it does though its check fails, and after its time the check counts again."""
    client = place.clients_of("EX1")[0]
    place.balancer.command("host", "force", "EX1", "down")
    assert _met(place, client) == "EX2"
    place.balancer.command("host", "force", "EX1", "up", "--for", "2s")
    assert _met(place, client) == "EX1"
    place.net.cut("srv1")
    place.balancer.wait_hosts(EX1="down")


def test_a_name_that_no_host_has_is_refused(place: Site) -> None:
    """Nothing changes, and the nearest name is said."""
    refused = place.balancer.command("host", "drain", "EX11", check=False)
    assert refused.returncode == 1
    assert "did you mean EX1?" in refused.stderr


def _end(place: Site, action: str, idle: socket.socket, client: str) -> None:
    place.balancer.command("host", action, "EX1")
    ordered = time.monotonic()
    _wait_reset(idle)
    until(lambda: _reset(place, client), what="the server sees a reset")
    assert time.monotonic() - ordered < 1


def _wait_reset(connection: socket.socket) -> None:
    readable, _, _ = select.select([connection], [], [], 10)
    assert readable, "nothing was heard"
    with pytest.raises(ConnectionResetError):
        connection.recv(1)


def _send_on(connection: socket.socket) -> None:
    """Send now and then, for longer than a reset may take."""
    for _ in range(40):
        connection.send(b"more\n")
        time.sleep(0.05)  # the pace of a client that knows nothing


def _wait_settled(place: Site) -> None:
    time.sleep(_TIMEOUT + 1)  # the time itself is what settles an address
    place.net.hold("lb1", "10.80.99.1")  # a change of addresses is looked at sooner than the next renewal

    def settled() -> bool:
        return VIP in place.lb.run("nft", "list", "set", "inet", "bascule", "s_settled4").stdout

    until(settled, what=f"{VIP} is settled", every=0.2)


def _reset(place: Site, client: str) -> bool:
    """Tell whether the server has seen the client's session reset."""
    return any((event.what, event.who) == ("reset", client) for event in place.events("EX1"))


def _met(place: Site, client: str) -> str:
    with place.session(client) as (_, name):
        return name
