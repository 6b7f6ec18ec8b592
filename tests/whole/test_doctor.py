"""What `bascule doctor` finds on a system that runs: hosts of a redirect that answer past it, and rules of others."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from bed import configuration
from bed.clients import exchange
from bed.layout import VIP, Layout
from bed.node import Node
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_TIMING: Final = "interval 500ms; timeout 500ms; fall 2; rise 1"
_FOREIGN: Final = """table inet t_foreign {
	chain forward {
		type filter hook forward priority 0; policy accept;
		tcp dport 59532 drop
	}
}
"""


def redirects(*, arms: int) -> str:
    """Return a configuration of one redirect."""
    return configuration.redirected(configuration.plain(("SMTP", PORT), arms=arms, timing=_TIMING))


@pytest.fixture(scope="module")
def place(module_directory: Path) -> Iterator[Site]:
    """Run a redirect whose hosts have this machine as their default gateway."""
    with site(redirects(arms=2), Layout(arms=2), module_directory / "routed") as built:
        yield built


@pytest.fixture(scope="module")
def past(module_directory: Path) -> Iterator[Site]:
    """Run a redirect whose hosts have another router as theirs, and share their network with some clients."""
    with site(redirects(arms=1), Layout(arms=1, outside=1), module_directory / "past") as built:
        yield built


def asked(place: Site) -> tuple[int, list[dict[str, Any]]]:
    """Return how `doctor` ends, and what it finds."""
    answer = place.balancer.asked("doctor", "--json", check=False)
    return answer.returncode, [json.loads(line) for line in answer.stdout.splitlines()]


def calls(node: Node, client: str, number: int, last: ExitStack) -> None:
    """Begin to connect so many times, and leave it open."""
    for _ in range(number):
        connection = last.enter_context(node.socket())
        connection.settimeout(0)
        connection.bind((client, 0))
        connection.connect_ex((VIP, PORT))


def waiting(place: Site, client: str) -> list[float]:
    """Return for how long each connection of a client has waited for its host's first word, the shortest first."""
    lines = place.lb.run("conntrack", "-L", "--src", client, "-o", "timestamp").stdout.splitlines()
    words = [line.partition("delta-time=")[2].split()[0] for line in lines if "UNREPLIED" in line and str(PORT) in line]
    return sorted(map(float, words))


def test_nothing_is_found_where_all_is_well(place: Site) -> None:
    """Sessions that were answered, however long ago."""
    for client in place.clients[:8]:
        with place.session(client) as (connection, _):
            exchange(connection, b"here\n")
    answer = place.balancer.command("doctor")
    assert (answer.returncode, answer.stdout) == (0, "nothing found\n")


@pytest.mark.parametrize("beside", [False, True], ids=["another router", "the same network"])
def test_hosts_that_answer_past_us_are_found(past: Site, *, beside: bool) -> None:
    """Each in one sentence, with the other way for those clients, as soon as an answer is surely due."""
    node = past.net["client1" if beside else "outside1"]
    (client, *_), host = (past.clients_of("EX2"), "EX2") if beside else ([node.ip], owner(past, node.ip))
    clients = "clients of its own network" if beside else "clients"
    sentence = f"no answer of {host} to {clients} comes back through this machine, so redirect SMTP does not serve them: "
    with ExitStack() as last:
        calls(node, client, 2, last)
        until(lambda: len(waits := waiting(past, client)) == 2 and waits[0] > 4, what="two connections have waited")
        assert sentence not in str(asked(past))
        calls(node, client, 2, last)

        def found() -> list[dict[str, Any]]:
            code, findings = asked(past)
            return [finding for finding in findings if code == 4 and finding["message"].startswith(sentence)]

        (finding,) = until(found, what="it is found")
    assert finding["severity"] == "error"
    assert "of 4 connections within 5 minutes none was answered" in finding["message"]
    assert ("a relay serves" if beside else "default gateway, at 10.80.0.10, or use a relay") in finding["hint"]
    shown = past.balancer.command("doctor", check=False).stdout
    assert [line for line in shown.splitlines() if sentence in line] == [f"error: {finding['message']} ({finding['hint']})"]


def test_connections_that_the_kernel_has_forgotten_count_too(past: Site) -> None:
    """It keeps one that nobody answers for two minutes: too short for whoever comes to look."""
    client = past.clients_of("EX1")[-1]
    with ExitStack() as last:
        calls(past.net["client1"], client, 3, last)
        until(lambda: len(waits := waiting(past, client)) == 3 and waits[0] > 4, what="they have waited")
    past.lb.run("conntrack", "-D", "-p", "tcp", "--src", client)
    until(lambda: not waiting(past, client), what="they are forgotten")
    until(
        lambda: "no answer of EX1 to clients of its own network" in str(asked(past)) and not waiting(past, client),
        what="it is found",
    )


def owner(place: Site, client: str) -> str:
    """Return the host that takes a client."""
    line = place.balancer.command("explain", "--json", "--to", VIP, str(PORT), client).stdout
    name: str = json.loads(line)["host"]
    return name


def test_a_host_that_is_merely_dead_is_not_taken_for_one(place: Site) -> None:
    """Clients waited for it before its check failed; neither then nor when it is back does that count."""
    client = place.clients_of("EX1")[0]
    with ExitStack() as last:
        place.net.cut("srv1")
        calls(place.net["client1"], client, 5, last)
        place.balancer.wait_hosts(EX1="down")
        assert asked(place) == (0, [])
        place.net.plug("srv1")
        place.balancer.wait_all_up()
        assert asked(place) == (0, [])
    with place.session(client) as (connection, name):
        exchange(connection, b"back\n")
        assert name == "EX1"


def test_a_chain_of_others_in_the_way_is_found(place: Site) -> None:
    """As it is now, whoever put it there a moment ago, and with what it does to whom."""
    place.lb.nft(_FOREIGN)
    try:
        code, (finding,) = asked(place)
    finally:
        place.lb.nft("delete table inet t_foreign")
    assert (code, finding["severity"]) == (4, "error")
    assert finding["message"] == (
        "chain forward of table inet t_foreign, which is not Bascule's, drops new connections of relay SMTP"
    )
    assert finding["hint"]
    assert asked(place) == (0, [])
