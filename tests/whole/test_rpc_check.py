"""Simulated Exchange servers whose RPC services are asked for where the relays have them, under a balancer that runs."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from bed import configuration
from bed.balancer import Balancer, running
from bed.layout import VIP, Layout
from bed.netlab import NetLab

pytestmark = pytest.mark.kernel

RELAYS: Final = {"RPCLS": 135, "RPCCAS": 59532, "RPCABS": 59533}
CLIENTS: Final = [f"10.80.100.{n}" for n in range(1, 33)]


@dataclass
class Farm:
    """The servers."""

    net: NetLab
    processes: dict[str, "subprocess.Popen[Any]"] = field(default_factory=dict)

    def serve(self, name: str, *options: str) -> None:
        """Run a server, in the place of the one that runs."""
        node = self.net[f"srv{name.removeprefix('EX')}"]
        if name in self.processes:
            self.processes[name].terminate()
            self.processes[name].wait(timeout=10)
        ports = ("--mapper", "135", "--client-access", "59532", "--address-book", "59533")
        argv = [
            sys.executable,
            "-m",
            "bascule.lab",
            "--version",
            "2010",
            "--name",
            name,
            "--address",
            node.ip,
            *ports,
            *options,
        ]
        self.processes[name] = node.popen(argv)
        node.wait_listening(*RELAYS.values())


def told(balancer: Balancer, *words: str) -> list[Mapping[str, Any]]:
    """Return what a command prints as JSON."""
    return [*map(json.loads, balancer.command(*words).stdout.splitlines())]


def chosen(balancer: Balancer, port: int) -> list[str]:
    """Return the host of each client."""
    return [answer["host"] for answer in told(balancer, "explain", "--json", "--to", VIP, str(port), *CLIENTS)]


@pytest.fixture
def farm(open_directory: Path) -> Iterator[tuple[Farm, Balancer]]:
    """Run two servers behind the guide's three relays of RPC, of which one asks for both services."""
    text = configuration.plain(*RELAYS.items(), timing="interval 500ms; timeout 500ms; fall 2; rise 1")
    text = configuration.with_statements(text, 'affinity "outlook"').replace("check tcp", "check rpc", 1)
    with NetLab(Layout(arms=1)) as net:
        net.hold("lb1", VIP)
        farm = Farm(net)
        for name in ("EX1", "EX2"):
            farm.serve(name)
        with running(net["lb1"], text, open_directory) as balancer:
            yield farm, balancer


def test_a_service_at_another_port_takes_the_hosts_clients_off_every_port(farm: tuple[Farm, Balancer]) -> None:
    """The reason says which port it is at and what mends it; the other services of the group move along, and return."""
    servers, balancer = farm
    before = chosen(balancer, 135)
    assert set(before) == {"EX1", "EX2"}
    servers.serve("EX1", "--order", "rpc wrong-port")
    balancer.wait_hosts("RPCLS", EX1="down", EX2="up")
    reasons = {(host["relay"], host["name"]): host["reason"] for host in told(balancer, "show", "hosts", "--json")}
    reason = reasons["RPCLS", "EX1"]
    assert reason.startswith("EMSMDB is at port 58532, not 59532 or 59533: set TCP/IP Port (REG_DWORD) in HKLM")
    assert "NSPI is at port 58533, not 59532 or 59533: set RpcTcpPort (REG_SZ) in HKLM" in reason
    for port in RELAYS.values():
        assert set(chosen(balancer, port)) == {"EX2"}
    servers.serve("EX1")
    balancer.wait_all_up()
    assert [chosen(balancer, port) for port in RELAYS.values()] == [before] * 3
    checks = {row["relay"]: row["check"] for row in told(balancer, "show", "tables", "--json")}
    assert checks["RPCLS"] == "check rpc"
