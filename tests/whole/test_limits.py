"""Limits as clients and operators meet them, in both engines, with a balancer that runs."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from bed import configuration
from bed.layout import Layout
from bed.site import PORT, Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_MOST: Final = 4


@pytest.fixture(params=["kernel", "proxy"])
def place(request: pytest.FixtureRequest, open_directory: Path) -> Iterator[Site]:
    """Run one relay over two hosts that take few sessions, each client fewer."""
    text = configuration.plain(("RPCCAS", PORT), timing="workers 3; interval 1s")
    text = text.replace('name "EX1"', f'name "EX1" max sessions {_MOST}')
    statements = ["max source sessions 3", "max source rate 50/s"]
    text = configuration.with_statements(text, f"engine {request.param}", *statements)
    with site(text, Layout(arms=1), open_directory) as place:
        yield place


def test_clients_of_a_full_host_go_elsewhere(place: Site) -> None:
    """What it has stays; it is shown as full, and takes its own clients again when there is room."""
    mine = place.clients_of("EX1")[:5]
    with ExitStack() as stack:
        held = [stack.enter_context(place.session(client))[0] for client in mine[:_MOST]]
        until(lambda: place.balancer.relays()["RPCCAS"]["EX1"] == "full", what="EX1 is shown as full")
        with place.session(mine[4]) as (_, name):
            assert name == "EX2"
        assert "EX1 of table <exchange> is full (max sessions 4)" in place.balancer.command("status", check=False).stdout
        assert "is full" in place.balancer.command("explain", str(PORT), mine[4]).stdout
        for session in held:
            session.sendall(b"still here\n")
            assert session.recv(11) == b"still here\n"
    place.balancer.wait_hosts(EX1="up")
    with place.session(mine[4]) as (_, name):
        assert name == "EX1"
    said = place.balancer.command("show", "log").stdout
    assert "host EX1 is full and takes no new clients" in said
    assert "host EX1 has room for clients again" in said


def test_a_client_with_too_many_sessions_is_refused(place: Site) -> None:
    """Its sessions go on; `client` says how near it is and that it was refused; others are served."""
    client, other = place.clients_of("EX2")[:2]
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(place.session(client))
        until(lambda: _is_refused(place, client), what="a further session is refused")
        with place.session(other) as (_, name):
            assert name == "EX2"
        said = place.balancer.command("client", client).stdout
        assert "RPCCAS: 3 of 3 sessions (max source sessions)" in said
        assert "refused by a limit" in said or "over max source sessions" in said


def _is_refused(place: Site, client: str) -> bool:
    """Try one session; a relay in the proxy accepts before it resets."""
    try:
        with place.session(client):
            return False
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    except TimeoutError as late:
        raise AssertionError("neither served nor refused") from late
