"""Tests of what the page says of who is told."""

from bascule.web.monitoring.told import told
from bascule.web.settings import system_of

RUNS = """system {
	syslog { server 10.2.0.7 transport tcp; server logs.example.net; }
	alert "On call" { webhook "https://chat.example/SECRET"; on host backup; quiet 22:00 to 6:30; }
	alert "Old" { webhook "https://chat.example/x"; }
	snmp { community "c"; from 10.2.0.9; }
	ntp { server 10.2.0.8; }
	metrics { from 10.2.0.0/24; }
}
"""
FINDINGS = (
    "syslog server logs.example.net: its name is not known",
    'alert "On call" does not reach the webhook at chat.example: it answered 403 Forbidden',
    "SNMP answers nobody: the SNMP process was ended by SIGKILL",
    "time server 10.2.0.8: it does not answer in time",
    "nobody keeps this machine's clock right (the kernel says so): start systemd-timesyncd or chrony",
    "relay HTTPS has one host left",
)


def test_what_needs_an_eye_stands_where_it_belongs() -> None:
    """And nothing that is about something else."""
    system = system_of(RUNS)
    seen = told(system, system, FINDINGS)
    assert [(row.how.state, row.how.faults) for row in seen.syslog] == [
        ("active", ()),
        ("error", ("its name is not known",)),
    ]
    assert [row.how.faults for row in seen.alerts] == [("the webhook at chat.example: it answered 403 Forbidden",), ()]
    assert seen.snmp.faults == ("answers nobody: the SNMP process was ended by SIGKILL",)
    assert [row.how.faults for row in seen.clocks] == [("it does not answer in time",)]
    assert seen.clock_faults == (FINDINGS[4],)
    assert seen.metrics.state == "active"
    assert seen.going == ()


def test_an_alert_as_a_row() -> None:
    """The address of a webhook may be a secret."""
    system = system_of(RUNS)
    row, old = told(system, system, ()).alerts
    assert (row.tells, row.about, row.quiet) == (("webhook at chat.example",), ("host", "backup"), "22:00 to 06:30")
    assert (old.about, old.quiet) == ((), "")


def test_a_working_copy_says_what_is_not_in_effect() -> None:
    """What is new or another waits, and has no faults of its own; what goes is named."""
    text = RUNS.replace('alert "Old"', 'alert "New"').replace("transport tcp", "transport udp")
    text = text.replace("\tntp { server 10.2.0.8; }\n", "").replace("10.2.0.0/24", "10.3.0.0/24")
    seen = told(system_of(text), system_of(RUNS), FINDINGS)
    assert [(row.alert.name, row.how.state, row.runs) for row in seen.alerts] == [
        ("On call", "error", True),
        ("New", "not deployed", False),
    ]
    assert [row.how.state for row in seen.syslog] == ["not deployed", "error"]
    assert seen.metrics.state == "not deployed"
    assert seen.going == ('alert "Old"',)
