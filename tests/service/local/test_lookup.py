"""Whom an operator means by a name."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from bascule.plan.orders import Duty, Order, Orders
from bascule.service.failures import OperationFailed
from bascule.service.local.lookup import hosts_named
from service.local.situations import planned

BOTH_VERSIONS = """
load-balancer {
	table <web> {
		10.80.2.1 name "EX1"
	}
	table <web6> {
		fd80::2:1 name "EX1"
	}
	table <mail> {
		10.80.2.3 name "MB1"
	}
	relay "HTTPS" {
		listen on 10.80.0.10 port 443
		forward to <web> check tcp
	}
	relay "HTTPS6" {
		listen on fd80::10 port 443
		forward to <web6> check tcp
	}
	relay "IMAP" {
		listen on 10.80.0.10 port 143
		forward to <mail> check imap
	}
}
"""
PLAN = planned(BOTH_VERSIONS)


def test_a_name_means_every_address_of_the_host() -> None:
    """A host of both IP versions is drained as a whole."""
    assert list(hosts_named(PLAN, Orders(), "EX1", "")) == [ip_address("10.80.2.1"), ip_address("fd80::2:1")]


def test_a_name_in_the_dns_means_every_host_that_it_stands_for() -> None:
    """Each of them has its own label, too."""
    plan = planned(
        BOTH_VERSIONS.replace('10.80.2.1 name "EX1"', '10.80.2.1 name "EX/10.80.2.1"\n10.80.2.2 name "EX/10.80.2.2"')
    )
    both = [ip_address("10.80.2.1"), ip_address("10.80.2.2")]
    assert list(hosts_named(plan, Orders(), "EX", "")) == both
    assert list(hosts_named(plan, Orders(), "EX/10.80.2.2", "")) == both[1:]


@pytest.mark.parametrize("relay", ["", "HTTPS6"])
def test_an_address_means_itself(relay: str) -> None:
    """It comes back with what people call it."""
    assert hosts_named(PLAN, Orders(), "fd80::2:1", relay) == {ip_address("fd80::2:1"): "EX1"}


@pytest.mark.parametrize(
    ("host", "relay", "message"),
    [
        ("MB2", "", "no table has a host MB2 (did you mean MB1?)"),
        ("mb1", "", "no table has a host mb1 (did you mean MB1?)"),
        ("10.80.2.30", "", "no table has a host 10.80.2.30 (did you mean 10.80.2.3?)"),
        ("quite-another", "", "no table has a host quite-another"),
        ("MB1", "HTTPS", "relay HTTPS has no host MB1"),
        ("MB1", "IMAPS", "there is no relay IMAPS (did you mean IMAP?)"),
    ],
)
def test_what_is_not_there_is_refused_with_the_nearest_name(host: str, relay: str, message: str) -> None:
    """An order about the wrong host is worse than none."""
    with pytest.raises(OperationFailed) as failed:
        hosts_named(PLAN, Orders(), host, relay)
    assert str(failed.value) == message


def test_a_host_that_left_the_text_can_still_be_enabled() -> None:
    """Its order is known by name, address and relay."""
    since = datetime(2026, 3, 1, tzinfo=UTC)
    gone = Order(host=ip_address("10.80.2.9"), name="OLD", relay="OWA", duty=Duty.DRAINED, by="bob", since=since)
    assert hosts_named(PLAN, Orders().after(gone), "OLD", "OWA") == {gone.host: "OLD"}
