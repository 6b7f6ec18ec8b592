"""What an administrator orders of hosts and sessions: who goes on, who is told of the end, and what a restart knows."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bed.node import Node
from bed.sessions import is_reset
from whole.paths.place import Place

pytestmark = pytest.mark.kernel

_SOON = 1.0
"""Seconds in which both ends of an ended session know of it."""
_DEAF = "table inet t_deaf { chain c { type filter hook input priority 0; tcp flags & rst == rst drop; }\n}"
"""A client that hears no reset."""


@pytest.fixture(scope="package", params=[False, True], ids=["not settled", "settled"])
def settled(request: pytest.FixtureRequest, both: Place) -> bool:
    """Say of our addresses that they were held for long, or for a short time; a balancer that starts goes on with it."""
    lb = both.net["lb1"]
    for version in (4, 6):
        vip, kept = both.over(version).vip, f"inet bascule s_settled{version}"
        own = [lb.address(version, nic) for nic in range(len(lb.interfaces))]
        lb.run("nft", "flush", "set", *kept.split(), check=False)
        if request.param:
            elements = ", ".join(f"{address} timeout 600s" for address in (vip, *own))
            lb.run("nft", "add", "element", *kept.split(), f"{{ {elements} }}", check=False)
    both.balancer.stop()
    both.balancer.start()
    assert ("fd80::10" in lb.run("nft", "list", "set", "inet", "bascule", "s_settled6", check=False).stdout) == (
        request.param and not both.proxied
    )
    return bool(request.param)


@contextmanager
def _drained(place: Place, node: Node) -> Iterator[None]:
    place.balancer.command("host", "drain", place.host(node))
    try:
        yield
    finally:
        place.balancer.command("host", "enable", place.host(node))
        place.balancer.wait_all_up()  # a parent that has just started has to check it first


def _met(place: Place, client: str) -> Node:
    with place.session(client) as session:
        session.speak()
        return session.node


def test_a_drained_host_keeps_its_sessions_and_gets_no_more(place: Place) -> None:
    """New clients go elsewhere at once, old sessions go on to their own end, and a new parent still drains."""
    client = next(place.clients_of(place.net["srv1"]))
    with place.session(client) as session:
        with _drained(place, session.node):
            assert _met(place, client) is place.other(session.node)
            session.speak()
            place.balancer.kill()
            session.speak()
            place.balancer.start()
            session.speak()
            assert _met(place, client) is place.other(session.node)
        assert _met(place, client) is session.node
        session.speak()
        session.client.close()
        assert session.server.recv(1) == b""


@pytest.mark.parametrize("order", ["flush", "kill"])
@pytest.mark.usefixtures("settled")
def test_an_ended_session_is_reset_at_both_ends(place: Place, order: str) -> None:
    """Idle ones too, in time; others go on, and the host, which lives, has the client's next session."""
    one, *_ = place.clients_of(place.net["srv1"])
    other = next(place.clients_of(place.net["srv2"]))
    with place.session(one) as idle, place.session(other) as untouched:
        idle.speak()
        _order(place, order, one)
        ended = time.monotonic()
        assert is_reset(idle.client, within=_SOON)
        assert is_reset(idle.server, within=_SOON)
        assert time.monotonic() - ended < _SOON
        untouched.speak()
        assert _met(place, one) is idle.node


@pytest.mark.parametrize("order", ["flush", "kill"])
@pytest.mark.usefixtures("settled")
def test_an_ended_session_does_not_come_back(place: Place, order: str) -> None:
    """A client that has not heard of the end and sends on reaches no server, though its host takes clients."""
    client = next(place.clients_of(place.net["srv1"]))
    with place.session(client) as session:
        session.speak()
        place.client.nft(_DEAF)
        try:
            _order(place, order, client)
            assert is_reset(session.server, within=_SOON)
            session.client.sendall(b"still there?")
            session.client.settimeout(0.5)
            with pytest.raises(TimeoutError):
                session.client.recv(1)
            assert _listed(place, client) == ""
        finally:
            place.client.nft("delete table inet t_deaf")


def _order(place: Place, order: str, client: str) -> None:
    if order == "kill":
        place.balancer.command("kill", "--client", client)
    else:
        place.balancer.command("host", "flush", place.host(place.net["srv1"]))


def _listed(place: Place, client: str) -> str:
    return place.balancer.command("show", "sessions", "--client", client, "--json", check=False).stdout
