"""Every service fails in every way that is asked for, and is well again when that is."""

import asyncio
import ssl
from ipaddress import IPv4Address

import pytest

from bascule.lab.clients import CONVERSATIONS, meet
from bascule.lab.faults import ServiceFault
from bascule.lab.orders import obey
from bascule.lab.server import SimulatedExchange
from bascule.lab.wire import BROKEN_PEER
from lab.test_https import trusting

CLIENT = IPv4Address("127.0.0.101")


async def visit(server: SimulatedExchange, service: str, seconds: float = 5) -> str:
    """Return who answers a client of a service."""
    port = getattr(server.ports, service)
    return await meet(service, client=CLIENT, server=server.address, port=port, seconds=seconds)


@pytest.mark.parametrize("service", CONVERSATIONS)
async def test_each_service_fails_on_demand(server: SimulatedExchange, service: str) -> None:
    """It hangs from the start, or after its greeting, or cuts every connection, or is not there; then it is well."""
    for fault in (ServiceFault.HANGS, ServiceFault.HALF_OPEN):
        await obey(server, f"service {service} {fault}")
        with pytest.raises(TimeoutError):
            await visit(server, service, seconds=0.05)
    await obey(server, f"service {service} resets")
    with pytest.raises(BROKEN_PEER):
        await visit(server, service)
    await obey(server, "service all stopped")
    with pytest.raises(ConnectionRefusedError):
        await visit(server, service)
    await obey(server, "service all well")
    assert await visit(server, service) == "EX1"


async def test_a_hanging_service_shakes_no_hands_and_a_half_open_one_does(server: SimulatedExchange) -> None:
    """What tells them apart, where TLS comes first."""
    address, port = str(server.address), server.ports.https
    await obey(server, "service https hangs")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await asyncio.open_connection(address, port, ssl=trusting(server))
    await obey(server, "service https half-open")
    _, writer = await asyncio.open_connection(address, port, ssl=trusting(server))
    writer.transport.abort()


async def test_a_session_that_stands_goes_half_open(server: SimulatedExchange) -> None:
    """Nothing is answered from then on, and nothing closed."""
    reader, writer = await asyncio.open_connection(str(server.address), server.ports.pop3)
    assert (await reader.readline()).startswith(b"+OK")
    await obey(server, "service pop3 half-open")
    writer.write(b"NOOP\r\n")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await reader.read(1)
    writer.transport.abort()


async def test_a_slow_service_is_slow_and_right(server: SimulatedExchange, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thing that it says takes its time."""
    monkeypatch.setattr("bascule.lab.wire.SLOW_SECONDS", 0.05)
    await obey(server, "service imap slow")
    begun = asyncio.get_running_loop().time()
    assert await visit(server, "imap") == "EX1"
    assert asyncio.get_running_loop().time() - begun > 3 * 0.05


async def test_another_certificate(server: SimulatedExchange) -> None:
    """Expired, or a stranger's, or its own again."""
    for which, words in (("expired", "expired|self-signed"), ("stranger", "self-signed")):
        await obey(server, f"certificate {which}")
        with pytest.raises(ssl.SSLCertVerificationError, match=words):
            await asyncio.open_connection(str(server.address), server.ports.https, ssl=trusting(server))
    await obey(server, "certificate own")
    _, writer = await asyncio.open_connection(str(server.address), server.ports.https, ssl=trusting(server))
    writer.transport.abort()
