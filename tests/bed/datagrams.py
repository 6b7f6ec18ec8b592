"""Clients and servers of UDP, both in the test's own hands."""

import select
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from bed.node import Node
from bed.sessions import PATIENCE


@contextmanager
def datagrams(node: Node, to: tuple[str, int]) -> Iterator[socket.socket]:
    """Yield a client's socket."""
    with node.socket(socket.AF_INET6 if ":" in to[0] else socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.connect(to)
        yield client


@contextmanager
def receivers(nodes: Sequence[Node], port: int) -> Iterator[Mapping[socket.socket, Node]]:
    """Yield a socket on each server."""
    with ExitStack() as stack:
        sockets = {stack.enter_context(node.socket(socket.AF_INET6, socket.SOCK_DGRAM)): node for node in nodes}
        for server in sockets:
            server.bind(("::", port))
        yield sockets


def answered(client: socket.socket, servers: Mapping[socket.socket, Node], said: bytes = b"ping") -> tuple[Node, str]:
    """Carry a datagram and its answer; return who got it, and in whose name."""
    client.send(said)
    ready, _, _ = select.select([*servers], [], [], PATIENCE)
    assert ready, "no server got a datagram"
    data, sender = ready[0].recvfrom(1 << 16)
    assert data == said
    ready[0].sendto(data[::-1], sender)
    assert client.recv(1 << 16) == said[::-1]
    return servers[ready[0]], sender[0].removeprefix("::ffff:")
