"""What administrators order of hosts, and what it makes of what the checks say."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.plan.compile import ordered, redeal
from bascule.plan.model import Endpoint, HostState, PoolHost, ProbeTarget
from bascule.plan.orders import Duty, Order, Orders
from bascule.plan.slots import Rankings
from service.local.situations import all_up, planned, target

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EX1, EX2 = ip_address("10.80.2.1"), ip_address("10.80.2.2")


def order(duty: Duty, relay: str = "", *, host: str = "10.80.2.1", seconds: float | None = None) -> Order:
    """Return an order about a host, EX1 where nothing is said."""
    until = None if seconds is None else NOW + timedelta(seconds=seconds)
    return Order(host=ip_address(host), name="EX1", relay=relay, duty=duty, by="alice", since=NOW, until=until)


def test_one_relays_order_counts_before_that_of_all() -> None:
    """Drained everywhere, but disabled for mail: mail's clients are sent away."""
    orders = Orders().after(order(Duty.DRAINED)).after(order(Duty.DISABLED, "IMAP"))
    assert (orders.duty(EX1, "HTTPS"), orders.duty(EX1, "IMAP"), orders.duty(EX2, "IMAP")) == (
        Duty.DRAINED,
        Duty.DISABLED,
        Duty.SERVES,
    )


def test_an_order_about_all_relays_replaces_those_about_one() -> None:
    """Who says everywhere means everywhere."""
    orders = Orders().after(order(Duty.DISABLED, "IMAP")).after(order(Duty.DRAINED))
    assert orders.duty(EX1, "IMAP") is Duty.DRAINED
    assert list(orders.after(order(Duty.SERVES))) == []


def test_a_host_may_serve_one_relay_while_it_is_out_of_the_others() -> None:
    """Enabled in one relay it is there alone; an exception without a rule is not kept."""
    orders = Orders().after(order(Duty.DRAINED)).after(order(Duty.SERVES, "IMAP"))
    assert (orders.duty(EX1, "IMAP"), orders.duty(EX1, "HTTPS")) == (Duty.SERVES, Duty.DRAINED)
    assert orders.of(EX1, "IMAP") is None
    assert list(Orders().after(order(Duty.SERVES, "IMAP"))) == []


def test_an_order_that_ends_takes_its_exceptions_along() -> None:
    """What stood for one relay goes on to stand; an exception from nothing does not."""
    everywhere = order(Duty.DISABLED, seconds=60)
    mail = order(Duty.DRAINED, "IMAP")
    orders = Orders().after(everywhere).after(order(Duty.SERVES, "HTTPS")).after(mail)
    assert orders.due(NOW + timedelta(seconds=59)) == []
    assert orders.due(NOW + timedelta(seconds=60)) == [everywhere]
    assert list(orders.without(everywhere)) == [mail]


def test_an_order_that_changes_keeps_its_exceptions() -> None:
    """A drain whose time is over goes on to drain, but where the host was enabled."""
    drain = order(Duty.DRAINED, seconds=60)
    orders = Orders().after(drain).after(order(Duty.SERVES, "IMAP")).instead(drain, order(Duty.DRAINED))
    assert (orders.duty(EX1, "HTTPS"), orders.duty(EX1, "IMAP")) == (Duty.DRAINED, Duty.SERVES)
    assert orders.due(NOW + timedelta(days=400)) == []


@given(
    st.lists(
        st.builds(
            order,
            st.sampled_from(Duty),
            st.sampled_from(["", "HTTPS", "IMAP"]),
            host=st.sampled_from(["10.80.2.1", "10.80.2.2"]),
        ),
        max_size=12,
    )
)
def test_the_last_word_about_a_place_counts(given_orders: list[Order]) -> None:
    """Whatever was said before: a host's duty in a relay is that of the last order about it there or everywhere."""
    orders = Orders()
    for each in given_orders:
        orders = orders.after(each)
    for host in (EX1, EX2):
        for relay in ("HTTPS", "IMAP"):
            said = [each.duty for each in given_orders if each.host == host and each.relay in {"", relay}]
            assert orders.duty(host, relay) is (said[-1] if said else Duty.SERVES)


@pytest.mark.parametrize(
    ("duty", "when_up", "when_down"),
    [
        (Duty.SERVES, HostState.UP, HostState.DOWN),
        (Duty.DRAINED, HostState.UNKNOWN, HostState.DOWN),
        (Duty.DISABLED, HostState.UNKNOWN, HostState.UNKNOWN),
        (Duty.FORCED_UP, HostState.UP, HostState.UP),
        (Duty.FORCED_DOWN, HostState.DOWN, HostState.DOWN),
    ],
)
def test_what_an_order_makes_of_a_check(duty: Duty, when_up: HostState, when_down: HostState) -> None:
    """A drained host that dies is dead: its clients are better told. A disabled one has none."""
    probed = target(planned(), "HTTPS", "EX1")
    host = PoolHost(endpoint=probed.endpoint, label="EX1", target=probed, duty=duty)
    assert host.state({probed: HostState.UP}) is when_up
    assert host.state({probed: HostState.DOWN}) is when_down


def test_a_host_that_nothing_checks_can_be_drained() -> None:
    """Orders need no check."""
    host = PoolHost(endpoint=Endpoint(EX1, 443), label="EX1", duty=Duty.DRAINED)
    assert host.state({}) is HostState.UNKNOWN


@pytest.mark.parametrize("duty", [Duty.DRAINED, Duty.DISABLED, Duty.FORCED_DOWN])
def test_an_order_takes_a_host_out_of_the_slots_of_its_relay_alone(duty: Duty) -> None:
    """In HTTPS nobody meets EX1, in IMAP some do; taken back, the slots are exactly what they were."""
    plan = planned()
    states: dict[ProbeTarget, HostState] = all_up(plan)
    before = redeal(plan, states, Rankings())
    after = redeal(ordered(before, Orders().after(order(duty, "HTTPS"))), states, Rankings())
    slots = {relay.name: set(relay.pool.slots) for relay in after.relays}
    assert slots == {"HTTPS": {1}, "IMAP": {0, 1}}
    assert redeal(ordered(after, Orders()), states, Rankings()) == before
