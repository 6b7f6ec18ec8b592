"""The bed's own networks do what the tests that stand on them believe."""

import os
import time
from collections.abc import Callable

import pytest

from bed.layout import OUTSIDE_GW, VIP, Layout
from bed.netlab import NetLab, leftovers

pytestmark = pytest.mark.kernel


def test_outside_clients_reach_the_front_through_a_router(lab: Callable[[Layout], NetLab]) -> None:
    """A client of another network reaches a server, over IPv4 and IPv6, by way of the router."""
    net = lab(Layout(arms=1, outside=1))
    for address in (net["srv1"].ip, net["srv1"].ip6):
        net["outside1"].run("ping", "-c", "1", "-W", "2", address)
    assert f"via {OUTSIDE_GW[0]}" in net["outside1"].run("ip", "route", "get", net["srv1"].ip).stdout


def test_a_two_armed_network_has_no_way_past_the_balancer(lab: Callable[[Layout], NetLab]) -> None:
    """Clients do not reach the servers' network by themselves: the balancer stands between."""
    net = lab(Layout(arms=2))
    assert net["client1"].run("ping", "-c", "1", "-W", "1", net["srv1"].ip, check=False).returncode != 0


def test_addresses_are_held_and_released(lab: Callable[[Layout], NetLab]) -> None:
    """An address answers while a node holds it, and no longer."""
    net = lab(Layout(arms=1))
    net.hold("lb1", VIP)
    net["client1"].run("ping", "-c", "1", "-W", "2", VIP)
    net.release("lb1", VIP)
    assert net["client1"].run("ping", "-c", "1", "-W", "1", VIP, check=False).returncode != 0


def test_a_cable_that_is_cut_carries_nothing_until_it_is_plugged(lab: Callable[[Layout], NetLab]) -> None:
    """A cut cable loses packets, and the node is as before once it is back."""
    net = lab(Layout(arms=1))
    ping = ("ping", "-c", "1", "-W", "1", net["srv1"].ip)
    net.cut("srv1")
    assert net["client1"].run(*ping, check=False).returncode != 0
    net.plug("srv1")
    net["client1"].run("ping", "-c", "1", "-W", "5", net["srv1"].ip)


@pytest.mark.skipif(not os.access("/dev/net/tun", os.W_OK), reason="not on this machine: no right to /dev/net/tun")
def test_a_slow_cable_delays_each_packet(lab: Callable[[Layout], NetLab]) -> None:
    """20 ms each way makes a round trip of at least 40."""
    net = lab(Layout(arms=1))
    net.delay("client1", 20)
    ping = ("ping", "-c", "1", "-W", "5", net["srv1"].ip)
    net["client1"].run(*ping)  # the first packet also asks for the neighbour
    begun = time.monotonic()
    net["client1"].run(*ping)
    assert time.monotonic() - begun >= 0.04


def test_nothing_is_left_behind() -> None:
    """A network takes its namespaces along, and what runs in them."""
    with NetLab() as net:
        process = net["srv1"].popen(["sleep", "60"])
        assert leftovers(net.prefix)
    assert process.poll() is not None
    assert leftovers(net.prefix) == []
