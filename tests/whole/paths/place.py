"""A place to try one data path: a running balancer before two servers, with both ends of sessions in the test's hands.

Hosts are checked by ICMP, so that no check connects to the test's listeners, and none notices what a test does to TCP.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bed.balancer import Balancer, running
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.servers import names
from bed.sessions import Connected, Servers
from engines.nftables import networks
from plan.situations import relay

PATHS: Final = ("kernel", "redirect", "proxy")
PORT: Final = 443
"""Both ends of its sessions are the test's."""
CROWD_PORT: Final = 8080
"""Served by `bed.servers.names`: srv1 says srv1."""
UDP_PORT: Final = 53
"""Redirects alone carry datagrams."""
CLIENTS: Final = 32
"""Addresses of client1 in each IP version."""


@dataclass(frozen=True)
class Place:
    """A data path in one IP version."""

    path: str
    net: NetLab
    balancer: Balancer
    servers: Servers
    addresses: Mapping[int, Sequence[str]]
    """The clients' addresses in each IP version."""
    version: int = 4

    def over(self, version: int) -> "Place":
        """Return the same place in another IP version."""
        return replace(self, version=version)

    @property
    def proxied(self) -> bool:
        """Whether there are two connections of our own making, client to us and us to a host."""
        return self.path == "proxy"

    @property
    def vip(self) -> str:
        """Return the listening address."""
        return VIP if self.version == 4 else VIP6

    @property
    def client(self) -> Node:
        """Return the node of the clients."""
        return self.net["client1"]

    @property
    def clients(self) -> Sequence[str]:
        """Return the addresses of the clients."""
        return self.addresses[self.version]

    def host(self, node: Node) -> str:
        """Return the name of a server as a host: its address."""
        return node.address(self.version)

    def other(self, node: Node) -> Node:
        """Return the other server."""
        return next(server for server in self.net.named("srv") if server is not node)

    def session(self, source: str = "", port: int = 0) -> AbstractContextManager[Connected]:
        """Connect a client through the balancer, from its own address and any port unless said."""
        own = source or (self.client.address(self.version) if port else "")
        return self.servers.session(self.client, (self.vip, PORT), (own, port))

    def clients_of(self, node: Node) -> Iterator[str]:
        """Yield the clients that a server takes, as they see it."""
        for client in self.clients:
            with self.session(client) as session:
                met = session.node
            if met is node:
                yield client


@contextmanager
def placed(path: str, at: Path) -> Iterator[Place]:
    """Build a network for a data path and run a balancer in it."""
    layout = Layout(arms=2 if path == "redirect" else 1)
    with ExitStack() as stack:
        net = stack.enter_context(NetLab(layout))
        net.hold("lb1", VIP, VIP6)
        firsts = {4: "10.80.100.1", 6: "fd80::100:1"}
        addresses = {version: net.many_addresses("client1", CLIENTS, first) for version, first in firsts.items()}
        for node in net.named("srv"):
            names.start(node, node.name, CROWD_PORT)
        servers = stack.enter_context(Servers(net.named("srv"), PORT))
        balancer = stack.enter_context(running(net["lb1"], text(path), at))
        yield Place(path, net, balancer, servers, addresses)


def text(path: str) -> str:
    """Return the configuration of a data path: one service for the test's hands, one for crowds, one for datagrams."""
    services = [service(path, "MAIL", f"port {PORT}"), service(path, "CROWD", f"port {CROWD_PORT}")]
    if path == "redirect":
        services.append(service(path, "DNS", f"udp port {UDP_PORT}"))
    return networks.text(*services, arms=2 if path == "redirect" else 1)


def service(path: str, name: str, ports: str) -> str:
    """Return a relay or redirect of a data path, on the virtual addresses of both IP versions."""
    statements = {"kernel": ["engine kernel"], "proxy": ["engine proxy", "connect timeout 500ms"], "redirect": []}[path]
    return relay(
        name,
        *statements,
        listen=[f"{VIP} {ports}", f"{VIP6} {ports}"],
        forward="check icmp mode source-hash",
        kind="redirect" if path == "redirect" else "relay",
    )
