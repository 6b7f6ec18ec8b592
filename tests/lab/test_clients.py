"""Our own clients meet the server by every service's protocol, and notice when they do not."""

from ipaddress import IPv4Address

import pytest

from bascule.lab.clients import CONVERSATIONS, meet
from bascule.lab.server import SimulatedExchange
from bascule.lab.wire import BROKEN_PEER

CLIENT = IPv4Address("127.0.0.101")


@pytest.mark.parametrize("service", CONVERSATIONS)
async def test_a_client_learns_which_server_it_met(server: SimulatedExchange, service: str) -> None:
    """Each protocol gives the server's name away."""
    port = getattr(server.ports, service)
    assert await meet(service, client=CLIENT, server=server.address, port=port, seconds=5) == "EX1"


@pytest.mark.parametrize("service", CONVERSATIONS)
async def test_another_service_is_not_taken_for_it(server: SimulatedExchange, service: str) -> None:
    """A client that reaches the wrong port fails with an error that a caller can expect."""
    wrong = server.ports.imap if service != "imap" else server.ports.pop3
    assert wrong
    with pytest.raises(BROKEN_PEER):
        await meet(service, client=CLIENT, server=server.address, port=wrong, seconds=2)


async def test_nobody_there_is_an_error(server: SimulatedExchange) -> None:
    """A refused connection is told as such."""
    port = server.ports.smtp
    assert port
    await server.stop()
    with pytest.raises(ConnectionRefusedError):
        await meet("smtp", client=CLIENT, server=server.address, port=port, seconds=2)
