import os
import socket
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

from bascule.config.model import IcmpCheck
from bascule.plan.model import Endpoint
from bed.loopback import Loopback
from bed.probing import ask_once

PING = """
import asyncio
from ipaddress import ip_address
from bascule.config.model import IcmpCheck
from bascule.plan.model import Endpoint
from bed.probing import ask_once

async def ping(address, source):
    source = source and ip_address(source)
    print((await ask_once(Endpoint(ip_address(address), 0), IcmpCheck(), within=1, source=source)).reason)

for address, source in (("127.0.0.1", None), ("127.0.0.1", "127.0.0.9"), ("::1", "::1"), ("10.99.0.1", None)):
    asyncio.run(ping(address, source))
"""
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
ANSWERED = ["echo answered", "echo answered", "echo answered", "no answer within 1 s"]
FORBIDDEN = ["may not ping here: net.ipv4.ping_group_range names no group of the prober, and it lacks CAP_NET_RAW"] * 4

NOBODY = "1 0"
"""Groups that may ping in a fresh namespace: none. A user namespace without group 1 may not write it."""


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("groups", "rights", "reasons"),
    [("0 0", WITHOUT_RIGHTS, ANSWERED), (NOBODY, (), ANSWERED), (NOBODY, WITHOUT_RIGHTS, FORBIDDEN)],
    ids=["ping socket", "raw socket", "neither"],
)
def test_an_echo_is_answered(groups: str, rights: tuple[str, ...], reasons: list[str]) -> None:
    """IPv4 and IPv6 are pinged without rights where the group may, and through a raw socket elsewhere."""
    steps = " && ".join(
        [
            "ip link set lo up",
            "ip link add nowhere type veth peer name silence",
            "ip address add 10.99.0.2/24 dev nowhere",
            "ip link set nowhere up",
            "ip link set silence up",
            *([f'echo "{groups}" > /proc/sys/net/ipv4/ping_group_range'] if groups != NOBODY else []),
            'exec "$@"',
        ]
    )
    command = ["unshare", "--net", "sh", "-c", steps, "sh", *rights, sys.executable, "-c", PING]
    said = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert said.stdout.splitlines() == reasons


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
