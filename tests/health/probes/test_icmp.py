import os
import socket
from ipaddress import IPv4Address, ip_address

import pytest

from bascule.config.model import IcmpCheck
from bascule.plan.model import Endpoint
from bed.loopback import Loopback
from bed.probing import ask_once

needs_raw = pytest.mark.skipif(os.geteuid() != 0, reason="not on this machine: pinging needs root or ping_group_range")


@needs_raw
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.usefixtures("loopback")
async def test_an_echo_is_up(address: str) -> None:
    """The kernel answers an echo to loopback, IPv4 and IPv6 alike."""
    outcome = await ask_once(Endpoint(ip_address(address), 0), IcmpCheck())
    assert (outcome.up, outcome.reason) == (True, "echo answered")


@needs_raw
async def test_an_echo_leaves_from_the_source() -> None:
    """With a source the echo carries it."""
    outcome = await ask_once(Endpoint(ip_address("127.0.0.1"), 0), IcmpCheck(), source=IPv4Address("127.0.0.9"))
    assert outcome.up, outcome.reason


async def test_without_the_right_it_counts_against_nobody(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where we may not ping, the host is not to blame, and the reason says what is missing."""
    del loopback

    def forbidden(*_arguments: object) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("bascule.health.probes.icmp.socket.socket", forbidden)
    outcome = await ask_once(Endpoint(ip_address("127.0.0.1"), 0), IcmpCheck())
    monkeypatch.undo()
    assert (outcome.up, outcome.ours) == (False, True)
    assert "net.ipv4.ping_group_range" in outcome.reason
