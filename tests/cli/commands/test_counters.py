"""`show counters`, as it is printed."""

import json
from datetime import UTC, datetime

from bascule.service.counters import CounterRow
from bascule.service.operations import ShowCounters, WatchCounters
from bascule.service.results import Counters
from cli.calling import PretendedConnection, call

RELAY = CounterRow(type="relay", relay="HTTPS", name="HTTPS", sessions=212, opened=4000, opened_rate=2.34, refused=3)
HOST = CounterRow(
    type="host",
    relay="HTTPS",
    name="EX1",
    address="10.2.0.11:443",
    sessions=212,
    opened=4000,
    opened_rate=12.4,
    from_client=2048,
    from_host=5 << 20,
    from_host_rate=1500,
    failed=2,
    checks_up=9,
    checks_all=10,
    reason="connection refused",
)
ANSWER = Counters(since=datetime(2026, 3, 1, tzinfo=UTC), rows=(RELAY, HOST), notes=("some are missing",))


def test_hosts_stand_under_their_relay() -> None:
    """With what is known of each."""
    called = call("show", "counters", connection=PretendedConnection({ShowCounters: ANSWER}))
    heading, relay, host, since, note = called.out.splitlines()
    assert " ".join(heading.split()) == "Name Sessions New/s All Sent Sent/s Got Got/s Refused Failed Checks"
    assert " ".join(relay.split()) == "relay HTTPS 212 2.3 4000 0 B 0 B 0 B 0 B 3 0"
    assert host.startswith("  EX1")
    assert " ".join(host.split()) == "EX1 212 12 4000 2.0 KiB 0 B 5.0 MiB 1.5 KiB 2 9/10 connection refused"
    assert since.startswith("counted since 2026-0")
    assert note == "some are missing"


def test_json_has_a_row_a_line() -> None:
    """With the field names that travel."""
    called = call("show", "counters", "--json", connection=PretendedConnection({ShowCounters: ANSWER}))
    relay, host = map(json.loads, called.out.splitlines())
    assert (relay["refused"], relay["checks_all"], host["refused"], host["from_host_rate"]) == (3, None, None, 1500)


def test_watching_prints_it_again() -> None:
    """Under the time of each look, until the Bascule ends."""
    called = call("show", "counters", "--watch", connection=PretendedConnection({WatchCounters: ANSWER}))
    assert called.out.count("relay HTTPS") == 2
    assert called.code == 3
