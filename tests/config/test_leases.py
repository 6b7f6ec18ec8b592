"""What `address dhcp` stands for."""

from dataclasses import replace
from ipaddress import ip_address, ip_interface

from bascule.config.diagnose import diagnose
from bascule.config.facts import Facts, InterfaceFacts
from bascule.config.leases import with_leases
from bascule.config.load import load
from bascule.config.model import Configuration
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.model import Endpoint, PlannedAddress

TEXT = """
interface eth0 {
	address dhcp
	address 10.80.0.10/16 virtual
}
load-balancer {
	table <exchange> { 10.80.2.1 }
	relay "HTTPS" {
		listen on port 443
		forward to <exchange> check tcp
	}
}
"""
LEASE, VIRTUAL, FORMER = (ip_interface(f"10.80.0.{number}/16") for number in (7, 10, 11))


def configured(text: str = TEXT) -> Configuration:
    """Return what a text means."""
    configuration = load(text).configuration
    assert configuration is not None
    return configuration


def machine(*addresses: str) -> Facts:
    """Return a machine that holds these on eth0, and another on eth1."""
    held = tuple(ip_interface(address) for address in addresses)
    other = InterfaceFacts(name="eth1", addresses=(ip_interface("192.168.5.2/24"),))
    return Facts(interfaces=(InterfaceFacts(name="eth0", addresses=held), other))


def listens(facts: Facts) -> list[str]:
    """Return where the relay listens."""
    plan = compile_plan(configured(), Situation(facts=facts))
    return [str(end.address) for relay in plan.relays for end in relay.listens]


def said(facts: Facts, text: str = TEXT) -> list[tuple[str, str]]:
    """Return what `check` says."""
    return [(one.severity.value, one.message) for one in diagnose(configured(text), facts)]


def test_it_is_what_the_interface_has_and_nobody_else_gave() -> None:
    """Neither what the text names, nor what Bascule gave by an earlier text, nor link-local ones."""
    facts = replace(
        machine("10.80.0.7/16", "10.80.0.10/16", "10.80.0.11/16", "fe80::1/64"), given=frozenset({("eth0", FORMER)})
    )
    (interface,) = with_leases(configured(), facts).interfaces
    assert [(line.address, line.leased, line.virtual) for line in interface.addresses] == [
        (VIRTUAL, False, True),
        (LEASE, True, False),
    ]
    once = with_leases(configured(), facts)
    assert with_leases(once, facts) == once
    assert with_leases(once, machine()).interfaces == configured().interfaces


def test_it_counts_as_named_and_is_never_given_or_taken() -> None:
    """`listen on port` means it, and not addresses of interfaces without a block."""
    facts = machine("10.80.0.7/16")
    assert listens(facts) == ["10.80.0.10", "10.80.0.7"]
    network = compile_plan(configured(), Situation(facts=facts)).network
    assert network.addresses == (PlannedAddress("eth0", VIRTUAL),)
    assert network.left == {PlannedAddress("eth0", LEASE)}
    assert not said(facts)


def test_while_there_is_none() -> None:
    """It is said, what else is named is there, and nothing else takes its place."""
    assert listens(machine()) == ["10.80.0.10"]
    assert said(machine()) == [("warning", "interface eth0 has no address by DHCP now")]
    alone = TEXT.replace("\taddress 10.80.0.10/16 virtual\n", "")
    assert compile_plan(configured(alone), Situation(facts=machine())).relays == ()


def test_an_address_that_may_come_by_dhcp_is_no_mistake() -> None:
    """A text that names the lease by its address is loaded while it is not there."""
    text = TEXT.replace("listen on port", "listen on 10.80.0.7 port")
    assert said(machine("10.80.0.7/16"), text) == []
    severities = {severity for severity, _ in said(machine(), text)}
    assert severities == {"warning"}
    plan = compile_plan(configured(text), Situation(facts=machine()))
    assert plan.relays[0].listens == (Endpoint(ip_address("10.80.0.7"), 443),)


def test_dhcp_stands_once_and_alone() -> None:
    """Twice is a mistake, and so is an option that makes no sense."""
    for wrong in ("address dhcp\n\taddress dhcp", "address dhcp virtual"):
        assert load(TEXT.replace("address dhcp", wrong)).configuration is None
