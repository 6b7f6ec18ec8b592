"""A worker has one parent at a time, of its own user, and needs none to go on."""

import os
import socket
import stat

import pytest

from bascule.engines.proxy.wire import Busy
from bascule.plan.model import NO_HOST
from bed.proxy import Parent, Rig, client, echo, relay, serving


def _exchange(connection: socket.socket) -> None:
    connection.sendall(b"still here")
    assert connection.recv(100) == b"still here"


def test_a_second_parent_is_told_and_sent_away(rig: Rig) -> None:
    """The first one stays the parent."""
    second = Parent(rig.path)
    assert isinstance(second.next(), Busy)
    assert second.next() is None
    second.close()
    assert rig.sessions() == 0


def test_the_next_parent_takes_over_what_the_last_one_left(rig: Rig) -> None:
    """It gets the plan and the very listening sockets, while sessions and doors go on."""
    with serving(echo) as server:
        place = rig.carry(server)
        with client(place) as connection:
            _exchange(connection)
            rig.parent.close()
            _exchange(connection)
            with client(place) as between:
                _exchange(between)
            rig.parent = Parent(rig.path)
            holding, sockets = rig.parent.greeted()
            assert holding.pid == rig.pid
            assert [one.name for one in holding.relays] == ["R"]
            assert {taken: one.getsockname()[1] for taken, one in sockets.items()} == {place: place.port}
            for one in sockets.values():
                one.close()
            _exchange(connection)


def test_a_parent_that_talks_nonsense_is_dropped(rig: Rig) -> None:
    """The worker goes on, and hears the next one."""
    with serving(echo) as server:
        place = rig.carry(server)
        rig.parent.wire.connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert rig.parent.next() is None
        rig.parent.close()
        with client(place) as connection:
            _exchange(connection)
        rig.parent = Parent(rig.path)
        holding, sockets = rig.parent.greeted()
        assert holding.listens == (place,)
        for one in sockets.values():
            one.close()


def test_the_socket_is_the_owners_alone(rig: Rig) -> None:
    """Nobody else may even connect."""
    assert stat.S_IMODE(rig.path.stat().st_mode) == 0o600


@pytest.mark.daemons
def test_another_user_is_not_heard(rig: Rig) -> None:
    """Peer credentials decide, also where the socket's mode would let somebody through."""
    rig.follow(relay(rig.listen(), [], slots=[NO_HOST]))  # something to live for without a parent
    rig.parent.close()
    rig.path.parent.chmod(0o711)
    rig.path.chmod(0o666)
    os.seteuid(65534)
    try:
        stranger = Parent(rig.path)
    finally:
        os.seteuid(0)
    assert stranger.next() is None
    stranger.close()
    rig.parent = Parent(rig.path)
    _, sockets = rig.parent.greeted()
    for one in sockets.values():
        one.close()


def test_a_relay_without_its_socket_is_told(rig: Rig) -> None:
    """What the worker says that it holds is what it holds, not what it was told."""
    place = rig.listen()
    rig.forget_listeners()
    plan = relay(place, [], slots=[NO_HOST])
    rig.parent.follow(plan)
    holding = rig.parent.observe()
    assert (holding.relays, holding.listens) == ((plan,), ())
