"""Two-armed: the balancer stands between the clients' network and the servers'."""

from pathlib import Path

import pytest

from bed import configuration
from bed.clients import exchange
from bed.layout import BACK_GW, Layout
from bed.node import Node
from bed.site import site

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("engine", ["kernel", "proxy"])
def test_servers_that_know_no_route_to_the_clients_serve_them_all(engine: str, open_directory: Path) -> None:
    """The source that servers see is the balancer's on their own side, so that they need no way back to anyone."""
    text = configuration.with_statements(
        configuration.plain(("RPCCAS", 59532), arms=2, timing="interval 1s"), f"engine {engine}"
    )
    with site(text, Layout(arms=2, server_route=False), open_directory) as place:
        for client in place.clients:
            with place.session(client) as (connection, _):
                exchange(connection, b"served\n")
        with place.session(place.clients[0]) as (connection, name):
            exchange(connection, b"here\n")
            assert _peers(place.server(name)) == {BACK_GW[0]}


def _peers(server: Node) -> set[str]:
    """Return the addresses that a server has sessions with."""
    lines = server.run("ss", "-Htn", "state", "established", "sport = :59532").stdout.splitlines()
    return {line.split()[-1].rpartition(":")[0].strip("[]").removeprefix("::ffff:") for line in lines}
