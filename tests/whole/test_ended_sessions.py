"""Sessions of a host that goes down end at both sides at once, also where nobody says anything."""

import select
import socket
import time
from pathlib import Path
from typing import Final

import pytest

from bed import configuration
from bed.clients import exchange
from bed.layout import VIP, Layout
from bed.site import PORT, Event, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_TIMEOUT: Final = 12
"""Session timeout, seconds: an address is settled when it was held for so long."""
_REFUSE_NEW: Final = """
table inet t_fault {
 chain c_in { type filter hook input priority 0; policy accept;
  tcp dport 59532 tcp flags & (syn | ack) == syn drop
 }
}
"""
"""A server that answers no new connection, and keeps those it has: its check fails, its sessions live."""


@pytest.mark.parametrize("arms", [1, 2], ids=["one-arm", "two-arm"])
@pytest.mark.parametrize("settled", [False, True], ids=["not settled", "settled"])
def test_an_idle_client_and_an_idle_server_see_a_reset(open_directory: Path, arms: int, *, settled: bool) -> None:
    """Within a second of the host's being marked down both ends of an idle session are told."""
    timing = "interval 1s; timeout 1s; fall 2; rise 1"
    text = configuration.plain(("RPCCAS", PORT), arms=arms, timing=timing)
    text = configuration.with_statements(text, "engine kernel", f"session timeout {_TIMEOUT if settled else 2400}s")
    with site(text, Layout(arms=arms, server_route=False), open_directory) as place:
        if settled:
            _wait_settled(place)
        client, other = place.clients_of("EX1")[0], place.clients_of("EX2")[0]
        with place.session(client) as (idle, _), place.session(other) as (untouched, _):
            exchange(idle, f"client {client}\n".encode())
            place.server("EX1").nft(_REFUSE_NEW)
            reset = _reset_at(idle)
            until(lambda: _resets(place, client), what="the server sees a reset")
            down = until(lambda: _marked_down(place), what="the host is marked down")
            assert reset < down + 1
            assert _resets(place, client)[0].at < down + 1
            exchange(untouched, b"still here\n")


def test_sessions_stay_where_the_operator_says_so(open_directory: Path) -> None:
    """With `on down keep` an established session outlives its host's being marked down."""
    text = configuration.plain(("RPCCAS", PORT), timing="interval 1s; timeout 1s; fall 2; rise 1")
    text = configuration.with_statements(text, "engine kernel", "on down keep")
    with site(text, Layout(arms=1), open_directory) as place:
        client = place.clients_of("EX1")[0]
        with place.session(client) as (idle, _):
            exchange(idle, f"client {client}\n".encode())
            place.server("EX1").nft(_REFUSE_NEW)
            place.balancer.wait_hosts(EX1="down", EX2="up")
            exchange(idle, b"still here\n")
            with place.session(client) as (_, name):
                assert name == "EX2"
        assert _resets(place, client) == []


def _wait_settled(place: Site) -> None:
    time.sleep(_TIMEOUT + 1)  # the time itself is what settles an address
    place.net.hold("lb1", "10.80.99.1")  # a change of addresses is looked at sooner than the next renewal

    def settled() -> bool:
        return VIP in place.lb.run("nft", "list", "set", "inet", "bascule", "s_settled4").stdout

    until(settled, what=f"{VIP} is settled", every=0.2)


def _reset_at(connection: socket.socket) -> float:
    """Wait until a silent session is reset, and return when that was."""
    readable, _, _ = select.select([connection], [], [], 15)
    assert readable, "nothing was heard"
    with pytest.raises(ConnectionResetError):
        connection.recv(1)
    return time.monotonic()


def _resets(place: Site, client: str) -> list[Event]:
    return [event for event in place.events("EX1") if (event.what, event.who) == ("reset", client)]


def _marked_down(place: Site) -> float:
    """Return the moment at which EX1 was marked down, as monotonic seconds; 0 while it is not."""
    return time.monotonic() if place.balancer.relays()["RPCCAS"]["EX1"] == "down" else 0.0
