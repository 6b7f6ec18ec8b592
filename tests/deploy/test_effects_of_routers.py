"""What a deployment says of routers."""

from ipaddress import ip_address, ip_network

from bascule.deploy.effects import effects
from bascule.deploy.effects_of_routers import effects_of_routers
from bascule.plan.model import Gateway, NetworkPlan, Plan, PlannedRoute, RouterPlan

DSL = Gateway(address=ip_address("10.2.0.1"), label="DSL", interface="eth0")
CABLE = Gateway(address=ip_address("10.3.0.1"), label="10.3.0.1", interface="eth1")


def router(*gateways: Gateway, to: tuple[str, ...] = ("0.0.0.0/0",)) -> RouterPlan:
    """Return a router."""
    return RouterPlan(name="out", destinations=tuple(map(ip_network, to)), gateways=gateways)


def said(before: RouterPlan | None, after: RouterPlan | None) -> list[str]:
    """Return what is said of one in the place of another."""
    return [*effects_of_routers([before] if before else [], [after] if after else [])]


def test_a_new_router_is_told_with_its_gateways_in_their_order() -> None:
    """Whether they are up or not is another matter."""
    assert said(None, router(DSL, CABLE)) == [
        "router out is new: packets for everywhere else (IPv4) leave by DSL (10.2.0.1), while that is down by 10.3.0.1"
    ]
    assert said(None, router()) == ["router out is new, and has no gateway in a network of this machine: it makes no route"]


def test_what_changes_in_a_router_is_told() -> None:
    """Routes, gateways and their order; nothing where nothing does."""
    assert said(router(DSL, CABLE), None) == [
        "router out is gone: it leads packets for everywhere else (IPv4) nowhere any more"
    ]
    assert said(router(DSL, CABLE), router(CABLE, DSL)) == [
        "packets of router out leave by 10.3.0.1, while that is down by DSL (10.2.0.1)"
    ]
    assert said(router(DSL, to=("192.0.2.0/24",)), router(DSL, to=("198.51.100.0/24", "203.0.113.0/24"))) == [
        "router out leads packets for 192.0.2.0/24 nowhere any more",
        "router out leads packets for 198.51.100.0/24 and 203.0.113.0/24 as well",
    ]
    assert said(router(DSL), router(DSL)) == []


def test_its_routes_are_not_told_twice() -> None:
    """As routes of the machine and of the router."""
    route = PlannedRoute(interface="eth0", destination=ip_network("0.0.0.0/0"), gateway=DSL.address)
    after = Plan(network=NetworkPlan(routes=(route,)), routers=(router(DSL),))
    assert [*effects(Plan(), after, {})] == [*said(None, router(DSL))]
