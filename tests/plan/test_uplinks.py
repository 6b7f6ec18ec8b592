"""Who has the routes of a router."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.model import HostState, Plan, PlannedRoute, ProbeTarget
from bascule.plan.slots import Rankings
from bascule.plan.uplinks import led_by
from plan.situations import ONE_ARM, ONE_ARM_BLOCK, configured

TEXT = (
    ONE_ARM_BLOCK
    + """
load-balancer {
	table <gateways> {
		10.80.1.1 name "ISP1" ip ttl 1 retry 4
		10.80.1.2 name "ISP2"
		10.99.0.1 name "FAR"
		fd80::1:1 name "SIX"
	}
	router "uplinks" {
		route default
		route 198.51.100.0/24
		forward to <gateways> check icmp
	}
}
"""
)
DEFAULT, DEFAULT6, BRANCH = ip_network("0.0.0.0/0"), ip_network("::/0"), ip_network("198.51.100.0/24")


def planned(text: str = TEXT, *led: PlannedRoute, no_addressing: str = "") -> Plan:
    """Return a plan on a machine with one arm, before any gateway was asked."""
    facts = replace(ONE_ARM, no_addressing=no_addressing)
    return compile_plan(configured(text), Situation(facts=facts, led=frozenset(led)))


def states(plan: Plan, **said: HostState) -> dict[ProbeTarget, HostState]:
    """Return what the checks say of gateways."""
    gateways = [gateway for router in plan.routers for gateway in router.gateways]
    return {gateway.target: said[gateway.label] for gateway in gateways if gateway.target and gateway.label in said}


def led(plan: Plan) -> dict[str, str]:
    """Return the routes of a plan: where they lead, by whom."""
    return {route.name: str(route.gateway) for route in plan.network.routes}


def asked(plan: Plan, **said: HostState) -> Plan:
    """Return the plan after its gateways were asked."""
    return redeal(plan, states(plan, **said), Rankings())


UP, DOWN = HostState.UP, HostState.DOWN


def test_the_first_that_is_up() -> None:
    """In the order of the table, by IP version, and back when it lives again."""
    plan = planned()
    assert led(plan) == {}
    second = asked(plan, ISP2=UP, SIX=UP)
    assert [(str(route.destination), str(route.gateway)) for route in second.network.routes] == [
        ("0.0.0.0/0", "10.80.1.2"),
        ("::/0", "fd80::1:1"),
        ("198.51.100.0/24", "10.80.1.2"),
    ]
    assert {route.interface for route in second.network.routes} == {"eth0"}
    first = asked(second, ISP1=UP, ISP2=UP)
    assert led(first)["198.51.100.0/24"] == "10.80.1.1"
    assert led(asked(first, ISP1=DOWN, ISP2=UP))["198.51.100.0/24"] == "10.80.1.2"


def test_while_none_is_up_the_last_stays() -> None:
    """Whoever it was, in the plan before or on the machine; it goes when another is up."""
    plan = asked(asked(planned(), ISP2=UP), ISP1=DOWN, ISP2=DOWN, SIX=DOWN)
    assert led(plan) == {"default": "10.80.1.2", "198.51.100.0/24": "10.80.1.2"}
    stranger = PlannedRoute("eth0", DEFAULT, ip_address("10.80.1.9"))
    kept = planned(TEXT, stranger)
    assert kept.network.routes == (stranger,)
    assert led(asked(kept, ISP1=UP))["default"] == "10.80.1.1"
    assert led_by(kept.routers, kept.network.routes) == frozenset()
    assert led_by(plan.routers, plan.network.routes) == states(plan, ISP2=UP).keys()


def test_what_is_asked() -> None:
    """Gateways of our own networks alone, from our own address, with their time to live and patience."""
    plan = planned()
    assert [gateway.label for gateway in plan.routers[0].gateways] == ["ISP1", "ISP2", "SIX"]
    probes = {str(probe.target.endpoint.address): probe for probe in plan.probes}
    assert list(probes) == ["10.80.1.1", "10.80.1.2", "fd80::1:1"]
    first = probes["10.80.1.1"]
    assert (first.target.ttl, first.target.timing.fall, str(first.source)) == (1, 5, "10.80.0.2")
    assert probes["10.80.1.2"].target.ttl is None


def test_without_a_check_the_first_has_them() -> None:
    """It counts as up."""
    plan = planned(TEXT.replace(" check icmp", ""))
    assert led(plan)["198.51.100.0/24"] == "10.80.1.1"
    assert not plan.probes


def test_routes_that_are_not_ours_to_make() -> None:
    """No gateway is asked for nothing; a router that is disabled, or whose table is, has no route."""
    assert planned(no_addressing="this user may not").routers == ()
    assert planned(TEXT.replace('router "uplinks" {', 'router "uplinks" {\n disable')).routers == ()
    (router,) = planned(TEXT.replace("table <gateways> {", "table <gateways> {\n disable")).routers
    assert router.gateways == ()


def test_routes_of_interfaces_stay() -> None:
    """A router has its own destinations alone."""
    text = TEXT.replace("address fd80::2/64", "address fd80::2/64\n route 203.0.113.0/24 10.80.1.7")
    assert led(asked(planned(text), ISP1=UP)) == {
        "203.0.113.0/24": "10.80.1.7",
        "default": "10.80.1.1",
        "198.51.100.0/24": "10.80.1.1",
    }
