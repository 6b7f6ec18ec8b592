"""Datagrams through a redirect, and their answers."""

import pytest

from bed.datagrams import answered, datagrams, receivers
from whole.paths.place import UDP_PORT, Place

pytestmark = [pytest.mark.kernel, pytest.mark.parametrize("both", ["redirect"], indirect=True)]


def test_datagrams_are_carried(place: Place) -> None:
    """Of any size, fragmented ones too; a client stays with its server, which sees the client's own address."""
    met = set()
    with receivers(place.net.named("srv"), UDP_PORT) as servers:
        for _ in range(8):
            with datagrams(place.client, (place.vip, UDP_PORT)) as client:
                for size in (1, 1200, 9000):
                    node, sender = answered(client, servers, bytes(size))
                    assert sender == client.getsockname()[0]
                    met.add(node.name)
    assert len(met) == 1


def test_a_thousand_clients_are_answered(place: Place) -> None:
    """One datagram of each of many sockets comes back to the socket that sent it."""
    with receivers(place.net.named("srv"), UDP_PORT) as servers:
        for number in range(1000):
            with datagrams(place.client, (place.vip, UDP_PORT)) as client:
                answered(client, servers, b"%d" % number)
