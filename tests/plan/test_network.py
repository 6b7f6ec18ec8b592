"""What interfaces shall have, and what the rest of a plan may count on."""

from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network

from bascule.config.facts import RouteFacts
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.model import LinkPlan, PlannedAddress, PlannedRoute
from bascule.plan.network import network_plan, promised
from plan.situations import ONE_ARM, balancer, configured, machine, relay, sources

TEXT = """
interface eth0 {
	address 10.80.0.2/16
	address 10.80.0.10/16 virtual
	address 10.80.0.11/16 virtual unmanaged
	route default 10.80.0.1
	route default fd80::1
	route 198.51.100.0/24 10.80.0.99
	mtu 1400
	description "mail"
}
interface eth9 {
	address 192.0.2.1/24
}
"""
BARE = machine(("eth0", ("10.80.0.2/16",)))


def test_interfaces_that_are_here_get_what_is_written() -> None:
    """But for what somebody else keeps; the one that is not here gets nothing."""
    plan = network_plan(configured(TEXT), BARE, {"a": "b"})
    assert plan.sysctls == {"a": "b"}
    assert plan.links == {"eth0": LinkPlan(mtu=1400, alias="mail")}
    assert [str(address) for address in plan.addresses] == ["10.80.0.2/16 on eth0", "10.80.0.10/16 on eth0"]
    assert [str(route) for route in plan.routes] == [
        "route default by 10.80.0.1 on eth0",
        "route default by fd80::1 on eth0",
        "route 198.51.100.0/24 by 10.80.0.99 on eth0",
    ]
    assert plan.changeable


def test_who_may_not_plans_nothing() -> None:
    """And counts on nothing."""
    facts = replace(BARE, no_addressing="this user may not")
    plan = network_plan(configured(TEXT), facts, {})
    assert (plan.addresses, plan.routes, plan.links, plan.changeable) == ((), (), {}, False)
    assert promised(configured(TEXT), facts) == facts


def test_the_machine_as_it_will_be() -> None:
    """New addresses with the networks they bring, and new routes; what is there stays as it is."""
    seen = promised(configured(TEXT), BARE)
    eth0 = seen.interface("eth0")
    assert eth0 is not None
    assert eth0.addresses == (ip_interface("10.80.0.2/16"), ip_interface("10.80.0.10/16"))
    assert seen.routes[: len(BARE.routes)] == BARE.routes
    far = RouteFacts(
        destination=ip_network("198.51.100.0/24"), interface="eth0", metric=1, gateway=ip_address("10.80.0.99")
    )
    assert far in seen.routes
    assert promised(configured(TEXT), seen) == seen


def test_a_first_plan_is_that_of_a_machine_that_has_it_all() -> None:
    """A relay speaks to its hosts from the same address whether it is there already or comes with it."""
    block = "interface eth0 {\n\taddress 10.80.0.2/16\n\taddress 10.80.0.10/16 virtual\n}\n"
    text = block + balancer(relay("HTTPS", listen=["10.80.0.10 port 443"]))
    empty, full = machine(("eth0", ())), machine(("eth0", ("10.80.0.2/16", "10.80.0.10/16")))
    first, later = (compile_plan(configured(text), Situation(facts=facts)) for facts in (empty, full))
    assert sources(first) == sources(later)
    assert (first.own, first.probes) == (later.own, later.probes)


def test_what_is_planned_is_compared_without_its_place() -> None:
    """The same lines in another order of blocks are the same addresses and routes."""
    plan = network_plan(configured(TEXT), ONE_ARM, {})
    assert PlannedAddress("eth0", ip_interface("10.80.0.10/16")) in plan.addresses
    assert PlannedRoute("eth0", ip_network("0.0.0.0/0"), ip_address("10.80.0.1")) in plan.routes
