import json
from pathlib import Path

import pytest

from bascule.config.diagnostics import Diagnostic, Span
from bascule.service.failures import NotFound, OperationFailed, Rejected
from bascule.service.operations import MAXIMUM_CLIENTS, Explain
from bascule.service.results import AskedRule, Explained, Explanation
from cli.calling import PretendedConnection, PretendedOffline, call, explained

BOTH = explained(Explain(clients=("10.0.0.1", "10.0.0.2"), port=443))


def test_a_line_for_each_client() -> None:
    """Client, host and reason in one line a person can read."""
    called = call("explain", "443", "10.0.0.1", "10.0.0.2", connection=PretendedConnection({Explain: BOTH}))
    assert called.code == 0
    assert called.out == (
        "10.0.0.1 port 443 -> EX1 (10.2.0.11:443), relay HTTPS: slot 7 of table <exchange>, first choice EX1\n"
        "10.0.0.2 port 443 -> EX1 (10.2.0.11:443), relay HTTPS: slot 7 of table <exchange>, first choice EX1\n"
    )


def test_no_relay_is_said_without_a_host() -> None:
    """Where nobody takes the client, no arrow points anywhere."""
    nobody = Explained(explanations=(Explanation(client="::1", port=1, relay=None, table=None, host=None, reason="why"),))
    assert call("explain", "1", "::1", connection=PretendedConnection({Explain: nobody})).out == "::1 port 1: why\n"


def test_json_is_one_object_a_line() -> None:
    """The fields that scripts read are all there, also those without a value."""
    called = call("explain", "443", "10.0.0.1", "--json", connection=PretendedConnection({Explain: BOTH}))
    first, second = map(json.loads, called.out.splitlines())
    assert first == {
        "client": "10.0.0.1",
        "port": 443,
        "relay": "HTTPS",
        "table": "exchange",
        "host": "EX1",
        "reason": "slot 7 of table <exchange>, first choice EX1",
        "to": None,
        "address": "10.2.0.11:443",
        "slot": 7,
        "rule": None,
        "path": None,
        "interface": None,
        "direction": None,
        "verdict": None,
        "decided": None,
        "rules": [],
        "rules_left_out": 0,
        "forward": None,
        "masquerade": None,
    }
    assert second["client"] == "10.0.0.2"


def test_rules_are_listed_where_they_are_asked_for() -> None:
    """Below the client's line: the one that matched is marked, and a generated one says why it is there."""
    rules = (
        AskedRule(rule="block through", line=0, cause="sources that cannot come from there", matched=False),
        AskedRule(rule="pass through from internal", line=30, cause="", matched=True),
    )
    said = Explanation(
        client="10.0.0.1", port=53, relay=None, table=None, host=None, reason="why", decided=rules[1], rules=rules
    )
    connection = PretendedConnection({Explain: Explained(explanations=(said,))})
    assert call("explain", "--rules", "53", "10.0.0.1", connection=connection).out == (
        "10.0.0.1 port 53: why\n"
        "           block through  # sources that cannot come from there\n"
        "  =    30  pass through from internal\n"
    )
    assert connection.asked == [Explain(clients=("10.0.0.1",), port=53, rules=True)]


@pytest.mark.parametrize(
    ("protocol", "line"),
    [("udp", "10.0.0.1 port 8: why\n"), ("icmp", "10.0.0.1 icmp type 8: why\n"), ("esp", "10.0.0.1 esp: why\n")],
)
def test_what_is_asked_is_called_as_its_protocol_has_it(protocol: str, line: str) -> None:
    """Only TCP and UDP have ports."""
    said = Explanation(client="10.0.0.1", port=8, relay=None, table=None, host=None, reason="why")
    connection = PretendedConnection({Explain: Explained(explanations=(said,))})
    assert call("explain", "--proto", protocol, "8", "10.0.0.1", connection=connection).out == line


def test_everything_said_is_asked() -> None:
    """Every option reaches the request, addresses in their usual form."""
    connection = PretendedConnection({Explain: BOTH})
    options = ["--in", "eth0", "--to", "2001:DB8::1", "--proto", "udp", "--down", "EX1", "--down", "10.2.0.12"]
    call("explain", *options, "443", "2001:db8:0::7", connection=connection)
    call("explain", "--working-copy", "443", "10.0.0.1", connection=connection)
    assert connection.asked == [
        Explain(
            clients=("2001:db8::7",),
            port=443,
            to="2001:db8::1",
            protocol="udp",
            interface="eth0",
            down=("EX1", "10.2.0.12"),
        ),
        Explain(clients=("10.0.0.1",), port=443, working_copy=True),
    ]


def test_clients_from_standard_input(tmp_path: Path) -> None:
    """`-` reads one a line; more than fit in a request are asked in several, in order, over one plan."""
    file = tmp_path / "a.conf"
    file.write_bytes(b"")
    clients = [f"10.1.{number // 256}.{number % 256}" for number in range(MAXIMUM_CLIENTS + 1)]
    offline = PretendedOffline()
    called = call("explain", "--config", str(file), "443", "-", stdin="\n\n ".join(clients).encode(), offline=offline)
    assert called.code == 0
    assert [line.split()[0] for line in called.out.splitlines()] == clients
    assert [len(request.clients) for request in offline.explained] == [MAXIMUM_CLIENTS, 1]
    assert len(offline.texts) == 1


def test_a_line_that_is_no_address() -> None:
    """The line is named, and the command ends with 2."""
    called = call("explain", "443", "-", stdin=b"10.0.0.1\nmail\n", connection=PretendedConnection({Explain: BOTH}))
    assert (called.code, called.out) == (2, "")
    assert called.err == "bascule: line 2 of standard input is no IP address: 'mail'\n"


def test_a_refused_configuration(tmp_path: Path) -> None:
    """A wrong file is reported on standard error with the place, and ends with 1."""
    file = tmp_path / "a.conf"
    file.write_bytes(b"relya\n")
    refusal = Rejected(diagnostics=(Diagnostic.error(Span(1, 1, 5), "unknown word relya"),))
    called = call("explain", "--config", str(file), "443", "10.0.0.1", offline=PretendedOffline(refusal=refusal))
    assert (called.code, called.out) == (1, "")
    assert f"{file}:1:1: error: unknown word relya" in called.err


def test_a_host_of_nobody() -> None:
    """What the running Bascule refuses is said, and ends with 1."""
    failed = OperationFailed(NotFound(message="no table has a host EX9"))
    called = call("explain", "443", "10.0.0.1", "--down", "EX9", connection=PretendedConnection({Explain: failed}))
    assert (called.code, called.err) == (1, "bascule: no table has a host EX9\n")
