"""A simulated server opens all its ports or none, and closes them."""

import asyncio
import socket
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address

import pytest

from bascule.lab.certificate import make_certificate
from bascule.lab.server import Ports, SimulatedExchange

ADDRESS = IPv4Address("127.0.0.12")


def exchange(ports: Ports) -> SimulatedExchange:
    """Return a server that is not started."""
    certificate = make_certificate("EX2.lab.local", ADDRESS, now=datetime.now(UTC))
    return SimulatedExchange(name="EX2", address=ADDRESS, ports=ports, certificate=certificate)


async def test_only_services_with_a_port_are_served() -> None:
    """None serves nothing; 0 takes a free port and says which."""
    server = exchange(Ports(imap=0))
    await server.start()
    assert server.ports.imap
    assert server.ports == Ports(imap=server.ports.imap)
    await server.stop()


async def test_a_port_that_is_taken_leaves_nothing_open() -> None:
    """Where one port cannot be had, those already opened are given back."""
    server = exchange(Ports(smtp=0))
    await server.start()
    with socket.create_server((str(ADDRESS), 0)) as taken:
        asked = replace(server.ports, imap=taken.getsockname()[1])
        await server.stop()
        with pytest.raises(OSError, match="already in use"):
            await exchange(replace(asked, https=None)).start()
    assert server.ports.smtp
    socket.create_server((str(ADDRESS), server.ports.smtp)).close()


async def test_stop_ends_conversations() -> None:
    """A client in the middle of a session sees its end, as when a server dies."""
    server = exchange(Ports(imap=0))
    await server.start()
    assert server.ports.imap
    reader, writer = await asyncio.open_connection(str(ADDRESS), server.ports.imap)
    await reader.readline()
    await server.stop()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await reader.readexactly(1)
    writer.transport.abort()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(str(ADDRESS), server.ports.imap)
