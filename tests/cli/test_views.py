from datetime import UTC, datetime

import msgspec

from bascule.cli.views import VIEWS
from bascule.service.results import GatewayRow, HostRow, HostStatus, RelayRow, Relays, RelayStatus, RouterRow, TableRow

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
RELAYS = Relays(
    relays=(
        RelayRow(
            id=1,
            name="HTTPS",
            listens=("10.2.0.50:443",),
            engine="kernel",
            status=RelayStatus.ACTIVE,
            session_timeout=2400,
            sessions=12,
            tables=(
                TableRow(
                    id=1,
                    name="exchange:443",
                    mode="source-hash",
                    check="check tcp",
                    hosts=(
                        HostRow(
                            id=1,
                            name="EX1",
                            address="10.2.0.11:443",
                            weight=1,
                            status=HostStatus.UP,
                            checks_up=3,
                            checks_all=4,
                            since=SINCE,
                            sessions=12,
                        ),
                        HostRow(
                            id=2,
                            name="EX2",
                            address="10.2.0.12:443",
                            weight=2,
                            status=HostStatus.DOWN,
                            reason="connection refused",
                            checks_all=4,
                        ),
                    ),
                ),
            ),
        ),
        RelayRow(
            id=2,
            name="SMTP",
            listens=("10.2.0.50:25",),
            engine="proxy",
            status=RelayStatus.DOWN,
            session_timeout=600,
            tables=(TableRow(id=2, name="exchange:25", mode="roundrobin", check=""),),
        ),
    )
)


def test_the_summary_has_relayctls_order() -> None:
    """Each relay, then its table, then the table's hosts, as relayctl lists them."""
    assert [(row.type, row.name, row.status) for row in VIEWS["summary"](RELAYS)] == [
        ("relay", "HTTPS", "active"),
        ("table", "exchange:443", "active"),
        ("host", "EX1", "up"),
        ("host", "EX2", "down"),
        ("relay", "SMTP", "down"),
        ("table", "exchange:25", "empty"),
    ]


def test_each_view_has_its_kind() -> None:
    """The views of one kind are the summary's rows of that kind."""
    for name in ("relays", "tables", "hosts"):
        assert [row.type for row in VIEWS[name](RELAYS)] == [name[:-1]] * 2


def test_fields_of_a_host_are_stable() -> None:
    """Scripts read these names: none may be renamed or leave."""
    host = next(iter(VIEWS["hosts"](RELAYS)))
    assert msgspec.json.decode(msgspec.json.encode(host)) == {
        "id": 1,
        "type": "host",
        "name": "EX1",
        "availability": 75.0,
        "status": "up",
        "relay": "HTTPS",
        "table": "exchange:443",
        "address": "10.2.0.11:443",
        "weight": 1,
        "checks_up": 3,
        "checks_all": 4,
        "since": "2026-01-01T00:00:00Z",
        "sessions": 12,
        "reason": "",
        "warnings": [],
        "order": None,
    }


def test_fields_of_a_relay_and_a_table_are_stable() -> None:
    """The same for the other kinds."""
    relay, table = next(iter(VIEWS["relays"](RELAYS))), next(iter(VIEWS["tables"](RELAYS)))
    assert msgspec.json.decode(msgspec.json.encode(relay)) == {
        "id": 1,
        "type": "relay",
        "name": "HTTPS",
        "availability": None,
        "status": "active",
        "listens": ["10.2.0.50:443"],
        "tables": ["exchange:443"],
        "engine": "kernel",
        "session_timeout": 2400,
        "sessions": 12,
    }
    assert msgspec.json.decode(msgspec.json.encode(table)) == {
        "id": 1,
        "type": "table",
        "name": "exchange:443",
        "availability": None,
        "status": "active",
        "relay": "HTTPS",
        "mode": "source-hash",
        "check": "check tcp",
        "hosts": 2,
        "hosts_up": 1,
    }


def test_routers_stand_behind_relays() -> None:
    """Each with its gateways, and numbers that go on."""
    gateway = GatewayRow(
        name="ISP1", address="10.0.0.1", interface="eth0", status=HostStatus.DOWN, checks_up=1, checks_all=4
    )
    router = RouterRow(
        name="uplinks", status=RelayStatus.DOWN, routes=("0.0.0.0/0",), check="check icmp", gateways=(gateway,)
    )
    relays = Relays(relays=RELAYS.relays, routers=(router,))
    rows = list(VIEWS["summary"](relays))
    assert rows[:-2] == list(VIEWS["summary"](RELAYS))
    assert rows[-2:] == list(VIEWS["routers"](relays))
    assert [(row.id, row.type, row.name, row.availability, row.status) for row in rows[-2:]] == [
        (len(rows) - 1, "router", "uplinks", None, "down"),
        (len(rows), "gateway", "ISP1", 25.0, "down"),
    ]
