"""What the machine has is told for people and for scripts."""

import json

from bascule.service.network import (
    AddressRow,
    InterfaceRow,
    Interfaces,
    RouteRow,
    Routes,
    ShowInterfaces,
    ShowRoutes,
    TrafficRow,
)
from cli.calling import PretendedConnection, call

ETH0 = InterfaceRow(
    name="eth0",
    state="up",
    mtu=1500,
    description="the office",
    zones=("internal",),
    addresses=(
        AddressRow(address="10.2.0.10/24"),
        AddressRow(address="10.2.0.50/24", virtual=True, ours=True, state="duplicate"),
    ),
    received=TrafficRow(bytes=2048, packets=2, errors=1, dropped=2),
    sent=TrafficRow(bytes=10, packets=1, errors=0, dropped=0),
)
ROUTES = (
    RouteRow(destination="default", gateway="10.2.0.1", interface="eth0", version=4, metric=1, by="bascule", router="out"),
    RouteRow(destination="10.9.0.0/16", kind="blackhole", version=4, metric=0, by="static"),
    RouteRow(destination="default", gateway="fe80::1", interface="eth0", version=6, metric=1024, by="ra"),
)


def test_interfaces_are_told_with_an_address_a_line() -> None:
    """Whose each address is, and what is wrong with it."""
    interfaces = Interfaces(interfaces=(ETH0, InterfaceRow(name="eth9", state="missing")))
    called = call("show", "interfaces", connection=PretendedConnection({ShowInterfaces: interfaces}))
    _, first, second, missing = called.out.splitlines()
    assert first.split() == [
        "eth0",
        "up",
        "10.2.0.10/24",
        "internal",
        "1500",
        "2.0",
        "KiB",
        "10",
        "B",
        "3",
        "the",
        "office",
    ]
    assert second.strip() == "10.2.0.50/24 (virtual, by Bascule) duplicate"
    assert missing.split() == ["eth9", "missing"]


def test_routes_are_told_with_who_made_them() -> None:
    """The default routes of both IP versions are told apart."""
    called = call("show", "routes", connection=PretendedConnection({ShowRoutes: Routes(routes=ROUTES)}))
    _, *rows = [line.split() for line in called.out.splitlines()]
    assert rows == [
        ["default", "10.2.0.1", "eth0", "1", "bascule", "out"],
        ["10.9.0.0/16", "blackhole", "0", "static"],
        ["default", "(IPv6)", "fe80::1", "eth0", "1024", "ra"],
    ]


def test_json_has_one_a_line() -> None:
    """With the field names that travel."""
    called = call(
        "show", "interfaces", "--json", connection=PretendedConnection({ShowInterfaces: Interfaces(interfaces=(ETH0,))})
    )
    assert json.loads(called.out)["addresses"][1]["virtual"] is True
    called = call("show", "routes", "--json", connection=PretendedConnection({ShowRoutes: Routes(routes=ROUTES)}))
    assert [json.loads(line)["by"] for line in called.out.splitlines()] == ["bascule", "static", "ra"]
