"""Why a relay cannot listen is told beforehand, in words, and looking changes nothing."""

import errno
import socket
import subprocess
import sys

import pytest

from bascule.config.diagnostics import Span
from bascule.engines.proxy.listening import listening_socket, objection
from bascule.engines.proxy.wire import Place
from bed.proxy import refusing
from bed.wait import until

WHERE = Span(line=12, column=2)


def _free(address: str) -> Place:
    with socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET) as server:
        return Place(address, server.getsockname()[1])


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.3.4", "::1"])
def test_nothing_to_object(address: str) -> None:
    """Where one may listen there is no objection, before and after."""
    place = _free(address)
    assert objection(place, "R", WHERE) is None
    with listening_socket(place), listening_socket(place):
        pass
    assert objection(place, "R", WHERE) is None


@pytest.mark.parametrize("option", [socket.SO_REUSEADDR, socket.SO_REUSEPORT])
def test_a_port_that_another_program_has(option: int) -> None:
    """Also one that would share: two programs that take turns at clients are never wanted."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, option, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        found = objection(Place("127.0.0.1", other.getsockname()[1]), "IMAP", WHERE)
    assert found is not None
    assert found.span == WHERE
    assert "another program listens" in found.message
    assert '"IMAP"' in found.message
    assert "ss -ltnp" in found.hint


def test_an_address_that_is_not_ours() -> None:
    """The address is named."""
    found = objection(Place("192.0.2.55", 443), "R", WHERE)
    assert found is not None
    assert "does not have the address 192.0.2.55" in found.message


def test_a_low_port_without_the_right() -> None:
    """Without CAP_NET_BIND_SERVICE the message says what is needed (in a network namespace: the machine may allow it)."""
    program = (
        "from bascule.config.diagnostics import Span\n"
        "from bascule.engines.proxy.listening import objection\n"
        "from bascule.engines.proxy.wire import Place\n"
        "print(objection(Place('0.0.0.0', 443), 'R', Span()).message)\n"
    )
    drop = [
        "/usr/bin/env",
        "unshare",
        "--net",
        "setpriv",
        "--bounding-set=-net_bind_service",
        "--inh-caps=-net_bind_service",
    ]
    said = subprocess.run([*drop, sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert "need root or CAP_NET_BIND_SERVICE" in said


def test_ipv4_and_ipv6_stand_beside_each_other() -> None:
    """A listener on every IPv6 address takes no client of IPv4; a port that others took meanwhile says nothing."""
    until(_beside_each_other, what="a port is free for both")


def _beside_each_other() -> bool:
    port = refusing("0.0.0.0").port
    try:
        with listening_socket(Place("::", port)), listening_socket(Place("0.0.0.0", port)):
            return True
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
