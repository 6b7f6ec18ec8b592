"""What the machine has is told apart from what the configuration says that it shall have."""

from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network

from bascule.config.load import load
from bascule.config.model import Configuration
from bascule.plan.model import Gateway, Plan, RouterPlan
from bascule.service.local.network_rows import interface_rows, route_rows
from bascule.service.network import AddressRow
from bascule.system.surroundings import HeldAddress, InterfaceState, RouteState, Traffic

TEXT = b"""
interface eth0 { address 10.2.0.10/24; address 10.2.0.50/24 virtual; address 10.2.0.51/24 virtual }
interface eth9 { address 10.9.0.1/24; description "the dmz" }
firewall { zone internal { interface eth0 } }
"""
LO = InterfaceState(name="lo", up=True, carrier=True, mtu=65536, hardware="00:00:00:00:00:00")


def _configuration() -> Configuration:
    loaded = load(TEXT)
    assert loaded.configuration is not None, loaded.diagnostics
    return loaded.configuration


def test_whose_an_address_is() -> None:
    """By the text, and by what Bascule gave; what should be there and is not is told too."""
    state = InterfaceState(
        name="eth0",
        up=True,
        carrier=False,
        mtu=1500,
        hardware="02:00:00:00:00:01",
        addresses=(
            HeldAddress(address=ip_interface("10.2.0.10/24")),
            HeldAddress(address=ip_interface("10.2.0.50/24"), duplicated=True),
            HeldAddress(address=ip_interface("fe80::1/64"), tentative=True),
        ),
        received=Traffic(bytes=5),
    )
    given = frozenset({("eth0", ip_interface("10.2.0.50/24"))})
    eth0, eth9, lo = interface_rows([LO, state], _configuration(), given).interfaces
    assert (eth0.state, eth0.zones, eth0.received and eth0.received.bytes) == ("no carrier", ("internal",), 5)
    assert eth0.addresses == (
        AddressRow(address="10.2.0.10/24"),
        AddressRow(address="10.2.0.50/24", virtual=True, ours=True, state="duplicate"),
        AddressRow(address="fe80::1/64", state="tentative"),
        AddressRow(address="10.2.0.51/24", virtual=True, state="missing"),
    )
    assert (eth9.state, eth9.description, eth9.addresses) == (
        "missing",
        "the dmz",
        (AddressRow(address="10.9.0.1/24", state="missing"),),
    )
    assert (lo.name, lo.hardware) == ("lo", "")


def test_a_route_of_a_router_names_it() -> None:
    """Only where it is ours, to where the router's lead, by one of its gateways."""
    gateway = Gateway(address=ip_address("10.2.0.1"), label="first", interface="eth0")
    router = RouterPlan(name="out", destinations=(ip_network("0.0.0.0/0"),), gateways=(gateway,))
    way = RouteState(destination=ip_network("0.0.0.0/0"), interface="eth0", gateway=ip_address("10.2.0.1"))
    states = [
        RouteState(destination=ip_network("2001:db8::/32"), kind="unreachable", protocol="static"),
        replace(way, metric=1, protocol="bascule"),
        replace(way, metric=100, protocol="dhcp"),
    ]
    rows = route_rows(states, Plan(routers=(router,))).routes
    assert [(row.destination, row.by, row.router) for row in rows] == [
        ("default", "bascule", "out"),
        ("default", "dhcp", ""),
        ("2001:db8::/32", "static", ""),
    ]
