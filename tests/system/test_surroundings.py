"""Interfaces and routes as they are: in a namespace where they are known."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

import pytest

from bascule.system.surroundings import interface_states, route_states
from bed.layout import VIP, Layout
from bed.netlab import NetLab


@pytest.mark.kernel
def test_interfaces_with_traffic_and_routes_with_their_makers(lab: Callable[[Layout], NetLab]) -> None:
    """Every hop of a route that has several, and routes that lead nowhere."""
    net = lab(Layout(arms=1, servers=1))
    node = net["lb1"]
    net.hold("lb1", VIP)
    node.run("ip", "link", "set", "eth0", "alias", "the office")
    for route in (
        "default via 10.80.1.1 proto dhcp metric 100",
        "192.0.2.0/24 via 10.80.1.1 proto 181 metric 1",
        "198.51.100.0/24 nexthop via 10.80.1.1 nexthop via 10.80.2.1",
        "blackhole 203.0.113.0/24 proto 99",
    ):
        node.run("ip", "route", "add", *route.split())
    node.run("ping", "-c1", "-W1", "10.80.1.1", check=False)
    node.run("ip", "link", "set", "lo", "down")
    with node.entered():
        states = {state.name: state for state in interface_states()}
        routes = {(str(route.destination), str(route.gateway)): route for route in route_states()}
    eth0 = states["eth0"]
    assert (eth0.up, eth0.carrier, eth0.alias, eth0.mtu) == (True, True, "the office", 1500)
    assert eth0.sent.packets > 0
    assert eth0.sent.bytes > 0
    assert ip_address(VIP) in {held.address.ip for held in eth0.addresses}
    assert not states["lo"].up
    assert routes["0.0.0.0/0", "10.80.1.1"].protocol == "dhcp"
    assert routes["192.0.2.0/24", "10.80.1.1"].protocol == "bascule"
    assert ("198.51.100.0/24", "10.80.2.1") in routes
    assert (routes["203.0.113.0/24", "None"].kind, routes["203.0.113.0/24", "None"].protocol) == ("blackhole", "99")
    assert any(route.destination == ip_network("10.80.0.0/16") and route.protocol == "kernel" for route in routes.values())
