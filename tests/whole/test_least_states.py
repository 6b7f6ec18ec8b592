"""`least-states` over time: sessions come and go, and two equal hosts always have about as many."""

import heapq
import random
import select
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from bed.balancer import running
from bed.crowd import Call, calling
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.servers import names
from engines.nftables import networks
from plan.situations import relay

pytestmark = pytest.mark.kernel

_PORTS: Final = {"relay": 443, "redirect": 25}
_SECONDS: Final = 30
_ARRIVALS: Final = 50
"""New sessions a second, of each service."""
_LIFE: Final = (1.0, 30.0)
"""Seconds that a session lives."""


@dataclass
class Pool:
    """The sessions of one service, as their clients hold them, by server."""

    port: int
    held: Counter[str] = field(default_factory=Counter)
    worst: tuple[float, int, int] = (0.0, 0, 0)
    """The sample nearest to its bound or beyond: the part of the bound, the difference and the pool."""

    def sample(self) -> None:
        """Compare the two servers."""
        pool, difference = self.held.total(), abs(self.held["srv1"] - self.held["srv2"])
        self.worst = max(self.worst, (difference / (0.05 * pool + 4), difference, pool))


@dataclass
class Traffic:
    """Clients that come at a steady pace, stay for a random time, and go."""

    chance: random.Random
    poll: select.epoll
    pools: list[Pool]
    arriving: dict[int, tuple[socket.socket, Pool, float]] = field(default_factory=dict)
    staying: list[tuple[float, int, socket.socket, Pool, str]] = field(default_factory=list)

    def arrive(self) -> None:
        """Begin a session with each service."""
        for pool in self.pools:
            connection = calling(Call(VIP, pool.port))
            self.poll.register(connection, select.EPOLLIN)
            self.arriving[connection.fileno()] = (connection, pool, self.chance.uniform(*_LIFE))

    def go_on(self, until: float) -> None:
        """Hear greetings and end what has lived its time, until then."""
        while (now := time.monotonic()) < until:
            due = min(until, self.staying[0][0] if self.staying else until)
            for descriptor, _ in self.poll.poll(max(0.0, due - now)):
                self._greeted(descriptor)
            while self.staying and self.staying[0][0] <= time.monotonic():
                _, _, connection, pool, name = heapq.heappop(self.staying)
                pool.held[name] -= 1
                connection.close()

    def _greeted(self, descriptor: int) -> None:
        connection, pool, life = self.arriving.pop(descriptor)
        self.poll.unregister(connection)
        name = connection.recv(100).decode().strip()
        pool.held[name] += 1
        heapq.heappush(self.staying, (time.monotonic() + life, descriptor, connection, pool, name))


def test_two_equal_hosts_are_level_all_the_time(open_directory: Path) -> None:
    """Sampled each second, the two differ by at most 5 % of the pool and 4, as a relay's hosts and as a redirect's."""
    seed = random.SystemRandom().getrandbits(64)
    pools = {kind: Pool(port) for kind, port in _PORTS.items()}
    with NetLab(Layout(arms=2)) as net:
        net.hold("lb1", VIP, VIP6)
        for node in net.named("srv"):
            names.start(node, node.name, *_PORTS.values())
        services = [
            relay(kind, listen=[f"{VIP} port {port}"], forward="check icmp mode least-states", kind=kind)
            for kind, port in _PORTS.items()
        ]
        with (
            running(net["lb1"], networks.text(*services, arms=2), open_directory),
            net["client1"].entered(),
            select.epoll() as poll,
        ):
            traffic = Traffic(random.Random(seed), poll, [*pools.values()])
            _watch(traffic)
            while traffic.staying:
                traffic.staying.pop()[2].close()
    said = {kind: f"{pool.worst[1]} of {pool.worst[2]}, {pool.worst[0]:.0%} of the bound" for kind, pool in pools.items()}
    print("seed", seed, "worst difference", said)  # noqa: T201 - the figure that this test is about
    assert not traffic.arriving
    assert max(pool.worst[0] for pool in pools.values()) <= 1.0, said


def _watch(traffic: Traffic) -> None:
    """Let clients come for half a minute, and take a sample each second."""
    began = time.monotonic()
    for number in range(_SECONDS * _ARRIVALS):
        traffic.arrive()
        traffic.go_on(began + (number + 1) / _ARRIVALS)
        if (number + 1) % _ARRIVALS == 0:
            for pool in traffic.pools:
                pool.sample()
    traffic.go_on(time.monotonic() + 0.5)
