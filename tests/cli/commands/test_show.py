import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from bascule.service.failures import OperationFailed
from bascule.service.firewall import FirewallRules, RuleRow, ShowFirewall, WalkRow
from bascule.service.operations import Monitor, ShowDrift, ShowRelays
from bascule.service.request import Request
from bascule.service.result import Result
from bascule.service.results import (
    Drift,
    Events,
    HostOrder,
    HostRow,
    HostStatus,
    RelayRow,
    Relays,
    RelayStatus,
    TableRow,
)
from cli.calling import NOW, Called, PretendedConnection, call

HOSTS = (
    HostRow(
        id=1,
        name="EX1",
        address="10.2.0.11:443",
        weight=1,
        status=HostStatus.UP,
        checks_up=4,
        checks_all=4,
        sessions=12,
        since=NOW - timedelta(hours=3, seconds=30),
    ),
    HostRow(
        id=2,
        name="EX2",
        address="10.2.0.12:443",
        weight=1,
        status=HostStatus.DOWN,
        checks_up=1,
        checks_all=3,
        reason="connection refused",
    ),
)
TABLE = TableRow(id=1, name="exchange:443", mode="source-hash", check="check tcp", hosts=HOSTS)
RELAY = RelayRow(
    id=1,
    name="HTTPS",
    listens=("10.2.0.50:443", "[2001:db8::50]:443"),
    engine="kernel",
    status=RelayStatus.ACTIVE,
    session_timeout=2400,
    sessions=12,
    tables=(TABLE,),
)


def show(*argv: str, terminal: bool = False) -> Called:
    """Show a view of one relay with one host of two up."""
    connection = PretendedConnection({ShowRelays: Relays(relays=(RELAY,))})
    return call("show", *argv, connection=connection, terminal=terminal)


def test_summary_has_relayctls_columns() -> None:
    """Id, type, name, availability and status, in relayctl's words."""
    assert show("summary").out == (
        "Id  Type   Name          Avlblty  Status\n"
        "1   relay  HTTPS                  active\n"
        "1   table  exchange:443           active (1 host)\n"
        "1   host   EX1           100.00%  up\n"
        "2   host   EX2           33.33%   down\n"
    )


def test_hosts_have_their_checks_and_reasons() -> None:
    """Checks, since when, sessions and the reason stand beside the status."""
    assert show("hosts").out == (
        "Id  Type  Name  Avlblty  Status  Checks  For  Sessions  Address        Table         Relay  Reason\n"
        "1   host  EX1   100.00%  up      4/4     3h   12        10.2.0.11:443  exchange:443  HTTPS\n"
        "2   host  EX2   33.33%   down    1/3          0         10.2.0.12:443  exchange:443  HTTPS  connection refused\n"
    )


def test_tables_and_relays() -> None:
    """A table says how many hosts are up and how it chooses; a relay where it listens and who carries it."""
    assert show("tables").out.splitlines()[1].split() == (
        ["1", "table", "exchange:443", "active", "(1", "host)", "1/2", "HTTPS", "source-hash", "check", "tcp"]
    )
    assert show("relays").out.splitlines()[1].split() == (
        ["1", "relay", "HTTPS", "active", "10.2.0.50:443", "[2001:db8::50]:443", "exchange:443", "kernel", "12", "40m"]
    )


@pytest.mark.parametrize(("view", "count"), [("summary", 4), ("relays", 1), ("tables", 1), ("hosts", 2)])
def test_json_has_a_row_a_line(view: str, count: int) -> None:
    """Every view prints as many objects as the table has rows, never a colour, also on a terminal."""
    rows = [json.loads(line) for line in show(view, "--json", terminal=True).out.splitlines()]
    assert len(rows) == count
    assert all({"id", "type", "name", "availability", "status"} <= set(row) for row in rows)


def test_a_terminal_shows_what_is_down_in_red() -> None:
    """The eye finds a host that is down."""
    assert "\x1b[1;31mdown" in show("hosts", terminal=True).out


def test_watching_asks_again_whenever_something_happens() -> None:
    """The view is printed once for each answer of the stream, under the time; with `--json` the rows alone."""
    answers: dict[type[Request[Any]], Result | OperationFailed] = {ShowRelays: Relays(relays=(RELAY,)), Monitor: Events()}
    plain = call("show", "hosts", "--watch", connection=PretendedConnection(answers))
    assert plain.out.count("EX1") == 2
    assert plain.out.startswith(NOW.astimezone().isoformat(sep=" "))
    rows = call("show", "hosts", "--watch", "--json", connection=PretendedConnection(answers)).out.splitlines()
    assert [json.loads(row)["name"] for row in rows] == ["EX1", "EX2"] * 2
    assert plain.code == 3


RULES = FirewallRules(
    rules=(
        RuleRow(chain="c_dnat", rule="dnat ip to 10.2.0.11", cause="relay HTTPS", line=14),
        RuleRow(chain="c_time", rule="drop"),
    ),
    note="counters start at the last boot",
)


def test_firewall_names_the_line() -> None:
    """Each rule stands beside the block, and line, that caused it."""
    called = call("show", "firewall", connection=PretendedConnection({ShowFirewall: RULES}))
    assert called.out == (
        "Chain   Cause                 Rule\n"
        "c_dnat  relay HTTPS, line 14  dnat ip to 10.2.0.11\n"
        "c_time                        drop\n"
        "counters start at the last boot\n"
    )


def test_firewall_as_json() -> None:
    """A rule a line; one without a cause has an empty one."""
    called = call("show", "firewall", "--json", connection=PretendedConnection({ShowFirewall: RULES}))
    assert [json.loads(line) for line in called.out.splitlines()] == [
        {"chain": "c_dnat", "rule": "dnat ip to 10.2.0.11", "cause": "relay HTTPS", "line": 14},
        {"chain": "c_time", "rule": "drop", "cause": "", "line": None},
    ]


WALK = FirewallRules(
    walk=(
        WalkRow(number=1, rule="block in from <blocked>", label="scanners", line=9, ident="0a", packets=12),
        WalkRow(number=2, rule="pass in to 10.2.0.50 port 443", cause="relay HTTPS", line=14, ident="0b", packets=3),
        WalkRow(number=3, rule="block in", cause="what no rule decides", ident="0c"),
    )
)


def test_the_firewalls_rules_stand_as_they_are_asked() -> None:
    """Those that nobody wrote say why they are there; counters come where they are asked for."""
    connection = PretendedConnection({ShowFirewall: WALK})
    lines = call("show", "firewall", connection=connection).out.splitlines()
    assert [line.split() for line in lines[1:3]] == [
        ["1", "block", "in", "from", "<blocked>", "9", "scanners"],
        ["2", "pass", "in", "to", "10.2.0.50", "port", "443", "14", "relay", "HTTPS"],
    ]
    counted = call("show", "firewall", "--counters", connection=connection).out.splitlines()
    assert [line.split()[-1] for line in counted] == ["Packets", "12", "3", "decides"]
    call("show", "firewall", "--kernel", connection=connection)
    assert connection.asked == [ShowFirewall(), ShowFirewall(counters=True), ShowFirewall(kernel=True)]


ORDERED = HostRow(
    id=2,
    name="EX2",
    address="10.2.0.12:443",
    weight=1,
    status=HostStatus.DRAINED,
    checks_up=3,
    checks_all=3,
    reason="connection refused",
    order=HostOrder(
        host="EX2",
        address="10.2.0.12",
        relay=None,
        duty="drained",
        by="alice",
        since=NOW - timedelta(minutes=30),
        until=NOW + timedelta(days=1),
        reason="CU15",
    ),
)


def test_an_order_is_told_with_who_and_since_when() -> None:
    """In the summary as the status; among the hosts as a reason, before that of the check."""
    table = msgspec.structs.replace(TABLE, hosts=(ORDERED,))
    relays = Relays(relays=(msgspec.structs.replace(RELAY, tables=(table,)),))
    said = "drained by alice since 11:30 until 2026-03-02 12:00: CU15"
    summary = call("show", "summary", connection=PretendedConnection({ShowRelays: relays}))
    assert summary.out.splitlines()[-1] == f"2   host   EX2           100.00%  {said}"
    hosts = call("show", "hosts", connection=PretendedConnection({ShowRelays: relays}))
    assert hosts.out.splitlines()[-1].endswith(f"HTTPS  {said}; connection refused")
    assert " drained  " in hosts.out
    (row,) = call("show", "hosts", "--json", connection=PretendedConnection({ShowRelays: relays})).out.splitlines()
    assert json.loads(row)["order"]["by"] == "alice"


@pytest.mark.parametrize(
    ("differences", "code", "words"),
    [
        ((), 0, "the machine is as it should be\n"),
        (("somebody else took our table away",), 4, "somebody else took our table away\n"),
    ],
)
def test_drift_is_told_and_has_an_exit_code(differences: tuple[str, ...], code: int, words: str) -> None:
    """For whoever watches by a script."""
    called = call("show", "drift", connection=PretendedConnection({ShowDrift: Drift(differences=differences)}))
    assert (called.code, called.out) == (code, words)
