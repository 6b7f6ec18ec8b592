"""What the parent tells the SNMP process, and what it finds wrong."""

import asyncio
import socket
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from bascule.herald.snmp.wire import Picture
from bascule.service.events import Event, EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.service.local.outward.snmp import SnmpAgent, engine_id, picture, trap
from bascule.service.local.rows import relay_rows
from bascule.service.local.running import Running
from bascule.system.channel import encode
from bascule.system.children import OwnChildren
from bascule.system.clock import SystemClock
from bed.wait import eventually
from service.local.situations import TWO_SERVICES, configured, running

NOW = datetime(2026, 9, 21, tzinfo=UTC)


def test_a_picture_is_what_show_relays_says() -> None:
    """By the same numbers, so that a row can be found again."""
    now = running(("IMAP", "EX2"), reason="no greeting")
    rows = relay_rows(now, Counter(), 1000.0).relays
    shown = picture(rows, "revision 1", "well")
    assert [relay.name for relay in shown.relays] == ["HTTPS", "IMAP"]
    assert [(table.relay, table.hosts, table.up) for table in shown.tables] == [("HTTPS", 2, 2), ("IMAP", 2, 1)]
    down = [host for host in shown.hosts if host.status == "down"]
    assert [(host.relay, host.name, host.reason) for host in down] == [("IMAP", "EX2", "no greeting")]
    numbers = [each.number for kind in (shown.relays, shown.tables, shown.hosts) for each in kind]
    assert len(numbers) == len(set(numbers))
    assert isinstance(shown, Picture)
    assert encode(shown)


def test_a_trap_tells_whom_it_is_about() -> None:
    """However long its words."""
    event = Event(
        event=EventKind.HOST, time=NOW, grade=Grade.WARNING, words="x" * 5000, relay="HTTPS", host="EX1", state="down"
    )
    told = trap(event)
    assert (told.about, told.relay, told.host, told.state) == ("host", "HTTPS", "EX1", "down")
    assert len(told.words) == 1000


def test_the_engine_has_one_name() -> None:
    """Of a form that a manager takes (RFC 3411, 5)."""
    assert engine_id("lb1") == engine_id("lb1")
    assert 5 <= len(engine_id("lb1")) <= 32
    assert engine_id("lb1")[0] & 0x80


class Runs:
    """A balancer whose text has snmp."""

    def __init__(self, snmp: str) -> None:
        self.running: Running = replace(
            running(), configuration=configured(f"{TWO_SERVICES}\nsystem {{ snmp {{ {snmp} }} }}\n")
        )

    def troubles(self) -> object:
        """Return nothing."""
        return ()


async def test_a_port_that_another_has_and_a_password_that_is_not_kept_are_found() -> None:
    """They are said once; relays do not wait for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        journal = Journal(now=lambda: NOW, write=lambda _: None)

        async def count(_: Running) -> Counter[object]:
            return Counter()

        agent = SnmpAgent(
            Runs(f'listen on 127.0.0.1; port {port}; login "monitor" password set; community "<set 3f9a1c22>"; from ::1'),
            journal,
            clock=SystemClock(),
            starts=OwnChildren((sys.executable, "-c", "")),
            secret=lambda _: "",
            count=count,  # type: ignore[arg-type]
        )
        watching = asyncio.ensure_future(agent.watch())
        await eventually(lambda: len(agent.findings()) == 3)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    fault, unknown, forgotten = agent.findings()
    assert fault.startswith("SNMP answers nobody: the snmp process could not be started: UDP port ")
    assert fault.endswith("Address already in use")
    assert unknown.startswith("SNMP does not answer monitor: the password is not kept here")
    assert forgotten == "SNMP answers no community: the one of the text is not kept here; write it once"
    assert [event.words for event in journal.last(9)] == [fault]
