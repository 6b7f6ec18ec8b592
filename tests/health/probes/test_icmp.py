import os
import socket
import subprocess
import sys
from ipaddress import IPv4Address, ip_address
from pathlib import Path

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


PING_WITHOUT_RIGHTS = """
import asyncio
from ipaddress import ip_address
from bascule.config.model import IcmpCheck
from bascule.plan.model import Endpoint
from bed.probing import ask_once
for address in ("127.0.0.1", "::1"):
    print(asyncio.run(ask_once(Endpoint(ip_address(address), 0), IcmpCheck(), source=ip_address(address))).reason)
"""


@pytest.mark.kernel
@pytest.mark.parametrize(("groups", "reason"), [("0 0", "echo answered"), ("1 0", "may not ping here: ")])
def test_a_ping_socket_needs_no_right(groups: str, reason: str) -> None:
    """Where the group may ping, no CAP_NET_RAW is needed; where it may not, the reason says what to set."""
    steps = f'ip link set lo up && echo "{groups}" > /proc/sys/net/ipv4/ping_group_range && exec "$@"'
    command = ["unshare", "--net", "sh", "-c", steps, "sh", "setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"]
    said = subprocess.run(
        [*command, sys.executable, "-c", PING_WITHOUT_RIGHTS],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert [line[: len(reason)] for line in said.stdout.splitlines()] == [reason, reason]


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
