"""What is doubtful about interfaces is said before anything is given to them."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

from bascule.config.diagnose import diagnose
from bascule.config.facts import Facts, RouteFacts
from plan.situations import configured, machine

TEXT = """
interface eth0 {
	address 10.80.0.2/16
	address 10.80.0.10/16 virtual
	address 10.80.0.11/16 virtual unmanaged
	route default 10.80.0.1
}
"""
MACHINE = machine(("eth0", ("10.80.0.2/16",)))


def said(facts: Facts) -> list[str]:
    """Return what is said of the text."""
    return [diagnostic.message for diagnostic in diagnose(configured(TEXT), facts)]


def routed(gateway: str, metric: int = 0) -> Facts:
    """Return the machine with a default route by this gateway."""
    way = RouteFacts(destination=ip_network("0.0.0.0/0"), interface="eth0", metric=metric, gateway=ip_address(gateway))
    return replace(MACHINE, routes=(*MACHINE.routes, way))


def test_an_address_that_lacks_is_given_and_nothing_is_said() -> None:
    """Nor of a route that is there, or that ours takes the place of."""
    assert said(MACHINE) == []
    assert said(routed("10.80.0.1")) == []
    assert said(routed("10.80.0.254", metric=100)) == []


def test_who_may_not_give_it_is_told() -> None:
    """Of the address that lacks alone; somebody else's is somebody else's."""
    facts = replace(MACHINE, no_addressing="this user may not change addresses and routes")
    assert said(facts) == ["10.80.0.10 is not on this machine, and this user may not change addresses and routes"]


def test_a_route_in_the_way_is_named() -> None:
    """Since it stays in effect."""
    assert said(routed("10.80.0.254")) == ["this machine has a route default by 10.80.0.254, which stays in effect"]
