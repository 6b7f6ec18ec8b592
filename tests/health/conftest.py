"""What tests of probes ask for: servers on loopback, and TLS settings for them."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from bed.loopback import Loopback


@pytest.fixture
async def loopback() -> AsyncIterator[Loopback]:
    """Keep servers for one test; at its end no descriptor of a probe may be open."""
    before = _descriptors()
    servers = Loopback()
    yield servers
    await servers.close()
    async with asyncio.timeout(5):
        while _descriptors() > before:  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.01)


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def server_tls() -> ssl.SSLContext:
    """Return the TLS settings of a server whose certificate nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("mail.example.com").configure_cert(context)
    return context
