"""What a client and a server say to each other arrives whole, in both directions, through relays and redirects."""

import random
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from bed import configuration
from bed.clients import exchange, greeted, line
from bed.layout import VIP, Layout
from bed.site import Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_SIZE: Final = 64 * 1024 * 1024
_TIMEOUT: Final = 2400


@pytest.fixture(scope="module", params=["kernel", "proxy", "redirect"])
def place(request: pytest.FixtureRequest, module_directory: Path) -> Iterator[Site]:
    """Run one relay over two echo servers, in each engine, and one redirect."""
    arms, engine = (2, []) if request.param == "redirect" else (1, [f"engine {request.param}"])
    text = configuration.plain(("RPCCAS", 59532), arms=arms, timing="interval 1s")
    text = configuration.with_statements(text, *engine, f"session timeout {_TIMEOUT}s")
    text = configuration.redirected(text) if request.param == "redirect" else text
    with site(text, Layout(arms=arms), module_directory / str(request.param)) as place:
        yield place


def test_a_server_that_speaks_first_is_heard(place: Site) -> None:
    """The greeting arrives before the client has said anything, and names the server that `explain` foretold."""
    for client in place.clients_of("EX1")[:3]:
        with place.session(client) as (_, name):
            assert name == "EX1"


def test_64_mebibytes_arrive_each_way_at_once(place: Site) -> None:
    """Random bytes sent while they come back are equal at both ends."""
    seed = random.SystemRandom().getrandbits(64)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    sent = random.Random(seed).randbytes(_SIZE)
    with place.session(place.clients[0]) as (connection, _), ThreadPoolExecutor(1) as sender:
        connection.settimeout(60)
        sending = sender.submit(_send_all, connection, sent)
        received, farewell = _receive(connection, _SIZE), line(connection)
        sending.result()
    assert received == sha256(sent).hexdigest()
    assert farewell == "bye"


def _send_all(connection: socket.socket, data: bytes) -> None:
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def _receive(connection: socket.socket, size: int) -> str:
    digest = sha256()
    while size:
        data = connection.recv(min(size, 1 << 18))
        assert data, f"{size} bytes are missing"
        digest.update(data)
        size -= len(data)
    return digest.hexdigest()


def test_a_client_that_ends_its_side_still_hears_the_answer(place: Site) -> None:
    """After the client's end of stream the server's last words and its own end arrive."""
    with place.session(place.clients[0]) as (connection, _):
        exchange(connection, b"last words\n")
        connection.shutdown(socket.SHUT_WR)
        assert line(connection) == "bye"
        assert connection.recv(1) == b""


def test_a_server_that_ends_its_side_still_hears_the_client(place: Site) -> None:
    """After the server's end of stream what the client says still arrives."""
    client = place.clients[2]
    with place.session(client) as (connection, name):
        connection.sendall(f"hang up {client}\n".encode())
        assert connection.recv(1) == b""
        connection.sendall(b"x" * 100_000)
    until(lambda: _read(place, name, client), what=f"{name} has read to the end")
    assert _read(place, name, client) == ["received 100000"]


def _read(place: Site, name: str, client: str) -> list[str]:
    return [event.what for event in place.events(name) if event.who == client and event.what.startswith("received")]


@pytest.mark.parametrize("place", ["kernel", "redirect"], indirect=True)
def test_a_half_closed_session_may_be_quiet_for_long(place: Site) -> None:
    """The kernel keeps the state of a half-closed session for the whole session timeout, whichever side has ended."""
    client = place.clients[1]
    with place.session(client) as (connection, _):
        connection.sendall(f"hang up {client}\n".encode())
        assert connection.recv(1) == b""
        port = connection.getsockname()[1]
        long = _TIMEOUT - 60  # until the client has acknowledged the end, the kernel counts it as unanswered: 5 minutes
        until(lambda: _half_closed(place, client, port) > long, what="the half-closed state has the session timeout")


def _half_closed(place: Site, client: str, port: int) -> int:
    """Return the seconds left of a half-closed session's state; 0 where it is not half-closed."""
    asked = ("--orig-src", client, "--orig-port-src", str(port))
    listed = place.lb.run("conntrack", "-L", "-p", "tcp", *asked, check=False).stdout
    found = re.search(r"tcp +6 (\d+) (?:CLOSE_WAIT|FIN_WAIT) ", listed)
    return int(found[1]) if found else 0


def test_the_balancer_reaches_its_own_relays(place: Site) -> None:
    """A program on the balancer itself is served as well."""
    with greeted(place.lb, "", VIP, 59532) as (connection, name):
        assert name in place.logs
        exchange(connection, b"from here\n")
