"""A small site for tests of one thing: echo servers, a balancer before them, and clients of which we know where they go."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bed.balancer import Balancer, running
from bed.clients import greeted
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.servers import echo

PORT: Final = 59532
CLIENTS: Final = 32
"""Addresses of client1."""


@dataclass(frozen=True)
class Event:
    """A line of an echo server's log."""

    at: float
    """Monotonic seconds of this machine."""
    what: str
    who: str


@dataclass(frozen=True)
class Site:
    """Everything a test touches."""

    net: NetLab
    balancer: Balancer
    clients: Sequence[str]
    logs: dict[str, Path]

    @property
    def lb(self) -> Node:
        """The node that the balancer runs on."""
        return self.balancer.node

    def server(self, host: str) -> Node:
        """Return the node of a host: EX1 is srv1."""
        return self.net[f"srv{host.removeprefix('EX')}"]

    def clients_of(self, host: str) -> list[str]:
        """Return the clients that a host takes, as `bascule explain` says."""
        answers = self.balancer.asked("explain", "--json", "--to", VIP, str(PORT), *self.clients).stdout.splitlines()
        return [answer["client"] for answer in map(json.loads, answers) if answer["host"] == host]

    @contextmanager
    def session(self, client: str, server: str = VIP, port: int = PORT) -> Iterator[tuple[socket.socket, str]]:
        """Open a session from a client's address; yield it and the name of the server that greeted."""
        with greeted(self.net["client1"], client, server, port) as session:
            yield session

    def events(self, host: str) -> list[Event]:
        """Return what happened at a host, in order."""
        lines = [line.split(" ", 1) for line in self.logs[host].read_text(encoding="ascii").splitlines()]
        split = [(at, *rest.rpartition(" ")) for at, rest in lines]
        return [Event(float(at), what, who) for at, what, _, who in split]


@contextmanager
def site(text: str, layout: Layout, at: Path, *, ports: tuple[int, ...] = (PORT,)) -> Iterator[Site]:
    """Build a network with echo servers, and run a balancer with this configuration in it."""
    with NetLab(layout) as net:
        at.mkdir(exist_ok=True)
        net.hold("lb1", VIP, VIP6)
        clients = net.many_addresses("client1", CLIENTS, "10.80.100.1")
        logs = {f"EX{n}": echo.start(node, f"EX{n}", ports, at) for n, node in enumerate(net.named("srv"), 1)}
        with running(net["lb1"], text, at) as balancer:
            yield Site(net, balancer, clients, logs)
