"""The tree of what runs: what is shown at once, what is found, and whose figures stand where."""

import time
from datetime import UTC, datetime

import pytest

from bascule.service.counters import CounterRow
from bascule.service.results import (
    Counters,
    GatewayRow,
    HostRow,
    HostStatus,
    RelayRow,
    Relays,
    RelayStatus,
    RouterRow,
    TableRow,
)
from bascule.web.load_balancer.tree import homes, host_of, large, service, tree

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def host(number: int, port: int, status: HostStatus = HostStatus.UP, *, network: int = 2) -> HostRow:
    """Return a host."""
    return HostRow(id=number, name=f"EX{number}", address=f"10.{network}.0.{number}:{port}", weight=1, status=status)


def relay(name: str, port: int, *hosts: HostRow) -> RelayRow:
    """Return a relay over one table."""
    table = TableRow(id=1, name=f"exchange:{port}", mode="source-hash", check="check tcp", hosts=hosts)
    return RelayRow(
        id=1,
        name=name,
        listens=(f"10.2.0.50:{port}",),
        engine="kernel",
        status=RelayStatus.ACTIVE,
        tables=(table,),
        session_timeout=2400,
    )


def counters(*rows: CounterRow) -> Counters:
    """Return what was carried."""
    return Counters(since=NOW, rows=rows)


HTTPS = relay("HTTPS", 443, host(1, 443), host(2, 443, HostStatus.DOWN))
POP3 = relay("POP3", 110, host(1, 110), host(2, 110))
BOTH = Relays(relays=(HTTPS, POP3))


def test_figures_stand_under_their_service_and_host() -> None:
    """What nobody has counted yet is nothing."""
    rows = (
        CounterRow(type="relay", relay="HTTPS", name="HTTPS", sessions=7),
        CounterRow(type="host", relay="HTTPS", name="EX1", address="10.2.0.1:443", sessions=5),
    )
    https, pop3 = tree(BOTH, counters(*rows)).services
    assert https.carried == rows[0]
    first, second = https.tables[0].lines
    assert first.carried == rows[1]
    assert second.carried is not None
    assert second.carried.opened == 0
    assert pop3.carried is not None
    assert pop3.carried.opened == 0
    assert (https.up, https.hosts) == (1, 2)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [("pop", ["POP3"]), ("EX1", ["HTTPS", "POP3"]), ("down", ["HTTPS"]), (" :110", ["POP3"]), ("none", [])],
)
def test_services_are_found_by_what_they_have(wanted: str, names: list[str]) -> None:
    """By name, place, table, host, address or state."""
    found = tree(BOTH, counters(), wanted)
    assert [each.row.name for each in found.services] == names
    assert found.total == 2


def test_where_there_are_many_those_that_need_an_eye_are_open() -> None:
    """Where there are few, all are."""
    assert [each.open for each in tree(BOTH, counters()).services] == [True, True]
    many = Relays(relays=(HTTPS, *(relay(f"R{n}", n, host(1, n)) for n in range(1, 6))))
    assert [each.open for each in tree(many, counters()).services] == [True, False, False, False, False, False]


def test_three_hundred_services_of_sixteen_hosts_are_a_short_page() -> None:
    """Their hosts stand on pages of their own, and in the list as soon as it is narrowed down."""
    hosts = [tuple(host(n, port, network=port % 200) for n in range(1, 17)) for port in range(1, 301)]
    many = Relays(relays=tuple(relay(f"R{port}", port, *of) for port, of in enumerate(hosts, 1)))
    begun = time.process_time()
    assert large(many)
    whole = tree(many, None)
    assert time.process_time() - begun < 0.15
    assert not whole.inline
    assert not large(BOTH)
    assert all(not table.lines for each in whole.services for table in each.tables)
    assert all(each.up == 16 for each in whole.services)
    few = tree(many, counters(), "R17")
    assert few.inline
    assert len(few.services[0].tables[0].lines) == 16
    one = service(many, counters(), "R299")
    assert one is not None
    assert len(one.tables[0].lines) == 16
    assert service(many, counters(), "R301") is None


def test_a_host_is_at_home_wherever_its_address_is() -> None:
    """Whatever the port; another of the same name is another."""
    other = relay("OTHER", 25, host(1, 25, network=9))
    assert homes(Relays(relays=(HTTPS, POP3, other)), HTTPS.tables[0].hosts[0]) == ["HTTPS", "POP3"]
    ranged = [
        relay(name, 0, HostRow(id=n, name=f"EX{n}", address=f"10.2.0.{n}", weight=1, status=HostStatus.UP))
        for n, name in enumerate(("RPC", "MAPI"), 1)
    ]
    assert homes(Relays(relays=(HTTPS, *ranged)), ranged[0].tables[0].hosts[0]) == ["HTTPS", "RPC"]
    assert host_of(BOTH, "POP3", "EX2") == POP3.tables[0].hosts[1]
    assert host_of(BOTH, "POP3", "10.2.0.2:110") == POP3.tables[0].hosts[1]
    assert host_of(BOTH, "POP3", "EX3") is None


@pytest.mark.parametrize(("wanted", "number"), [("", 1), ("uplink", 1), ("192.0.2", 1), ("DSL", 1), ("HTTPS", 0)])
def test_routers_are_found_by_their_gateways_too(wanted: str, number: int) -> None:
    """They stand in the tree beside the services."""
    gateway = GatewayRow(name="dsl", address="192.0.2.1", interface="eth1", status=HostStatus.UP, leads=("0.0.0.0/0",))
    row = RouterRow(name="uplinks", status=RelayStatus.ACTIVE, routes=("0.0.0.0/0",), check="icmp", gateways=(gateway,))
    found = tree(Relays(relays=(HTTPS, POP3), routers=(row,)), None, wanted)
    assert (len(found.routers), found.total) == (number, 3)
