"""Two nodes of one configuration, and nothing passed between them: the address moves, and sessions move with it."""

import random
import select
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import pytest

from bed import configuration
from bed.announce import announce
from bed.balancer import running
from bed.crowd import Call, calling
from bed.layout import Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.servers import names

pytestmark = pytest.mark.kernel

_PORT: Final = 443
_CLIENT_PORTS: Final = range(32768, 61000)
"""What clients on many machines choose from, each at random (ip_local_port_range of Linux)."""
_HELD: Final = "\taddress 10.80.0.10/16 virtual\n"
"""Of `configuration.plain`. Whoever moves the addresses here is the test."""
_PATIENCE: Final = 10.0
"""Seconds in which a session that goes on has done so: some retransmissions."""


@pytest.mark.parametrize(
    ("sessions", "sources", "share"), [(400, 1, 0.97), (2000, 8, 0.99)], ids=["400 from 1 source", "2000 from 8 sources"]
)
def test_sessions_go_on_at_a_node_that_knows_none(open_directory: Path, sessions: int, sources: int, share: float) -> None:
    """With our daemons dead on both nodes, nearly all of those whose client speaks next, in any order."""
    seed = random.SystemRandom().getrandbits(64)
    chance = random.Random(seed)
    held = [f"10.80.0.{10 + n}" for n in range(sources)]
    with NetLab(Layout(arms=1, lbs=2)) as net:
        one, two = net["lb1"], net["lb2"]
        net.hold("lb1", *held)
        clients = net.many_addresses("client1", 100, "10.80.100.1")
        for node in net.named("srv"):
            names.start(node, node.name, _PORT)
        text = _text(held)
        with (
            running(one, text, open_directory) as first,
            running(two, text.replace("10.80.0.2/16", "10.80.0.3/16"), open_directory) as second,
            ExitStack() as opened,
        ):
            ends = _ends(chance, clients, sessions)
            connections = _open(net["client1"], [Call(held[0], _PORT, *end) for end in ends], opened)
            for balancer in (first, second):
                balancer.kill()
            net.release("lb1", *held)
            net.hold("lb2", *held)
            announce(two, *held)
            chance.shuffle(connections)
            went_on = _heard(connections, b"after the move\n")
    print("seed", seed, "went on:", went_on, "of", sessions)  # noqa: T201 - the figure that this test is about
    assert went_on >= share * sessions


def _text(held: Sequence[str]) -> str:
    """Return the configuration of the first node, whose relay speaks to hosts from each of these addresses."""
    text = configuration.with_statements(configuration.plain(("HTTPS", _PORT)), "engine kernel")
    if len(held) > 1:
        text = configuration.with_statements(text, f"source {held[0]}-{held[-1]}")
    return text.replace(_HELD, "".join(f"\taddress {address}/16 virtual unmanaged\n" for address in held))


def _ends(chance: random.Random, clients: Sequence[str], count: int) -> Sequence[tuple[str, int]]:
    """Return a client and a port for each session: two clients may have chosen the same port, one has not twice."""
    each = count // len(clients)
    return [(client, port) for client in clients for port in chance.sample(_CLIENT_PORTS, each)]


def _open(node: Node, calls: Sequence[Call], opened: ExitStack) -> list[socket.socket]:
    """Return a session of each call, greeted and with a word said and heard; they close with `opened`."""
    with node.entered():
        connections = [opened.enter_context(calling(call)) for call in calls]
    assert _heard(connections, b"") == len(connections)
    assert _heard(connections, b"before the move\n") == len(connections)
    return connections


def _heard(connections: Sequence[socket.socket], word: bytes) -> int:
    """Say a word on each connection, and return how many hear it again; with no word, how many are greeted."""
    for connection in connections if word else ():
        with suppress(ConnectionResetError):  # lost before its client speaks: it hears nothing, and counts as that
            connection.send(word)
    waiting = {connection.fileno(): connection for connection in connections}
    with select.epoll() as poll:
        for descriptor in waiting:
            poll.register(descriptor, select.EPOLLIN)
        heard, deadline = 0, time.monotonic() + _PATIENCE
        while waiting and (left := deadline - time.monotonic()) > 0:
            for descriptor, _ in poll.poll(left):
                poll.unregister(descriptor)
                heard += _hears(waiting.pop(descriptor), word)
    return heard


def _hears(connection: socket.socket, word: bytes) -> bool:
    try:
        data = connection.recv(100)
    except OSError:
        return False  # it was reset
    return data == word if word else bool(data)
