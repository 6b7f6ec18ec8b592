"""How one side ends is what the other side sees: the end of its stream, or a reset."""

import re
import socket
from typing import Final

import pytest

from bed.proxy import reset
from bed.sessions import Connected, carried, is_reset
from bed.wait import until
from whole.paths.place import Place

pytestmark = [pytest.mark.kernel, pytest.mark.parametrize("first", ["client", "server"])]

_TIMEOUT: Final = 2400
"""Session timeout, seconds, where nothing is said."""


def _ends(session: Connected, first: str) -> tuple[socket.socket, socket.socket]:
    ends = (session.client, session.server)
    return ends if first == "client" else ends[::-1]


def test_who_ends_its_side_still_hears_the_other(place: Place, first: str) -> None:
    """After the end of one stream the other goes on, and then ends itself."""
    with place.session() as session:
        session.speak()
        done, other = _ends(session, first)
        done.shutdown(socket.SHUT_WR)
        assert other.recv(1) == b""
        carried(other, done, b"x" * 100_000)
        other.shutdown(socket.SHUT_WR)
        assert done.recv(1) == b""


def test_last_words_arrive_before_the_end(place: Place, first: str) -> None:
    """Who says something and closes at once is heard to the last byte."""
    with place.session() as session:
        session.speak()
        done, other = _ends(session, first)
        done.sendall(b"x" * 50_000)
        done.close()
        heard = b"".join(iter(lambda: other.recv(1 << 16), b""))
        assert len(heard) == 50_000


def test_a_reset_is_passed_on(place: Place, first: str) -> None:
    """Who aborts is not taken for somebody who said goodbye."""
    with place.session() as session:
        session.speak()
        done, other = _ends(session, first)
        reset(done)
        assert is_reset(other)


def test_a_half_closed_session_may_be_quiet_for_long(place: Place, first: str) -> None:
    """The kernel keeps its state for the session timeout, whichever side has ended."""
    with place.session() as session:
        session.speak()
        done, other = _ends(session, first)
        done.shutdown(socket.SHUT_WR)
        assert other.recv(1) == b""
        if not place.proxied:
            port, long = session.client.getsockname()[1], _TIMEOUT - 60
            until(lambda: _half_closed(place, port) > long, what="the half-closed state has the session timeout")
        carried(other, done, b"late")


def _half_closed(place: Place, port: int) -> int:
    """Return the seconds left of a half-closed session's state; 0 where it is not half-closed."""
    asked = ("-f", f"ipv{place.version}", "-p", "tcp", "--orig-port-src", str(port))
    listed = place.net["lb1"].run("conntrack", "-L", *asked, check=False).stdout
    found = re.search(r"tcp +6 (\d+) (?:CLOSE_WAIT|FIN_WAIT) ", listed)
    return int(found[1]) if found else 0
