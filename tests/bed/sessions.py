"""Both ends of sessions through a balancer, in the test's own hands: who was connected to whom is known exactly."""

import select
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self

import pytest

from bed.node import Node

PATIENCE: Final = 5.0
"""Seconds that anything which should happen may take."""


@dataclass(frozen=True)
class Connected:
    """A session: the client's end, the server's, and where the server is."""

    client: socket.socket
    server: socket.socket
    node: Node

    def speak(self, data: bytes = b"a question") -> None:
        """Carry data both ways, the client first; fails where it does not arrive."""
        carried(self.client, self.server, data)
        carried(self.server, self.client, data[::-1])

    def close(self) -> None:
        """Close both ends."""
        self.client.close()
        self.server.close()


class Servers:
    """Listening sockets on several nodes; `accept` tells which of them a client has met."""

    def __init__(self, nodes: Sequence[Node], *ports: int) -> None:
        self._nodes: dict[socket.socket, Node] = {}
        for node in nodes:
            with node.entered():
                for port in ports:
                    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128)
                    self._nodes[listener] = node

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._nodes:
            listener.close()

    def accept(self) -> tuple[socket.socket, Node]:
        """Return the next session that a server gets, and the node it arrived at."""
        ready, _, _ = select.select([*self._nodes], [], [], PATIENCE)
        assert ready, "no server got a connection"
        connection, _ = ready[0].accept()
        connection.settimeout(PATIENCE)
        return connection, self._nodes[ready[0]]

    @contextmanager
    def session(self, client: Node, to: tuple[str, int], source: tuple[str, int] = ("", 0)) -> Iterator[Connected]:
        """Connect a client through a balancer; both ends are closed afterwards."""
        with connected(client, to, source) as near:
            far, node = self.accept()
            with far:
                yield Connected(near, far, node)


def connected(client: Node, to: tuple[str, int], source: tuple[str, int] = ("", 0)) -> socket.socket:
    """Return a client's connection, which a server may not have accepted yet. Raises OSError."""
    connection = opened(client, to[0], source)
    try:
        connection.connect(to)
    except OSError:
        connection.close()
        raise
    return connection


def opened(client: Node, towards: str, source: tuple[str, int] = ("", 0)) -> socket.socket:
    """Return a socket of a client for that IP version, bound where a source is given, and not connected yet."""
    connection = client.socket(socket.AF_INET6 if ":" in towards else socket.AF_INET)
    connection.settimeout(PATIENCE)
    if source != ("", 0):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.bind(source)
    return connection


def carried(sender: socket.socket, receiver: socket.socket, data: bytes) -> None:
    """Send data and wait until all of it has arrived."""
    sender.sendall(data)
    got = b""
    while len(got) < len(data):
        got += (chunk := receiver.recv(1 << 16))
        assert chunk, f"the session ended after {len(got)} of {len(data)} bytes"
    assert got == data


def is_reset(connection: socket.socket, *, within: float = 1.0) -> bool:
    """Tell whether a silent connection is reset in this time."""
    if not select.select([connection], [], [], within)[0]:
        return False
    with pytest.raises(ConnectionResetError):
        connection.recv(1)
    return True


def is_silent(connection: socket.socket, *, within: float = 0.5) -> bool:
    """Tell whether nothing is heard on a connection in this time."""
    return not select.select([connection], [], [], within)[0]
