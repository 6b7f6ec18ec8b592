"""Where a soak takes place: a two-armed network with three echo servers, and the texts that its balancer reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bed.balancer import Balancer, running
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.servers import echo
from bed.soak.load import Service

SERVERS: Final = 3
GROUP: Final = (Service("RPCCAS", 59532), Service("AB", 59533))
PROXIED: Final = Service("IMAPS", 993)
REDIRECT: Final = Service("SMTP", 25)
DATAGRAMS: Final = Service("SIP", 5060)
SESSIONS: Final = (*GROUP, PROXIED, REDIRECT)
"""What clients use by TCP."""
_CLIENTS: Final = 32

_HEAD: Final = """\
interface eth0 {
	address 10.80.0.2/16
	address 10.80.0.10/16 virtual
}
interface eth1 {
	address 10.90.0.2/16
	address 10.90.0.1/16 virtual
}
load-balancer {
	interval 2s
	timeout 2s
	fall 2
	rise 1
	table <exchange> {
		10.90.2.1 name "EX1"
		10.90.2.2 name "EX2"
		10.90.2.3 name "EX3"
		key 7f3a91c2
	}
"""
_RELAY: Final = """\
	relay "{name}" {{
		listen on 10.80.0.10 port {port}
		forward to <exchange> check tcp mode source-hash
		{more}
	}}
"""
_REDIRECTS: Final = """\
	redirect "SMTP" {
		listen on 10.80.0.10 tcp port 25
		forward to <exchange> check tcp mode roundrobin
		sticky-address timeout 1h
	}
	redirect "SIP" {
		listen on 10.80.0.10 udp port 5060
		forward to <exchange> check icmp mode least-states
	}
"""


def texts() -> tuple[str, ...]:
    """Return texts that differ in what no client of a soak uses; the first is the one to begin and end with."""
    relays = [_RELAY.format(name=each.name, port=each.port, more='engine kernel; affinity "outlook"') for each in GROUP]
    relays.append(_RELAY.format(name=PROXIED.name, port=PROXIED.port, more="engine proxy"))
    always = _HEAD + "".join(relays) + _REDIRECTS
    kernel = _RELAY.format(name="POP3", port=110, more="engine kernel; session timeout 20m")
    proxy = _RELAY.format(name="HTTPS", port=443, more="engine proxy")
    return tuple(f"{always}{more}}}\n" for more in ("", kernel, kernel + proxy))


@dataclass
class Server:
    """A host whose service can be stopped and started."""

    name: str
    node: Node
    log: Path

    def serve(self) -> None:
        """Start its service."""
        ports = {each.port for each in (*SESSIONS, DATAGRAMS)} | {110, 443}
        self.process = echo.launch(self.node, self.name, tuple(sorted(ports)), self.log)


@dataclass(frozen=True)
class Place:
    """Everything that a soak touches."""

    net: NetLab
    balancer: Balancer
    servers: tuple[Server, ...]
    clients: tuple[str, ...]

    @property
    def lb(self) -> Node:
        """The node that the balancer runs on."""
        return self.balancer.node


@contextmanager
def place(at: Path) -> Iterator[Place]:
    """Build the network, and run servers and balancer in it."""
    with NetLab(Layout(arms=2, servers=SERVERS)) as net:
        net.hold("lb1", VIP, VIP6)
        clients = net.many_addresses("client1", _CLIENTS, "10.80.100.1")
        servers = tuple(Server(f"EX{n}", node, at / f"EX{n}.log") for n, node in enumerate(net.named("srv"), 1))
        for server in servers:
            server.serve()
        with running(net["lb1"], texts()[0], at) as balancer:
            yield Place(net, balancer, servers, tuple(clients))
