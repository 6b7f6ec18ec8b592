"""Neighbours are asked and told on a real segment."""

import json
from collections.abc import Callable
from ipaddress import ip_address

import pytest

from bascule.system.announce import EthernetNeighbours
from bascule.system.errors import MachineError
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.wait import until

pytestmark = pytest.mark.kernel


def hardware(node: Node) -> str:
    """Return the hardware address of a node's eth0."""
    shown = json.loads(node.run("ip", "-json", "link", "show", "dev", "eth0").stdout)
    found: str = shown[0]["address"]
    return found


def known(node: Node, address: str) -> str:
    """Return the hardware address that a node knows for an address."""
    shown = json.loads(node.run("ip", "-json", "neighbour", "show", address).stdout)
    return next((row.get("lladdr", "") for row in shown), "")


@pytest.mark.parametrize("address", [VIP, VIP6])
def test_who_knew_an_address_elsewhere_learns_where_it_is(lab: Callable[[Layout], NetLab], address: str) -> None:
    """At once, of both IP versions: what it knew is overwritten."""
    net = lab(Layout(arms=1, lbs=2, servers=1))
    client, before, now = net["client1"], net["lb2"], net["lb1"]
    net.hold("lb2", address)
    until(lambda: client.run("ping", "-c1", "-W1", address, check=False).returncode == 0, what="the first node answers")
    assert known(client, address) == hardware(before)
    net.release("lb2", address)
    net.hold("lb1", address)
    with now.entered():
        EthernetNeighbours().announce("eth0", ip_address(address))
    until(lambda: known(client, address) == hardware(now), within=1, what="the client knows the second node")


def test_who_has_an_address_answers(lab: Callable[[Layout], NetLab]) -> None:
    """With its hardware address; one that nobody has is not in the answer, nor one of our own."""
    net = lab(Layout(arms=1, lbs=2, servers=1))
    net.hold("lb2", VIP)
    asked = [ip_address(address) for address in (VIP, "10.80.0.99", net["lb1"].ip, VIP6)]
    with net["lb1"].entered():
        assert EthernetNeighbours().holders("eth0", asked) == {ip_address(VIP): hardware(net["lb2"])}


def test_where_there_is_nobody_nothing_is_said(lab: Callable[[Layout], NetLab]) -> None:
    """Loopback has no neighbours; an interface that is not there is an error with a name."""
    net = lab(Layout(arms=1, servers=1))
    with net["lb1"].entered():
        neighbours = EthernetNeighbours()
        assert neighbours.holders("lo", [ip_address(VIP)]) == {}
        neighbours.announce("lo", ip_address(VIP))
        with pytest.raises(MachineError, match=r"tell the segment of eth9 that 10\.80\.0\.10 is here: No such device"):
            neighbours.announce("eth9", ip_address(VIP))
