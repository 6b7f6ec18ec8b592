"""The network of the benchmark: client, balancer and two servers, each a namespace, joined by cables.

    client --- balancer --- srv1          client.0 - balancer.0      10.80.0.0/24, the VIP is the balancer's
       |           +------- srv2          balancer.N - srvN.0        10.90.N.0/24
       +------------------- srv1, srv2    client.N - srvN.1          10.99.N.0/24, past the balancer

No bridge stands between them, so what a path costs is the path. Everything that arrives at the balancer is received on
the balancer's own processors (receive packet steering, Documentation/networking/scaling.rst of Linux), everything else on
the others: else a virtual cable has the sender do the receiver's work. Where work is counted and not speed, packets are not
steered: each that is costs an interrupt between processors, which a virtual machine pays dearly, and the less the more a
processor has to do.
"""

import contextlib
import os
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from ipaddress import ip_interface
from typing import Any, Final, Self

from bed.command import run
from bed.netlab import remove
from bed.node import Interface, Node
from bench.machine import Cores, cores, on
from bench.services import VIP

BALANCER_INTERFACES: Final = {
    "eth0": ("10.80.0.2/24", f"{VIP}/24 virtual"),
    "eth1": ("10.90.1.1/24",),
    "eth2": ("10.90.2.1/24",),
}
"""The balancer's interfaces, as a configuration of Bascule names them."""

CLIENTS: Final = 8
"""Addresses of the client: one alone has too few ports for 100,000 sessions."""

_CABLES: Final = (
    ("client", 0, ("10.80.0.100/24",), "balancer", 0, ("10.80.0.2/24", f"{VIP}/32")),
    ("balancer", 1, ("10.90.1.1/24",), "srv1", 0, ("10.90.1.2/24",)),
    ("balancer", 2, ("10.90.2.1/24",), "srv2", 0, ("10.90.2.2/24",)),
    ("client", 1, ("10.99.1.1/24",), "srv1", 1, ("10.99.1.2/24",)),
    ("client", 2, ("10.99.2.1/24",), "srv2", 1, ("10.99.2.2/24",)),
)
_GATEWAYS: Final = {"client": "10.80.0.2", "srv1": "10.90.1.1", "srv2": "10.90.2.1"}
_CONTROL: Final = ("congctl", "cubic")
"""bbr, where it is the default, paces by timers, and timers are what would be measured. A route may name the congestion
control (ip-route(8)) where the machine does not let a namespace choose it."""

_SETTINGS: Final = {
    "net.ipv4.ip_local_port_range": "1024 65535",
    "net.core.somaxconn": "65535",
    "net.ipv4.tcp_max_syn_backlog": "65535",
    "net.ipv4.tcp_tw_reuse": "1",
    "net.ipv6.conf.all.disable_ipv6": "1",
}


class Network:
    """The four nodes. Use it as a context manager: its namespaces and what runs in them go with it."""

    def __init__(self) -> None:
        self._processors = sorted(os.sched_getaffinity(0))
        self.prefix = f"bench{os.getpid()}x{secrets.token_hex(3)}"
        self._nodes: dict[str, Node] = {}
        for name in ("client", "balancer", "srv1", "srv2"):
            ends = sorted(
                (nic, addresses) for end in _CABLES for node, nic, addresses in (end[:3], end[3:]) if node == name
            )
            interfaces = tuple(Interface("", addresses) for _, addresses in ends)
            self._nodes[name] = Node(name, f"{self.prefix}-{name}", interfaces, forwarding=name == "balancer")

    @property
    def client(self) -> Node:
        """The node that all load comes from."""
        return self._nodes["client"]

    @property
    def balancer(self) -> Node:
        """The node that contenders run on."""
        return self._nodes["balancer"]

    @property
    def servers(self) -> Sequence[Node]:
        """Return both servers."""
        return [self._nodes["srv1"], self._nodes["srv2"]]

    def client_addresses(self) -> list[str]:
        """Return the addresses that the client may connect from."""
        return [f"10.80.0.{100 + n}" for n in range(CLIENTS)]

    def on_balancer_cores(self, workers: int) -> AbstractContextManager[None]:
        """Have what is started inside run on the balancer's processors; no load may be among it."""
        return on(self.cores(workers).balancer)

    def start_on_balancer(self, argv: Sequence[str], workers: int, **options: Any) -> subprocess.Popen[Any]:
        """Start a process on the balancer's node and processors."""
        with self.on_balancer_cores(workers):
            return self.balancer.popen(argv, **options)

    def cores(self, workers: int = 1) -> Cores:
        """Return who may run where, with so many workers on the balancer."""
        return cores(self._processors, workers)

    def inhabitants(self) -> list[int]:
        """Return the processes on the balancer's node."""
        return [int(pid) for pid in run(["ip", "netns", "pids", self.balancer.netns]).stdout.split()]

    def forget(self) -> None:
        """Take from the nodes what a contender left: rules, tracked sessions, sockets that wait."""
        self.balancer.run("nft", "flush", "ruleset")
        self.forget_states()

    def forget_states(self) -> None:
        """Take tracked sessions and sockets that wait from the nodes, and leave the rules."""
        self.balancer.run("conntrack", "-F", check=False)
        for node in self._nodes.values():
            node.run("ss", "-HK", "state", "time-wait", check=False)

    def steer(self, workers: int) -> None:
        """Have packets received on the processors of the node that they arrive at."""
        chosen = self.cores(workers)
        for node in self._nodes.values():
            self._receive(node, chosen.balancer if node is self.balancer else chosen.others)

    @contextlib.contextmanager
    def unsteered(self, workers: int) -> Iterator[None]:
        """Have packets received by whoever sends them meanwhile: no processor interrupts another for a packet."""
        for node in self._nodes.values():
            self._receive(node, frozenset())
        try:
            yield
        finally:
            self.steer(workers)

    def _receive(self, node: Node, processors: frozenset[int]) -> None:
        mask = f"{sum(1 << core for core in processors):x}"
        for nic in range(len(node.interfaces)):
            queue = f"/sys/class/net/eth{nic}/queues/rx-0/rps_cpus"
            node.run("sh", "-c", 'echo "$1" >"$2"', "sh", mask, queue)

    def __enter__(self) -> Self:
        try:
            self._up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def down(self) -> None:
        """End what runs on the nodes, and remove them."""
        for node in self._nodes.values():
            node.close()
        remove(self.prefix)

    def _up(self) -> None:
        for node in self._nodes.values():
            run(["ip", "netns", "add", node.netns])
            node.run("sysctl", "-qw", *(f"{key}={value}" for key, value in _SETTINGS.items()))
        self.balancer.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        for one, nic, addresses, other, other_nic, other_addresses in _CABLES:
            here, there = self._nodes[one].netns, self._nodes[other].netns
            run(
                [
                    "ip",
                    "-n",
                    here,
                    "link",
                    "add",
                    f"eth{nic}",
                    "type",
                    "veth",
                    "peer",
                    "name",
                    f"eth{other_nic}",
                    "netns",
                    there,
                ]
            )
            for netns, name, held in ((here, f"eth{nic}", addresses), (there, f"eth{other_nic}", other_addresses)):
                run(["ip", "-n", netns, "link", "set", name, "up"])
                for address in held:
                    run(["ip", "-n", netns, "address", "add", address, "dev", name, "noprefixroute"])
                segment = str(ip_interface(held[0]).network)
                run(["ip", "-n", netns, "route", "add", segment, "dev", name, *_CONTROL])
        for address in self.client_addresses()[1:]:
            run(["ip", "-n", self.client.netns, "address", "add", f"{address}/32", "dev", "eth0"])
        for name, node in self._nodes.items():
            run(["ip", "-n", node.netns, "link", "set", "lo", "up"])
            if name in _GATEWAYS:
                run(["ip", "-n", node.netns, "route", "add", "default", "via", _GATEWAYS[name], *_CONTROL])
        self.steer(1)


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """Build the network with this process, and what it starts, off the balancer's processor."""
    with Network() as built, on(built.cores().others):
        yield built
