"""A network with a firewall in the middle, as a value: outside, inside and dmz meet at the balancer alone.

    outside1..N --[outside 10.70.0.0/16]-- eth0 |     |
    inside1..N, srv1..M --[front 10.80.0.0/16]-- eth1 | lb1 |
    dmz1 --[back 10.90.0.0/16]-- eth2 |     |

IPv6 likewise, fd70, fd80 and fd90. lb1 is NET.0.2 in each network, and the gateway of everybody; VIP is on nobody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bed.layout import Layout, nic
from bed.node import Node

_LB: Final = ("0.2", "2")


@dataclass(frozen=True, kw_only=True)
class Perimeter(Layout):
    """How many nodes of each kind there are; there is one balancer, and one node in the dmz."""

    outside: int = 1

    def nodes(self, prefix: str) -> Iterator[Node]:
        """Yield the nodes; their namespaces are named `prefix-node`."""
        networks = ("outside", "front", "back")
        arms = tuple(nic(network, *_LB) for network in networks)
        yield Node("lb1", f"{prefix}-lb1", arms)
        for network, name, count, kind in (
            ("outside", "outside", self.outside, 1),
            ("front", "inside", self.clients, 1),
            ("back", "dmz", 1, 1),
            ("front", "srv", self.servers, 2),
        ):
            for number in range(1, count + 1):
                at = nic(network, f"{kind}.{number}", f"{kind}:{number:x}")
                gateways = tuple(address.partition("/")[0] for address in nic(network, *_LB).addresses)
                yield Node(f"{name}{number}", f"{prefix}-{name}{number}", (at,), gateways)
