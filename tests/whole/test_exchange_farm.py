"""From the wizard's answer to a running farm: 500 Outlook-shaped clients of three simulated servers, through the kernel.

Who met whom is read from the servers' own logs.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import pytest

from bed import outlook
from bed.balancer import Balancer, running
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.servers.outlook import PORTS, Logged, start

pytestmark = pytest.mark.kernel

RPC: Final = (135, 59532, 59533)
_NETWORK: Final = "10.81.0.0/20"
"""Of the clients, behind client1's address."""
_HOSTS: Final = "EX1=10.80.2.1,EX2=10.80.2.2,EX3=10.80.2.3"
_ANSWERS: Final = ("--vip", f"{VIP}/16", "--hosts", _HOSTS, "--namespace", "mail.lab.local", "--interface", "eth0")


@dataclass
class Farm:
    """500 clients, a balancer, and three servers with their logs."""

    net: NetLab
    clients: Sequence[str]
    servers: dict[str, Logged] = field(default_factory=dict)

    @contextmanager
    def running(self, version: str, at: Path) -> Iterator[None]:
        """Have three servers of a version meanwhile."""
        nodes = enumerate(self.net.named("srv"), 1)
        self.servers = {f"EX{n}": start(node, f"EX{n}", at, version) for n, node in nodes}
        try:
            yield
        finally:
            for server in self.servers.values():
                server.end()

    def met(self, ports: Sequence[int], clients: Sequence[str] = ()) -> dict[int, dict[str, str]]:
        """Have the clients use these ports, and return for each port who met whom; fails where one met two, or none."""
        before = {name: server.log.stat().st_size for name, server in self.servers.items()}
        who = clients or self.clients
        outlook.use(self.net["client1"], who, VIP, ports)
        found: dict[int, dict[str, str]] = {port: {} for port in ports}
        for name, server in self.servers.items():
            for line in server.log.read_bytes()[before[name] :].decode().splitlines():
                port, client = line.split()
                assert client not in found[int(port)], f"{client} met two servers on port {port}"
                found[int(port)][client] = name
        assert all(set(met) == set(who) for met in found.values())
        return found


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    """Build the network."""
    with NetLab(Layout(arms=1, servers=3)) as net:
        net["client1"].run("ip", "route", "add", "local", _NETWORK, "dev", "lo")
        for node in (net["lb1"], *net.named("srv")):
            node.run("ip", "route", "add", _NETWORK, "via", net["client1"].ip)
        yield Farm(net, [str(client) for client in list(ip_network(_NETWORK).hosts())[:500]])


def wizard(farm: Farm, at: Path, *answers: str) -> str:
    """Return the text that the wizard writes, checked where it shall run."""
    at.unlink(missing_ok=True)
    command = (sys.executable, "-m", "bascule")
    node = farm.net["lb1"]
    node.run(*command, "exchange", "wizard", *_ANSWERS, *answers, "--key", "7f3a91c2", "--output", str(at))
    node.run(*command, "check", str(at))
    return at.read_text(encoding="utf-8")


def test_outlook_2010_finds_one_server_on_every_port(farm: Farm, module_directory: Path) -> None:
    """No client is split; where one server's Address Book stops, its clients move, on all RPC ports, and nobody else."""
    text = wizard(farm, module_directory / "2010.conf", "--version", "2010")
    with farm.running("2010", module_directory), running(farm.net["lb1"], text, module_directory / "2010") as balancer:
        met = farm.met(PORTS)
        first = met[443]
        assert all(one == first for one in met.values())
        assert {*first.values()} == {"EX1", "EX2", "EX3"}
        theirs = {client for client, server in first.items() if server == "EX2"}
        told = {client: foretold(balancer, client, failing="EX2") for client in (min(theirs), min({*first} - theirs))}
        farm.servers["EX2"].order("service address-book stopped")
        check(balancer, "RPCABS", EX2="down")
        moved = farm.met(RPC)
        assert moved[135] == moved[59532] == moved[59533]
        assert {client for client in first if moved[135][client] != first[client]} == theirs
        assert {*moved[135].values()} == {"EX1", "EX3"}
        assert told == {client: dict.fromkeys(RPC, moved[135][client]) for client in told}
        assert farm.met((443,), farm.clients[:50]) == {443: {client: first[client] for client in farm.clients[:50]}}
        farm.servers["EX2"].order("service address-book well")
        check(balancer, "RPCABS", EX2="up")
        with outlook.staying(farm.net["client1"], farm.clients[:30], VIP, (443, 59532, 59533)):
            said = affinity(balancer)
        group = next(bond for bond in said["bonds"] if bond["name"] == "affinity group outlook")
        assert (group["clients"], group["split_total"], said["split"]) == (30, 0, 0)
        assert group["sessions"] >= 60


def test_a_modern_farm_serves_everybody(farm: Farm, module_directory: Path) -> None:
    """2016 by the same answers: every client is served on every port, by all servers, and none is tied to one.

    No new client meets a server with an ill virtual directory, one in maintenance, or one that is another than named.
    """
    answers = ("--version", "2016", "--imap", "--pop", "--smtp")
    text = wizard(farm, module_directory / "2016.conf", *answers)
    with farm.running("2016", module_directory), running(farm.net["lb1"], text, module_directory / "2016") as balancer:
        met = farm.met((443, 993, 110), farm.clients[:60])
        assert all({*hosts.values()} == {"EX1", "EX2", "EX3"} for hosts in met.values())
        assert affinity(balancer)["bonds"] == []
        farm.servers["EX1"].order("page mapi reset")
        farm.servers["EX3"].order("name EX9")
        check(balancer, "HTTPS", EX1="down", EX2="up", EX3="down")
        assert {*farm.met((443,), farm.clients[:40])[443].values()} == {"EX2"}
        farm.servers["EX1"].order("page mapi well")
        farm.servers["EX3"].order("name EX3")
        farm.servers["EX2"].order("maintenance on")
        check(balancer, "HTTPS", EX1="up", EX2="maintenance", EX3="up")
        assert "EX2" not in farm.met((443,), farm.clients[:40])[443].values()


def check(balancer: Balancer, relay: str, **states: str) -> None:
    """Have the hosts checked until they are so."""
    for _ in range(2):
        balancer.command("poll")
    balancer.wait_hosts(relay, within=20.0, **states)


def affinity(balancer: Balancer, *client: str) -> dict[str, Any]:
    """Return what `exchange affinity` says."""
    said: dict[str, Any] = json.loads(balancer.command("exchange", "affinity", *client, "--json").stdout)
    return said


def foretold(balancer: Balancer, client: str, *, failing: str) -> dict[int, str]:
    """Return the server that a client would have on each RPC port, as is said before it comes so."""
    services = [each for each in affinity(balancer, client)["services"] if each["group"] == "outlook"]
    return {each["port"]: {host["host"]: host["then"] for host in each["failing"]}[failing] for each in services}
