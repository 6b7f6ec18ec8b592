"""A router behind us that passes on smaller packets only, and says so: whoever sends too big ones must hear of it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from bed.balancer import running
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.sessions import Connected, Servers, carried
from plan.situations import ONE_ARM_BLOCK, balancer
from whole.paths.place import PATHS, PORT, service

pytestmark = pytest.mark.kernel

_NARROW: Final = 1300
_IP_MTU: Final = {4: (0, 14), 6: (41, 24)}
"""Level and option that tell what a connection takes for its path's MTU (ip(7), ipv6(7))."""
_COUNTING: Final = """
table inet t_count {
 counter big { }
 chain c_out { type filter hook output priority 0; policy accept;
  icmp type destination-unreachable counter name big
  icmpv6 type packet-too-big counter name big
 }
}
"""


@dataclass(frozen=True)
class Narrow:
    """Clients, a balancer beside them, and a server in another network."""

    path: str
    net: NetLab
    servers: Servers

    def told(self) -> bool:
        """Tell whether the router has told anybody that a packet was too big."""
        return "packets 0 " not in self.net["router"].run("nft", "list", "counter", "inet", "t_count", "big").stdout


@pytest.fixture(params=PATHS)
def narrow(request: pytest.FixtureRequest, open_directory: Path) -> Iterator[Narrow]:
    """Run a balancer for a data path whose only server stands behind a router."""
    with _network(str(request.param), open_directory) as built:
        yield built


@contextmanager
def _network(path: str, at: Path) -> Iterator[Narrow]:
    with ExitStack() as stack:
        net = stack.enter_context(NetLab(Layout(arms=1, servers=0, outside=1)))
        net.hold("lb1", VIP, VIP6)
        router, server = net["router"], net["outside1"]
        for version in (4, 6):
            far, client, lb = (net[name].address(version) for name in ("outside1", "client1", "lb1"))
            router.run("ip", "route", "replace", far, "dev", "eth1", "mtu", str(_NARROW))
            router.run("ip", "route", "replace", client, "via", lb)  # answers through a redirect pass us too
        router.nft(_COUNTING)
        text = ONE_ARM_BLOCK + balancer(service(path, "MAIL", f"port {PORT}"), hosts=[server.ip, server.ip6])
        servers = stack.enter_context(Servers([server], PORT))
        stack.enter_context(running(net["lb1"], text, at))
        yield Narrow(path, net, servers)


@pytest.mark.parametrize("version", [4, 6])
def test_big_packets_are_heard_of_and_made_smaller(narrow: Narrow, version: int) -> None:
    """Everything arrives both ways; through the kernel it is the client that learns the size, else we ourselves."""
    vip = VIP if version == 4 else VIP6
    with narrow.servers.session(narrow.net["client1"], (vip, PORT)) as session:
        assert _mtu(session, version) == 1500
        assert not narrow.told()
        carried(session.client, session.server, b"x" * 300_000)
        carried(session.server, session.client, b"y" * 300_000)
        assert narrow.told()
        assert _mtu(session, version) == (1500 if narrow.path == "proxy" else _NARROW)


def _mtu(session: Connected, version: int) -> int:
    return session.client.getsockopt(*_IP_MTU[version])
