"""A client that comes again from the same port after its slot has moved: it meets the new host, not the old session."""

from contextlib import ExitStack

import pytest

from bed.proxy import reset
from bed.sessions import Connected
from bed.wait import until
from whole.paths.place import Place

pytestmark = pytest.mark.kernel

_PORTS = {"closed": 40001, "reset by the client": 40002, "reset by the server": 40003, "vanished": 40004}
"""How a session ends, and the port of its client."""
_DEAF = """
table inet t_deaf {
 chain c_in { type filter hook input priority 0; policy accept;
  tcp sport 443 drop
 }
 chain c_out { type filter hook output priority 0; policy accept;
  tcp dport 443 drop
 }
}
"""
"""A client whose cable is cut."""


def test_the_same_port_reaches_the_new_host(place: Place) -> None:
    """However the session before ended: at once, and with bytes of its own alone."""
    first = place.net["srv1"]
    client = next(place.clients_of(first))
    with ExitStack() as old:
        for ending, port in _PORTS.items():
            session = old.enter_context(place.session(client, port))
            assert session.node is first
            session.speak()
            _end(place, session, ending)
        place.balancer.command("host", "disable", place.host(first))
        old.callback(place.balancer.command, "host", "enable", place.host(first))
        for port in _PORTS.values():
            with place.session(client, port) as session:
                session.speak(b"anew")
                assert session.node is not first
    until(lambda: client in place.clients_of(first), what="the host takes its clients again")


def _end(place: Place, session: Connected, ending: str) -> None:
    """End a session so that the kernel may still know it."""
    if ending == "closed":
        session.client.close()
        assert session.server.recv(1) == b""
    elif ending == "reset by the client":
        reset(session.client)
    elif ending == "reset by the server":
        reset(session.server)
    else:
        place.client.nft(_DEAF)
        reset(session.client)
        place.client.nft("delete table inet t_deaf")
