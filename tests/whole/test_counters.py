"""What a running balancer counts: sessions, bytes, hosts that refuse."""

import json
import select
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bascule.health.caller import PROBE_PORTS
from bed import configuration
from bed.clients import exchange
from bed.layout import VIP, Layout
from bed.sessions import connected
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_REFUSE: str = f"""
table inet t_fault {{
 chain c_in {{ type filter hook input priority 0; policy accept;
  tcp dport {PORT} ip saddr {VIP} tcp flags & (syn | ack) == syn reject with tcp reset
 }}
}}
"""
"""A server that refuses the balancer's clients, and greets its checks, which come from another address."""


@pytest.fixture(params=["kernel", "proxy"], scope="module")
def place(request: pytest.FixtureRequest, module_directory: Path) -> Iterator[Site]:
    """Run a balancer over two servers, by each path."""
    text = configuration.plain(("RPCCAS", PORT), timing="interval 1s; timeout 1s; fall 2; rise 1")
    text = configuration.with_statements(text, f"engine {request.param}")
    text = text.replace("load-balancer {", f'load-balancer {{\n\taccess-log file "{module_directory}/{request.param}.log"')
    with site(text, Layout(arms=1, server_route=False), module_directory / request.param) as built:
        yield built


def counted(place: Site, name: str) -> dict[str, Any]:
    """Return the row of the relay, or of a host."""
    rows = map(json.loads, place.balancer.asked("show", "counters", "--json").stdout.splitlines())
    return next(row for row in rows if row["name"] == name)


def test_sessions_and_bytes_are_counted_by_host(place: Site) -> None:
    """While they live, and when they have ended; the relay has the sum of its hosts."""
    client = place.clients_of("EX1")[0]
    before = counted(place, "EX1")
    for number in (1, 2, 3):
        with place.session(client) as (connection, _):
            exchange(connection, b"x" * 10_000 + b"\n")
            until(lambda: counted(place, "EX1")["from_host"] >= before["from_host"] + 10_000 * number, what="bytes")  # noqa: B023
            now = counted(place, "EX1")
            assert now["opened"] == before["opened"] + number
            assert now["sessions"] >= 1
            assert 10_000 * number <= now["from_client"] - before["from_client"] < 13_000 * number
    until(lambda: counted(place, "EX1")["sessions"] == 0, what="no session lives")
    after, relay, other = counted(place, "EX1"), counted(place, "RPCCAS"), counted(place, "EX2")
    assert (after["opened"], after["failed"]) == (before["opened"] + 3, before["failed"])
    assert relay["opened"] == after["opened"] + other["opened"]
    assert after["opened_rate"] > 0
    assert after["checks_up"] == after["checks_all"] > 0


def test_a_host_that_refuses_has_failed(place: Site) -> None:
    """The session counts as failed, on the host that refused it."""
    client = place.clients_of("EX2")[0]
    before = counted(place, "EX2")
    server = place.server("EX2")
    server.nft(_REFUSE)
    try:
        with suppress(OSError):  # the proxy has accepted by then, and goes on to the other host
            connected(place.net["client1"], (VIP, PORT), (client, 0)).close()
        until(lambda: counted(place, "EX2")["failed"] > before["failed"], what="it counts as failed")
    finally:
        server.nft("delete table inet t_fault")
    assert counted(place, "EX2")["failed"] == before["failed"] + 1


def test_ends_of_sessions_can_be_followed(place: Site) -> None:
    """As events, each with whose the session was and what it carried."""
    client = place.clients_of("EX2")[0]
    follower = place.balancer.following("monitor", "--sessions", "--json")
    told = follower.stdout
    assert told is not None

    own: set[str] = set()

    def heard() -> dict[str, Any]:
        """End a session, and return what is heard of one of them; the first may have ended before anybody followed."""
        with place.session(client) as (connection, _):
            own.add("{}:{}".format(*connection.getsockname()))
            exchange(connection, b"x" * 5000 + b"\n")
            place.balancer.command("kill", "--client", client)
        lines = [told.readline()] if select.select([told], [], [], 6)[0] else []
        return next((event for event in map(json.loads, lines) if event.get("session", {}).get("client") in own), {})

    event = until(heard, within=30, what="the end of a session is told")
    follower.terminate()
    assert (event["relay"], event["host"], event["session"]["listen"]) == ("RPCCAS", "EX2", f"{VIP}:{PORT}")
    assert event["session"]["from_host"] >= 5000
    assert f"client={event['session']['client']}" in event["words"]
    assert "session" not in {json.loads(line)["event"] for line in _log(place)}


def _log(place: Site) -> list[str]:
    return place.balancer.command("show", "log", "--json").stdout.splitlines()


def test_a_session_leaves_a_line_with_the_port_that_the_host_saw(place: Site, module_directory: Path) -> None:
    """In the access log, with the bytes that it carried."""
    written = place.balancer.configuration.read_text(encoding="utf-8")
    log = next(path for path in (module_directory / "kernel.log", module_directory / "proxy.log") if str(path) in written)
    client = place.clients_of("EX1")[0]
    with place.session(client) as (connection, _):
        exchange(connection, b"x" * 5000 + b"\n")
        here = "{}:{}".format(*connection.getsockname())
        peers = place.server("EX1").run("ss", "-Htn", "state", "established", f"( sport = :{PORT} )").stdout
        place.balancer.command("kill", "--client", client)
        found = [line.split()[-1] for line in peers.replace("[::ffff:", "").replace("]", "").splitlines()]
        (peer,) = [each for each in found if int(each.rpartition(":")[2]) not in PROBE_PORTS]

    def line() -> str:
        lines = log.read_text().splitlines() if log.exists() else []
        return next((each for each in lines if f" client={here} " in each), "")

    fields = dict(part.split("=", 1) for part in until(line, within=20, what="the line is there").split(" "))
    assert (fields["relay"], fields["host"], fields["listen"]) == ("RPCCAS", "EX1", f"{VIP}:{PORT}")
    assert fields["source"] == peer
    assert 5000 <= int(fields["from_client"]) < 7000
    assert (fields["end"] == "killed", 0 <= float(fields["duration"]) < 30) == (True, True)


@pytest.mark.parametrize("place", ["kernel"], indirect=True)
def test_a_minute_later_it_is_history(place: Site) -> None:
    """What was carried is written when its minute is over; the file lies beside what is kept, of a run with a file, too."""
    with place.session(place.clients_of("EX1")[0]) as (connection, _):
        exchange(connection, b"x" * 10_000 + b"\n")

    def measured() -> list[dict[str, Any]]:
        said = place.balancer.command("show", "counters", "--history", "--host", "EX1", "--json").stdout
        return [row for row in map(json.loads, said.splitlines()) if row["type"] == "host"]

    until(lambda: sum(row["from_client"] for row in measured()) >= 10_000, within=90, what="the minute is written", every=1)
    assert sum(row["opened"] for row in measured()) >= 1
    assert {row["relay"] for row in measured()} == {"RPCCAS"}
    assert (place.balancer.state / "measurements.db").exists()
