"""4,000 clients on four services: each meets one server on all of them, whatever goes down, and none is left alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import pytest

from bed import configuration
from bed.balancer import Balancer, running
from bed.crowd import Call, Crowd
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.servers import names
from bed.wait import until

pytestmark = pytest.mark.kernel

_PORTS: Final = (135, 59532, 59533, 443)
_CLIENTS: Final = 4000
_NETWORK: Final = "10.81.0.0/20"
"""Of the clients, behind client1's address."""
_TIMING: Final = "interval 500ms; timeout 400ms; fall 1; rise 1"
_AFFINITY: Final = 'affinity "outlook"'


@dataclass(frozen=True)
class Site:
    """4,000 clients, a balancer, and two servers that tell their names."""

    net: NetLab
    balancer: Balancer
    clients: Sequence[str]

    def met(self) -> dict[int, Sequence[str]]:
        """Return, for each port, the servers that the clients meet, in the clients' order; fails where one meets none."""
        crowd = Crowd(self.net["client1"], abrupt=True)
        found = crowd.met([Call(VIP, port, client) for port in _PORTS for client in self.clients])
        assert crowd.lost == []
        return {port: found[n * _CLIENTS : (n + 1) * _CLIENTS] for n, port in enumerate(_PORTS)}

    def wait_met(self, port: int, *servers: str) -> None:
        """Wait until these servers, and no others, are what clients meet on a port."""

        def reached() -> bool:
            crowd = Crowd(self.net["client1"], abrupt=True)
            return {*crowd.met([Call(VIP, port, client) for client in self.clients[::100]])} == {*servers}

        until(reached, what=f"port {port} is served by {servers}", every=0.1)


@contextmanager
def _site(at: Path, *statements: str) -> Iterator[Site]:
    with NetLab(Layout(arms=1)) as net:
        net.hold("lb1", VIP)
        net["client1"].run("ip", "route", "add", "local", _NETWORK, "dev", "lo")
        for name in ("lb1", "srv1", "srv2"):
            net[name].run("ip", "route", "add", _NETWORK, "via", net["client1"].ip)
        for n, node in enumerate(net.named("srv"), 1):
            names.start(node, f"EX{n}", *_PORTS)
        text = configuration.plain(*((f"R{port}", port) for port in _PORTS), timing=_TIMING)
        with running(net["lb1"], configuration.with_statements(text, "engine kernel", *statements), at) as balancer:
            clients = [str(client) for client in list(ip_network(_NETWORK).hosts())[:_CLIENTS]]
            yield Site(net, balancer, clients)


def test_no_client_of_four_thousand_is_split(open_directory: Path) -> None:
    """With one host's port closed all four services of a group leave it; with a port closed on each, all are served."""
    with _site(open_directory, _AFFINITY) as site:
        first = site.met()
        assert _split(first) == 0
        assert {*first[135]} == {"EX1", "EX2"}
        with site.net["srv1"].refusing(59532):
            for port in _PORTS:
                site.wait_met(port, "EX2")
            assert {name for found in site.met().values() for name in found} == {"EX2"}
            with site.net["srv2"].refusing(135):
                site.wait_met(135, "EX1")
                last = site.met()
                assert {port: {*found} for port, found in last.items() if port in (135, 59532)} == {
                    135: {"EX1"},
                    59532: {"EX2"},
                }
        for port in _PORTS:
            site.wait_met(port, "EX1", "EX2")
        assert site.met() == first


def test_without_a_group_one_service_moves_alone(open_directory: Path) -> None:
    """The hash is the table's, so that no client is split; a closed port moves its own service and no other."""
    with _site(open_directory) as site:
        first = site.met()
        assert _split(first) == 0
        with site.net["srv1"].refusing(59532):
            site.wait_met(59532, "EX2")
            moved = site.met()
            assert moved == first | {59532: ["EX2"] * _CLIENTS}
            with site.net["srv2"].refusing(135):
                site.wait_met(135, "EX1")
                assert site.met() == moved | {135: ["EX1"] * _CLIENTS}


def _split(met: dict[int, Sequence[str]]) -> int:
    """Return how many clients meet more than one server."""
    return sum(len({*servers}) > 1 for servers in zip(*met.values(), strict=True))
