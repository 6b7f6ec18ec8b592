"""Hosts that refuse, and hosts that say nothing, before any check has noticed: what their clients see."""

from collections.abc import Sequence
from contextlib import ExitStack

import pytest

from bed.node import Node
from bed.sessions import PATIENCE, Connected, connected, is_reset, opened
from whole.paths.place import PORT, Place

pytestmark = pytest.mark.kernel


def _all(place: Place) -> Sequence[Node]:
    return place.net.named("srv")


def test_a_host_that_refuses(place: Place) -> None:
    """The client is refused as by the host itself; the proxy asks the other host, and nobody notices."""
    refusing = _all(place)[0]
    client = next(place.clients_of(refusing))
    with refusing.refusing(PORT):
        if place.proxied:
            with place.session(client) as session:
                session.speak()
                assert session.node is not refusing
        else:
            with pytest.raises(ConnectionRefusedError):
                connected(place.client, (place.vip, PORT), (client, 0))
    with place.session(client) as session:
        session.speak()
        assert session.node is refusing


def test_nobody_but_hosts_that_refuse(place: Place) -> None:
    """The client is refused; by the proxy, which has taken it already, it is reset."""
    with ExitStack() as faults:
        for node in _all(place):
            faults.enter_context(node.refusing(PORT))
        if place.proxied:
            with pytest.raises(ConnectionResetError), connected(place.client, (place.vip, PORT)) as client:
                client.recv(1)  # unless the reset came before connect returned
        else:
            with pytest.raises(ConnectionRefusedError):
                connected(place.client, (place.vip, PORT))
    with place.session() as session:
        session.speak()


def test_a_silent_host(place: Place) -> None:
    """The client waits, and is served by the same attempt when the host speaks; the proxy asks the other one meanwhile."""
    silent = _all(place)[0]
    client = next(place.clients_of(silent))
    with opened(place.client, place.vip, (client, 0)) as waiting, ExitStack() as fault:
        fault.enter_context(silent.silent(PORT))
        waiting.settimeout(0.5)
        if place.proxied:
            waiting.connect((place.vip, PORT))
        else:
            with pytest.raises(TimeoutError):
                waiting.connect((place.vip, PORT))
            fault.close()
        waiting.settimeout(PATIENCE)
        server, node = place.servers.accept()
        with server:
            Connected(waiting, server, node).speak()
        assert (node is silent) == (not place.proxied)


def test_nobody_but_silent_hosts(place: Place) -> None:
    """The client waits; the proxy has taken it already, and resets it when every host had its connect time-out."""
    with opened(place.client, place.vip) as waiting, ExitStack() as faults:
        for node in _all(place):
            faults.enter_context(node.silent(PORT))
        waiting.settimeout(0.5)
        if place.proxied:
            waiting.connect((place.vip, PORT))
            assert is_reset(waiting, within=PATIENCE)
        else:
            with pytest.raises(TimeoutError):
                waiting.connect((place.vip, PORT))
