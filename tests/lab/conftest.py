"""A simulated server with every service on a free port, for each test that asks for one."""

from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import UTC, datetime
from ipaddress import IPv4Address

import pytest

from bascule.lab.certificate import make_certificate
from bascule.lab.server import Ports, SimulatedExchange


@pytest.fixture
async def server() -> AsyncIterator[SimulatedExchange]:
    """Run EX1.lab.local for the length of a test."""
    address = IPv4Address("127.0.0.11")
    certificate = make_certificate("EX1.lab.local", address, now=datetime.now(UTC))
    ports = Ports(**dict.fromkeys((field.name for field in fields(Ports)), 0))
    exchange = SimulatedExchange(name="EX1", address=address, ports=ports, certificate=certificate)
    await exchange.start()
    yield exchange
    await exchange.stop()
