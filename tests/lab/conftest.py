"""A simulated server with every service on a free port, for each test that asks for one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Address

import pytest

from bascule.lab.certificate import make_certificate
from bascule.lab.release import NEWEST, RELEASES, Release
from bascule.lab.server import SERVICES, Ports, SimulatedExchange

ADDRESS = IPv4Address("127.0.0.11")


@pytest.fixture
async def server() -> AsyncIterator[SimulatedExchange]:
    """Run EX1.lab.local of 2010, which has every service, for the length of a test."""
    async with running(RELEASES["2010"], *SERVICES) as exchange:
        yield exchange


@pytest.fixture
async def modern() -> AsyncIterator[SimulatedExchange]:
    """Run EX1.lab.local of the newest version for the length of a test."""
    async with running(
        NEWEST, *(service for service in SERVICES if service not in {"client_access", "address_book"})
    ) as exchange:
        yield exchange


@asynccontextmanager
async def running(release: Release, *services: str) -> AsyncIterator[SimulatedExchange]:
    """Run EX1 with some services."""
    certificate = make_certificate("EX1.lab.local", ADDRESS, now=datetime.now(UTC))
    ports = Ports(**dict.fromkeys(services, 0))
    exchange = SimulatedExchange(name="EX1", address=ADDRESS, ports=ports, certificate=certificate, release=release)
    await exchange.start()
    yield exchange
    await exchange.stop()
