"""Routers: routes lead by the first gateway that is up, go over to the next, come back, and stay where none is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from bed.balancer import Balancer
from bed.clients import greeted
from bed.layout import Layout
from bed.netlab import NetLab
from bed.servers import echo
from bed.wait import until

pytestmark = pytest.mark.kernel

_FAR: Final = "192.0.2.1"
"""A place that both gateways lead to; who greets there is the gateway."""
_PORT: Final = 59532
_TEXT: Final = """
interface eth0 {
	address 10.80.0.2/16
}
load-balancer {
	interval 200ms
	table <gateways> {
		10.80.1.1 name "ISP1" ip ttl 1
		10.80.1.2 name "ISP2" ip ttl 1
	}
	router "uplinks" {
		route default
		route 198.51.100.0/24
		forward to <gateways> check icmp
	}
}
"""


class Place:
    """A balancer with two ways out."""

    def __init__(self, net: NetLab, at: Path) -> None:
        self.net = net
        self.balancer = Balancer(net["lb1"], _TEXT, at)

    def ways(self) -> dict[str, str]:
        """Return our routes by where they lead to: their gateways."""
        shown = json.loads(self.net["lb1"].run("ip", "-json", "-4", "route", "show", "proto", "181").stdout)
        return {route["dst"]: route["gateway"] for route in shown}

    def wait(self, gateway: str) -> None:
        """Wait until both routes lead by a gateway."""
        wanted = {"default": gateway, "198.51.100.0/24": gateway}
        until(lambda: self.ways() == wanted, within=20.0, what=f"routes lead by {gateway}", every=0.1)

    def far(self) -> str:
        """Return who greets far away."""
        with greeted(self.net["lb1"], "", _FAR, _PORT) as (_, name):
            return name

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return what `show routers` tells, by name."""
        lines = self.balancer.asked("show", "routers", "--json").stdout.splitlines()
        return {row["name"]: row for row in map(json.loads, lines)}

    def told(self) -> list[str]:
        """Return the words of all events about routers."""
        lines = map(json.loads, self.balancer.asked("show", "log", "--json").stdout.splitlines())
        return [event["words"] for event in lines if event["event"] == "router"]


@pytest.fixture
def place(open_directory: Path) -> Iterator[Place]:
    """Return a balancer that runs, whose gateways both lead far away."""
    with NetLab(Layout(arms=1, clients=2, servers=0)) as net:
        for number, node in enumerate(net.named("client"), 1):
            node.run("ip", "address", "add", f"{_FAR}/32", "dev", "lo")
            echo.start(node, f"ISP{number}", (_PORT,), open_directory)
        place = Place(net, open_directory)
        place.balancer.start()
        with place.balancer.cleared():
            yield place


def test_routes_go_over_and_come_back(place: Place) -> None:
    """A gateway that dies loses the routes to the next within its checks, and has them back when it lives."""
    first, second = place.net["client1"].ip, place.net["client2"].ip
    place.wait(first)
    assert place.far() == "ISP1"
    place.net["client1"].run("ip", "link", "set", "eth0", "down")
    place.wait(second)
    assert place.far() == "ISP2"
    status = place.balancer.command("status", check=False).stdout
    assert "router uplinks: gateway ISP1 (10.80.1.1) is down" in status
    rows = place.rows()
    assert (rows["uplinks"]["status"], rows["ISP1"]["status"], rows["ISP2"]["status"]) == ("active", "down", "up")
    assert (rows["ISP1"]["routes"], rows["ISP2"]["routes"]) == ([], ["0.0.0.0/0", "198.51.100.0/24"])
    place.net["client1"].run("ip", "link", "set", "eth0", "up")
    place.wait(first)
    assert place.balancer.command("status", check=False).stdout.startswith("ok")
    told = place.told()
    assert "router uplinks: route default leads by ISP2 (10.80.1.2) on eth0" in told
    assert told[-1] == "router uplinks: route 198.51.100.0/24 leads by ISP1 (10.80.1.1) on eth0"


def test_the_last_route_stays_where_no_gateway_is_up(place: Place) -> None:
    """It is said; a restart meanwhile changes nothing, and whoever lives first has the routes."""
    first, second = place.net["client1"].ip, place.net["client2"].ip
    place.wait(first)
    place.net["client1"].run("ip", "link", "set", "eth0", "down")
    place.wait(second)
    place.net["client2"].run("ip", "link", "set", "eth0", "down")
    until(lambda: any("no gateway is up" in words for words in place.told()), within=20.0, what="it is said")
    place.wait(second)
    place.balancer.kill()
    place.balancer.start()
    place.wait(second)
    until(
        lambda: "no gateway is up: route default stays with ISP2" in place.balancer.command("status", check=False).stdout,
        within=20.0,
        what="status says so",
        every=0.2,
    )
    place.wait(second)
    place.net["client1"].run("ip", "link", "set", "eth0", "up")
    place.wait(first)


def test_a_route_that_somebody_takes_is_there_again_and_goes_with_us(place: Place) -> None:
    """Drift of a router's route is mended as that of any; `clear` takes the routes away."""
    place.wait(place.net["client1"].ip)
    place.net["lb1"].run("ip", "route", "del", "default")
    place.wait(place.net["client1"].ip)
    place.balancer.command("clear")
    assert place.ways() == {}


def test_a_router_takes_over_from_a_route_of_the_text(place: Place) -> None:
    """Where a text writes a router in the place of a route, the route stays until a gateway is known to be up."""
    place.wait(place.net["client1"].ip)
    text = _TEXT.replace("\taddress 10.80.0.2/16\n", "\taddress 10.80.0.2/16\n\troute default 10.80.1.2\n")
    without = text[: text.index("load-balancer")]
    place.balancer.configuration.write_text(without, encoding="utf-8")
    place.balancer.command("reload")
    assert place.ways() == {"default": place.net["client2"].ip}
    place.net["client1"].run("ip", "link", "set", "eth0", "down")
    place.balancer.configuration.write_text(_TEXT, encoding="utf-8")
    place.balancer.command("reload")
    assert place.ways()["default"] == place.net["client2"].ip
    place.wait(place.net["client2"].ip)
