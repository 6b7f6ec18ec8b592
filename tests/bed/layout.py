"""The test networks, as values: which nodes there are, where they are plugged in, and their addresses.

One-arm: everything on one segment, the balancers have a single NIC.

    outside1..N --[outside 10.70.0.0/16]-- router --+
    client1..N, lb1, lb2, srv1..M ------------------+-- [front 10.80.0.0/16, fd80::/64]

Two-arm: the balancers stand between clients and servers.

    clients, router --[front 10.80.0.0/16]-- lb1, lb2 --[back 10.90.0.0/16, fd90::/64]-- srv1..M

Addresses, where NET is 10.80 on front, 10.90 on back and 10.70 outside (fd80, fd90 and fd70 likewise):

    router   NET.0.1        NET6::1          the gateway of front, only with outside clients
    lbN      NET.0.(1+N)    NET6::(1+N)      and, on back, lb1 holds the servers' gateway BACK_GW
    VIP      10.80.0.10     fd80::10         nobody holds it: add it where you test
    clientN  NET.1.N        NET6::1:N        outsideN likewise
    srvN     NET.2.N        NET6::2:N
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bed.node import Interface, Node

VIP: Final = "10.80.0.10"
VIP6: Final = "fd80::10"
BACK_GW: Final = ("10.90.0.1", "fd90::1")
FRONT_GW: Final = ("10.80.0.1", "fd80::1")
OUTSIDE_GW: Final = ("10.70.0.1", "fd70::1")
_NETWORKS: Final = {"front": ("10.80", "fd80"), "back": ("10.90", "fd90"), "outside": ("10.70", "fd70")}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How many nodes of each kind, and how they are wired."""

    arms: int = 2
    """2 puts the servers behind the balancers, 1 beside them."""
    clients: int = 1
    lbs: int = 1
    servers: int = 2
    outside: int = 0
    """Clients of another network, behind a router."""
    server_route: bool = True
    """Whether two-armed servers know a way back to the clients (through lb1)."""

    def nodes(self, prefix: str) -> Iterator[Node]:
        """Yield the nodes; their namespaces are named `prefix-node`."""
        front_gateways = FRONT_GW if self.outside else ()
        back_gateways = BACK_GW if self.server_route else ()
        if self.outside:
            router = (nic("front", "0.1", "1"), nic("outside", "0.1", "1"))
            yield Node("router", f"{prefix}-router", router, forwarding=True)
        for n in range(1, self.outside + 1):
            name = f"outside{n}"
            yield Node(name, f"{prefix}-{name}", (nic("outside", f"1.{n}", f"1:{n:x}"),), OUTSIDE_GW)
        for n in range(1, self.clients + 1):
            name = f"client{n}"
            yield Node(name, f"{prefix}-{name}", (nic("front", f"1.{n}", f"1:{n:x}"),), front_gateways)
        for n in range(1, self.lbs + 1):
            name = f"lb{n}"
            yield Node(name, f"{prefix}-{name}", self._balancer(n), front_gateways)
        for n in range(1, self.servers + 1):
            name, switch = f"srv{n}", "back" if self.arms > 1 else "front"
            gateways = back_gateways if self.arms > 1 else front_gateways
            yield Node(name, f"{prefix}-{name}", (nic(switch, f"2.{n}", f"2:{n:x}"),), gateways)

    def _balancer(self, n: int) -> tuple[Interface, ...]:
        front = nic("front", f"0.{n + 1}", f"{n + 1:x}")
        if self.arms == 1:
            return (front,)
        back = nic("back", f"0.{n + 1}", f"{n + 1:x}")
        held = tuple(_with_length(address) for address in BACK_GW) if n == 1 else ()
        return (front, Interface(back.switch, back.addresses + held))


def nic(switch: str, host: str, host6: str) -> Interface:
    """Return an interface in one of the networks, by what is the host of its addresses."""
    network, network6 = _NETWORKS[switch]
    return Interface(switch, (f"{network}.{host}/16", f"{network6}::{host6}/64"))


def _with_length(address: str) -> str:
    return f"{address}/64" if ":" in address else f"{address}/16"
