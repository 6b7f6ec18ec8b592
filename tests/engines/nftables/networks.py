"""A network with relays in the kernel of its balancer, and both ends of every session in the test's hands."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bed.kernel_relays import KernelRelays
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.sessions import Connected, Servers
from plan.situations import ONE_ARM_BLOCK, balancer, relay

PORT: Final = 443
_BACK_BLOCK: Final = """
interface eth1 {
	address 10.90.0.2/16
	address 10.90.0.1/16 virtual
	address fd90::2/64
	address fd90::1/64 virtual
}
"""


def everywhere(name: str = "HTTPS", *statements: str, port: int = PORT, forward: str = "check tcp mode roundrobin") -> str:
    """Return a relay that listens on the virtual addresses of both IP versions."""
    return relay(name, *statements, listen=[f"{VIP} port {port}", f"{VIP6} port {port}"], forward=forward)


def text(*relays: str, arms: int = 1, servers: int = 2, options: str = "") -> str:
    """Return the configuration of a balancer with one or two arms; every server is a host of both IP versions.

    `options` are those of every host.
    """
    networks = ("10.80.2.", "fd80::2:") if arms == 1 else ("10.90.2.", "fd90::2:")
    hosts = [f"{network}{n} {options}".rstrip() for network in networks for n in range(1, servers + 1)]
    blocks = ONE_ARM_BLOCK if arms == 1 else ONE_ARM_BLOCK + _BACK_BLOCK
    return blocks + balancer(*(relays or (everywhere(),)), hosts=hosts)


@dataclass(frozen=True)
class Network:
    """Clients, a balancer and servers; `version` is the IP version that the test is about."""

    net: NetLab
    relays: KernelRelays
    servers: Servers
    version: int = 4

    @property
    def vip(self) -> str:
        """Return the listening address."""
        return VIP if self.version == 4 else VIP6

    @property
    def lb(self) -> Node:
        """Return the balancer's node."""
        return self.net["lb1"]

    @property
    def client(self) -> Node:
        """Return the node of the clients."""
        return self.net["client1"]

    def host(self, node: Node) -> str:
        """Return the address of a server as a host of the table."""
        return node.address(self.version)

    def others(self, node: Node) -> Sequence[Node]:
        """Return the servers but one."""
        return [server for server in self.net.named("srv") if server is not node]

    def session(self, source: tuple[str, int] = ("", 0), port: int = PORT) -> AbstractContextManager[Connected]:
        """Connect a client to the listening address."""
        return self.servers.session(self.client, (self.vip, port), source)

    def redeploy(self, *relays: str) -> None:
        """Deploy other relays over the same servers."""
        servers = self.net.named("srv")
        self.relays.deploy(text(*relays, arms=len(self.lb.interfaces), servers=len(servers)))

    def end(self, node: Node) -> int:
        """Take a server out of the slots and end its sessions, as the balancer does when it is marked down."""
        assert self.relays.flip(down=[self.host(node)])
        return self.relays.end(self.host(node))


@contextmanager
def network(
    state: Path,
    *relays: str,
    version: int = 4,
    arms: int = 1,
    servers: int = 2,
    ports: Sequence[int] = (PORT,),
    router: bool = False,
    gateway: bool = False,
    options: str = "",
    also: str = "",
) -> Iterator[Network]:
    """Build a network and deploy relays in it; two-armed servers know no route to anyone, unless we are their `gateway`.

    `router` says whether the balancer forwarded packets before; `also` are further blocks of the configuration.
    """
    layout = Layout(arms=arms, servers=servers, server_route=gateway)
    with NetLab(layout) as net:
        net.hold("lb1", VIP, VIP6)
        if router:
            net["lb1"].sysctl(net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
        deployed = KernelRelays(net["lb1"], state)
        deployed.deploy(text(*relays, arms=arms, servers=servers, options=options) + also)
        with Servers(net.named("srv"), *ports) as listening:
            yield Network(net, deployed, listening, version)
