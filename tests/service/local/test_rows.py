"""What `show` prints is what the checks found and the engines count."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from bascule.plan.compile import ordered
from bascule.plan.model import Endpoint
from bascule.plan.orders import Duty, Order, Orders
from bascule.service.local.rows import check_words, count_hosts, count_relays, relay_rows
from bascule.service.results import HostStatus, RelayStatus
from service.local.situations import running

MIXED = """
load-balancer {
	table <web> {
		10.80.2.1 name "EX1"
		fd80::2:1 name "EX1v6"
	}
	relay "HTTPS" {
		listen on 10.80.0.10 port 443
		listen on fd80::10 port 443
		forward to <web> check tcp
	}
}
"""


def test_rows_carry_state_reason_and_checks() -> None:
    """A host that is down says why; one that is up says nothing."""
    relays = relay_rows(running(("HTTPS", "EX1")), {}, now=111.0).relays
    ex1, ex2 = relays[0].tables[0].hosts
    assert (ex1.name, ex1.address, ex1.status, ex1.reason) == (
        "EX1",
        "10.80.2.1:443",
        HostStatus.DOWN,
        "connection refused",
    )
    assert (ex2.status, ex2.reason, ex2.checks_up, ex2.checks_all) == (HostStatus.UP, "", 1, 1)
    assert relays[0].status is RelayStatus.ACTIVE


def test_a_relay_without_a_live_host_is_down() -> None:
    """No host up, no service: the word is down."""
    relays = relay_rows(running(("HTTPS", "EX1"), ("HTTPS", "EX2")), {}, now=111.0).relays
    assert [relay.status for relay in relays] == [RelayStatus.DOWN, RelayStatus.ACTIVE]


def test_the_first_relays_alone_are_listed_where_so_many_are_wanted() -> None:
    """And all are counted, with what they carry."""
    now = running(("HTTPS", "EX1"), ("HTTPS", "EX2"))
    everything = relay_rows(now, {}, now=111.0)
    counts = {("IMAP", Endpoint(ip_address("10.80.2.1"), 143)): 3}
    first = relay_rows(now, counts, now=111.0, most=1)
    assert [each.name for each in first.relays] == [each.name for each in everything.relays[:1]]
    assert (first.total, first.sessions) == (len(everything.relays), 3)
    serve = sum(relay.status is RelayStatus.ACTIVE for relay in everything.relays)
    assert count_relays(now) == (len(everything.relays), serve)


def test_ids_run_over_everything_once() -> None:
    """Each relay, table and host has a number of its own, as relayctl's summary has."""
    relays = relay_rows(running(), {}, now=111.0).relays
    ids = [
        number
        for relay in relays
        for number in (relay.id, *(n for table in relay.tables for n in (table.id, *(host.id for host in table.hosts))))
    ]
    assert ids == list(range(1, 9))


def test_sessions_are_those_of_the_relay_and_host() -> None:
    """Counts are looked up by relay and endpoint, and summed for the relay."""
    counts = {("HTTPS", Endpoint(ip_address("10.80.2.1"), 443)): 3, ("HTTPS", Endpoint(ip_address("10.80.2.2"), 443)): 4}
    relays = relay_rows(running(), counts, now=111.0).relays
    assert [relay.sessions for relay in relays] == [7, 0]


def test_a_host_of_two_tables_is_counted_once() -> None:
    """The last table may have a host of the first one again: its sessions are the relay's once."""
    text = MIXED.replace("check tcp\n", "check tcp\n\t\tforward to <sorry> check tcp\n")
    text = text.replace("\trelay", '\ttable <sorry> {\n\t\t10.80.2.1 name "EX1"\n\t}\n\trelay')
    counts = {("HTTPS", Endpoint(ip_address("10.80.2.1"), 443)): 3}
    (relay,) = relay_rows(running(text=text), counts, now=111.0).relays
    assert [[host.sessions for host in table.hosts if host.name == "EX1"] for table in relay.tables] == [[3], [3]]
    assert relay.sessions == 3


def test_both_ip_versions_are_one_relay_with_one_table() -> None:
    """The operator wrote one relay and sees one."""
    (relay,) = relay_rows(running(text=MIXED), {}, now=111.0).relays
    assert relay.listens == ("10.80.0.10:443", "[fd80::10]:443")
    assert [(table.name, [host.name for host in table.hosts]) for table in relay.tables] == [("web:443", ["EX1", "EX1v6"])]


def test_a_host_counts_as_up_when_it_is_for_every_service() -> None:
    """EX1 with a dead IMAP is no host in full health."""
    assert count_hosts(running()) == (2, 2)
    assert count_hosts(running(("IMAP", "EX1"))) == (2, 1)


def test_orders_are_shown_where_they_count() -> None:
    """Drained is a status of its own; a host that is forced is up or down, and says by whom."""
    orders = Orders().after(order(Duty.DRAINED, "HTTPS")).after(order(Duty.FORCED_UP, "IMAP"))
    before = running(("IMAP", "EX1"))
    now = replace(before, plan=ordered(before.plan, orders), orders=orders)
    https, imap = (relay.tables[0] for relay in relay_rows(now, {}, now=111.0).relays)
    assert [host.status for host in https.hosts] == [HostStatus.DRAINED, HostStatus.UP]
    assert https.hosts_up == 1
    assert [host.status for host in imap.hosts] == [HostStatus.UP, HostStatus.UP]
    assert [None if host.order is None else host.order.duty for host in imap.hosts] == ["forced up", None]
    assert count_hosts(now) == (2, 1)


def test_a_disabled_host_has_no_reason_of_a_check() -> None:
    """What its check said before does not count; of a drained one it does."""
    before = running(("HTTPS", "EX1"))
    reasons = {}
    for duty in (Duty.DRAINED, Duty.DISABLED):
        orders = Orders().after(order(duty))
        now = replace(before, plan=ordered(before.plan, orders), orders=orders)
        reasons[duty] = relay_rows(now, {}, now=111.0).relays[0].tables[0].hosts[0].reason
    assert reasons == {Duty.DRAINED: "connection refused", Duty.DISABLED: ""}


def order(duty: Duty, relay: str = "") -> Order:
    """Return an order about EX1."""
    since = datetime(2026, 3, 1, tzinfo=UTC)
    return Order(host=ip_address("10.80.2.1"), name="EX1", relay=relay, duty=duty, by="alice", since=since)


@pytest.mark.parametrize(
    "words",
    [
        "check rpc",
        'check rpc "emsmdb"',
        'check rpc "nspi" port 59533 mapper 1135',
        'check rpc "12345778-1234-abcd-ef00-0123456789ac v1.0"',
        "check smtp tls",
    ],
)
def test_a_check_is_shown_as_it_is_written(words: str) -> None:
    """Without what only the prober needs to know."""
    text = MIXED.replace("check tcp", words)
    checks = [host.target.check for part in running(text=text).plan.relays for host in part.pool.hosts if host.target]
    assert {check_words(check) for check in checks} == {words}
