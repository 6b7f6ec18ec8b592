"""Redirects that remember their clients, under a balancer that runs: hosts go and are drained, clients are forgotten."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed import configuration
from bed.clients import exchange
from bed.layout import Layout
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel


@pytest.fixture
def place(open_directory: Path) -> Iterator[Site]:
    """Run one redirect over two echo servers, whose default gateway the balancer is."""
    text = configuration.plain(("SMTP", PORT), arms=2, timing="interval 500ms; timeout 500ms; fall 2; rise 1")
    text = configuration.redirected(text).replace("source-hash", "roundrobin")
    text = configuration.with_statements(text, "sticky-address timeout 1h")
    with site(text, Layout(arms=2), open_directory) as place:
        yield place


def met(place: Site, client: str) -> str:
    """Return the server that a new session meets."""
    with place.session(client) as (connection, name):
        exchange(connection, b"here\n")
        return name


def remembered(place: Site) -> dict[str, str]:
    """Return the host of each client, as `show sticky` has it."""
    lines = place.balancer.command("show", "sticky", "--json").stdout.splitlines()
    return {row["client"]: row["host"] for row in map(json.loads, lines)}


def test_clients_stay_until_their_host_goes(place: Site) -> None:
    """Each meets one host however often it comes; when the host dies it moves, at once, and stays moved."""
    before = {client: met(place, client) for client in place.clients[:8]}
    assert {*before.values()} == {"EX1", "EX2"}
    assert {client: met(place, client) for client in before} == before == remembered(place)
    place.server("EX1").close()
    until(lambda: met_or_nobody(place, next(iter(before))) == "EX2", what="clients of EX1 meet EX2")
    assert {met(place, client) for client in before} == {"EX2"}
    assert set(remembered(place).values()) == {"EX2"}


def met_or_nobody(place: Site, client: str) -> str:
    """Return the server that a client meets; "" where it meets none."""
    try:
        return met(place, client)
    except OSError:
        return ""


def test_clients_of_a_drained_host_leave_and_sessions_stay(place: Site) -> None:
    """The next connection goes elsewhere, while the one that is open goes on."""
    client = place.clients[0]
    with place.session(client) as (connection, name):
        exchange(connection, b"first\n")
        place.balancer.command("host", "drain", name)
        assert met(place, client) != name
        exchange(connection, b"still here\n")
        assert met(place, client) != name


def test_a_client_is_forgotten_by_hand(place: Site) -> None:
    """Alone, or with all others."""
    for client in place.clients[:4]:
        met(place, client)
    place.balancer.command("sticky", "forget", place.clients[0])
    assert remembered(place).keys() == {*place.clients[1:4]}
    place.balancer.command("sticky", "forget", "--all", "--in", "SMTP")
    assert remembered(place) == {}
