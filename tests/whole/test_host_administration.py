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
from bed.layout import Layout
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_TIMING: Final = "interval 1s; timeout 1s; fall 2; rise 1"


@pytest.fixture(params=["kernel", "proxy"], scope="module")
def shared(request: pytest.FixtureRequest, module_directory: Path) -> Iterator[Site]:
    """Run one relay over two echo servers."""
    text = configuration.with_statements(configuration.plain(("RPCCAS", PORT), timing=_TIMING), f"engine {request.param}")
    with site(text, Layout(arms=1), module_directory / request.param) as built:
        yield built


@pytest.fixture
def place(shared: Site) -> Iterator[Site]:
    """Return it, and have nothing be ordered of a host when the next test begins."""
    yield shared
    shared.net.plug("srv1")
    shared.balancer.asked("host", "enable", "EX1", check=False)
    shared.balancer.wait_all_up()


def test_a_drained_host_is_called_so(place: Site) -> None:
    """By whom and since when; enabled again, it is up."""
    place.balancer.command("host", "drain", "EX1", "--reason", "update")
    assert place.balancer.relays()["RPCCAS"]["EX1"] == "drained"
    assert "drained by root since " in place.balancer.command("show", "summary").stdout
    place.balancer.command("host", "enable", "EX1")
    assert place.balancer.relays()["RPCCAS"]["EX1"] == "up"


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
    until(lambda: _reset(place, client, began), what="the server sees a reset")
    assert place.balancer.relays()["RPCCAS"]["EX1"] == "drained"


def test_both_ends_of_an_idle_session_of_a_disabled_host_are_told(place: Site) -> None:
    """Within a second, though the host lives and its address is not settled; the client's next session is elsewhere."""
    client, other = place.clients_of("EX1")[0], place.clients_of("EX2")[0]
    with place.session(client) as (idle, _), place.session(other) as (untouched, _):
        exchange(idle, f"client {client}\n".encode())
        began = time.monotonic()
        place.balancer.command("host", "disable", "EX1")
        ordered = time.monotonic()
        _wait_reset(idle)
        until(lambda: _reset(place, client, began), what="the server sees a reset")
        assert time.monotonic() - ordered < 1
        assert _met(place, client) == "EX2"
        exchange(untouched, b"still here\n")


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


def _wait_reset(connection: socket.socket) -> None:
    readable, _, _ = select.select([connection], [], [], 10)
    assert readable, "nothing was heard"
    with pytest.raises(ConnectionResetError):
        connection.recv(1)


def _reset(place: Site, client: str, since: float) -> bool:
    """Tell whether the server has seen the client's session reset since then."""
    return any(event.at > since and (event.what, event.who) == ("reset", client) for event in place.events("EX1"))


def _met(place: Site, client: str) -> str:
    with place.session(client) as (_, name):
        return name
