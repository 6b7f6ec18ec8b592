"""What happens is told to those whom the text names, by processes that may die without harm."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from bed import configuration, memory
from bed.layout import Layout
from bed.sink import Sink
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_SYSLOG, _HOOK, _SNMP = 5514, 8099, 1161
_CLIENT = "10.80.1.1"
_TEXT = f"""system {{
	syslog {{ server {_CLIENT} transport tcp port {_SYSLOG} }}
	alert "on call" {{ webhook "http://{_CLIENT}:{_HOOK}/SECRET" }}
	snmp {{ port {_SNMP}; community "c0mmunity"; from {_CLIENT} }}
}}
firewall {{
	zone internal {{ from 10.80.0.0/16 }}
	block out
}}
"""
_ANSWER = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def place(module_directory: Path) -> Iterator[Site]:
    """Run a relay whose balancer tells client1 what happens."""
    text = configuration.plain(("SMTP", PORT), timing="interval 500ms; timeout 500ms")
    with site(text + _TEXT, Layout(arms=1), module_directory / "told") as built:
        yield built


def roles(place: Site, role: str) -> list[int]:
    """Return the processes of a role."""
    return [pid for pid in memory.children(place.balancer.pid) if role in memory.words(pid)]


def others(place: Site, role: str, pid: int) -> list[int]:
    """Return the processes of a role but one."""
    return [each for each in roles(place, role) if each != pid]


def test_those_who_are_named_are_told_also_after_a_death(place: Site) -> None:
    """Syslog gets events and deeds, from before it listened; a webhook its test; SNMP answers; the dead come back.

    All of that through a firewall that blocks what goes out.
    """
    client = place.net["client1"]
    with ExitStack() as last:
        failed = place.balancer.command("alert", "test", check=False)
        assert (failed.returncode, failed.stdout) == (
            3,
            'alert "on call" to the webhook at 10.80.1.1: Connection refused\n',
        )
        log, hook = Sink(client, _SYSLOG, b"", last), Sink(client, _HOOK, _ANSWER, last)
        told = place.balancer.command("alert", "test", "on call")
        assert told.stdout == 'alert "on call" to the webhook at 10.80.1.1: delivered\n'
        head, _, body = hook.taken.partition(b"\r\n\r\n")
        assert head.startswith(b"POST /SECRET HTTP/1.1\r\n")
        assert json.loads(body)["why"] == "test"
        until(lambda: b"host EX2 (10.80.2.2:59532) is up" in log.taken, what="syslog gets what happened before")
        until(lambda: b' audit [bascule@32473 state="done" user="root"] root tried alert' in log.taken, what="deeds, too")
        assert b"SECRET" not in log.taken
        command = ("snmpget", "-v2c", "-c", "c0mmunity", "-On", "-Oqv", "-t", "0.5", "-r", "8")
        environment = ("env", "MIBS=", f"SNMP_PERSISTENT_DIR={place.balancer.state}")
        asked = (*environment, *command, f"10.80.0.10:{_SNMP}", "1.3.6.1.4.1.32473.1.1.1.7.0")
        until(lambda: client.run(*asked, check=False).stdout == "2\n", what="SNMP says how many hosts are up")
        for role in ("herald", "snmp"):
            (pid,) = roles(place, role)
            os.kill(pid, signal.SIGKILL)
            until(partial(others, place, role, pid), what=f"{role} is back")
        assert place.balancer.command("alert", "test").returncode == 0
        until(lambda: b"the herald process was ended by SIGKILL" in log.taken, what="syslog hears of it")
        until(lambda: client.run(*asked, check=False).stdout == "2\n", what="SNMP says how many hosts are up")
    assert roles(place, "probe"), place.balancer.log.read_text()
