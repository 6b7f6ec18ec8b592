"""Sessions as an operator sees them: listed, ended at both ends, and found again by client and by a host's log."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from bed import configuration
from bed.clients import exchange
from bed.layout import VIP, Layout
from bed.sessions import is_reset
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_TIMEOUT: Final = 2400


@pytest.fixture(params=["kernel", "proxy"], scope="module")
def place(request: pytest.FixtureRequest, module_directory: Path) -> Iterator[Site]:
    """Run a balancer over two servers, by each path."""
    text = configuration.plain(("RPCCAS", PORT), timing="interval 1s; timeout 1s; fall 2; rise 1")
    text = configuration.with_statements(text, f"engine {request.param}", f"session timeout {_TIMEOUT}s")
    with site(text, Layout(arms=1, server_route=False), module_directory / request.param) as built:
        yield built


def listed(place: Site, *words: str) -> list[dict[str, Any]]:
    """Return the rows of `show sessions`."""
    return rows(place, "show", "sessions", *words)


def rows(place: Site, *words: str) -> list[dict[str, Any]]:
    """Return what a command prints as JSON."""
    return [json.loads(line) for line in place.balancer.asked(*words, "--json", check=False).stdout.splitlines()]


def test_a_session_is_listed_with_what_both_ends_know_of_it(place: Site) -> None:
    """Client, host, the source that the host sees, age, silence and bytes are those of the session."""
    client = place.clients_of("EX1")[0]
    with place.session(client) as (connection, _):
        exchange(connection, b"x" * 5000 + b"\n")
        (row,) = listed(place, "--client", client)
        here = "{}:{}".format(*connection.getsockname())
        assert (row["client"], row["relay"], row["host"], row["listen"]) == (here, "RPCCAS", "EX1", f"{VIP}:{PORT}")
        assert (row["state"], row["ended"]) == ("established", None)
        assert (datetime.now().astimezone() - datetime.fromisoformat(row["since"])).total_seconds() < 20
        assert 0 <= row["idle"] < 20
        assert 5000 <= row["from_client"] < 7000
        assert 5000 <= row["from_host"] < 7000
        peers = place.server("EX1").run("ss", "-Htn", "state", "established", f"( sport = :{PORT} )").stdout
        assert row["source"] in peers.replace("[::ffff:", "").replace("]", "")


def test_what_is_named_must_fit(place: Site) -> None:
    """Sessions are chosen by client, host and relay, sorted, and all counted where not all are listed."""
    one = place.clients_of("EX1")[0]
    with place.session(one) as (quiet, _), ExitStack() as last:
        exchange(quiet, b"a\n")
        other = place.clients_of("EX2")[0]  # as long after it as a command takes: each worker counts ages for itself
        busy, _ = last.enter_context(place.session(other))
        exchange(busy, b"x" * 20000 + b"\n")

        def clients(*words: str) -> list[str]:
            return [row["client"].rpartition(":")[0] for row in listed(place, *words)]

        assert clients("--host", "EX1") == clients("--client", one) == [one]
        assert clients("--host", "EX2", "--relay", "RPCCAS") == [other]
        assert clients("--host", "EX1", "--client", other) == []
        assert clients("--sort", "bytes") == [other, one]
        assert clients("--sort", "age", "--limit", "1") == [one]
        assert sorted(clients("--sort", "none")) == sorted([one, other])
        assert clients("--sort", "none", "--limit", "1") in ([one], [other])
        assert "1 of 2 sessions" in place.balancer.command("show", "sessions", "--limit", "1").stdout
        unknown = place.balancer.command("show", "sessions", "--host", "EX9", check=False)
        assert (unknown.returncode, "EX9" in unknown.stderr) == (1, True)


def test_affinity_counts_the_sessions_that_live(place: Site) -> None:
    """Of each host, with their clients: none is split where each has its own host."""
    one, other = place.clients_of("EX1")[0], place.clients_of("EX2")[0]
    with place.session(one) as (first, _), place.session(one) as (second, _), place.session(other) as (third, _):
        for connection in (first, second, third):
            exchange(connection, b"a\n")

        def counted() -> bool:
            (bond,) = rows(place, "exchange", "affinity")[0]["bonds"]
            shares = {share["host"]: (share["clients"], share["sessions"]) for share in bond["shares"]}
            return (bond["clients"], bond["split_total"], shares) == (2, 0, {"EX1": (1, 2), "EX2": (1, 1)})

        until(counted, what="affinity counts what lives")


def test_kill_wants_to_be_told_which(place: Site) -> None:
    """Nothing named ends nothing, an id one session alone and once, and `--all` everything."""
    client = place.clients_of("EX1")[0]
    with place.session(client) as (doomed, _), place.session(client) as (other, _):
        for connection in (doomed, other):
            exchange(connection, b"a\n")
        refused = place.balancer.command("kill", check=False)
        assert (refused.returncode, "--all" in refused.stderr) == (1, True)
        ids = {row["client"]: row["id"] for row in listed(place, "--client", client)}
        one = ids["{}:{}".format(*doomed.getsockname())]
        assert place.balancer.command("kill", "--id", one).stdout == "1 session ended\n"
        assert is_reset(doomed)
        again = place.balancer.command("kill", "--id", one, check=False)
        assert (again.returncode, "has ended already" in again.stderr) == (1, True)
        exchange(other, b"still here\n")
        assert place.balancer.command("kill", "--all").stdout == "1 session ended\n"
        assert is_reset(other)


def test_a_client_is_told_with_its_hosts_and_what_has_ended(place: Site) -> None:
    """Sessions that ended stand beside those that live, with their bytes and their end."""
    client = place.clients_of("EX2")[0]
    with place.session(client) as (connection, _):
        exchange(connection, b"x" * 3000 + b"\n")
        gone = "{}:{}".format(*connection.getsockname())
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(100):
            pass
    with place.session(client) as (connection, _):
        exchange(connection, b"here\n")

        def report() -> dict[str, Any] | None:
            (said,) = rows(place, "client", client)
            return said if gone in [row["client"] for row in said["ended"]] else None

        said = until(report, what="the ended session is known")
        assert said is not None
        assert [(service["relay"], service["host"]) for service in said["services"]] == [("RPCCAS", "EX2")]
        assert (said["total"], [row["host"] for row in said["sessions"]]) == (1, ["EX2"])
        ended = next(row for row in said["ended"] if row["client"] == gone)
        assert (ended["host"], ended["state"]) == ("EX2", "closed")
        assert ended["from_client"] >= 3000
        assert said["from_client"] > ended["from_client"]
        assert client in place.balancer.command("client", client).stdout


def test_the_client_behind_a_line_of_a_hosts_log_is_found(place: Site) -> None:
    """By the address and port that the host saw, while the session lives and when it has ended."""
    client = place.clients_of("EX1")[0]
    with place.session(client) as (connection, _):
        exchange(connection, b"a\n")
        here = "{}:{}".format(*connection.getsockname())
        (row,) = listed(place, "--client", client)
        assert [found["client"] for found in rows(place, "who", row["source"])] == [here]

    def ended() -> bool:
        found = rows(place, "who", row["source"], "at", datetime.now().astimezone().isoformat())
        return [(each["client"], each["ended"] is not None) for each in found] == [(here, True)]

    until(ended, what="the ended session is found")
    assert rows(place, "who", row["source"], "at", "2020-01-01T00:00:00Z") == []
    assert place.balancer.command("who", row["source"], "at", "2020-01-01T00:00:00Z", check=False).returncode == 1


def test_a_capture_has_both_sides_of_one_client_alone(place: Site, tmp_path: Path) -> None:
    """What passes between the client and us, and between us and its host; nothing of others on the same way."""
    client = place.clients_of("EX1")[0]
    other = place.clients_of("EX1")[1]
    file = tmp_path / "client.pcapng"
    capturing = place.balancer.following("capture", "--client", client, "--relay", "RPCCAS", "--seconds", "60", str(file))
    until(lambda: file.exists() and file.stat().st_size, what="the capture has begun")
    with place.session(client) as (connection, _), place.session(other) as (another, _):
        exchange(connection, b"mine\n")
        exchange(another, b"theirs\n")
        until(lambda: b"mine" in file.read_bytes(), what="the packets are in the file")
        (row,) = listed(place, "--client", client)
        (strange,) = listed(place, "--client", other)
    busy = place.balancer.command("capture", "--client", other, str(tmp_path / "other"), check=False)
    assert (busy.returncode, "captures already" in busy.stderr) == (3, True)
    read = ("tcpdump", "-n", "-r", str(file))
    until(lambda: "Flags [F" in place.lb.run(*read, check=False).stdout, what="its end is in the file")
    capturing.send_signal(signal.SIGINT)
    assert "you ended it" in capturing.communicate(timeout=10)[0]
    told = place.lb.run(*read).stdout

    def passed(source: str, to: str) -> bool:
        return f" {dotted(source)} > {dotted(to)}: " in told

    assert passed(row["client"], row["listen"])
    assert passed(row["listen"], row["client"])
    assert passed(row["source"], row["address"])
    assert passed(row["address"], row["source"])
    assert dotted(strange["source"]) not in told
    assert dotted(strange["client"]) not in told
    audit = place.balancer.command("show", "audit", "--last", "5").stdout
    assert f"captured packets of client {client}, relay RPCCAS" in audit


def dotted(place: str) -> str:
    """Return an address and port as tcpdump has them."""
    return ".".join(place.rsplit(":", 1))
