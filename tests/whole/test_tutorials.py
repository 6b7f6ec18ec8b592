"""The tutorials do what they say: their commands are run in their order, and clients are served by what comes of it."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from bed import outlook
from bed.balancer import Balancer
from bed.layout import Layout
from bed.netlab import NetLab
from bed.servers import outlook as servers
from bed.servers.outlook import PORTS
from bed.tutorial import Run, follow

pytestmark = pytest.mark.kernel

PAGES: Final = Path(__file__).parents[2] / "docs" / "tutorial"
CLIENT: Final = "10.2.1.20"
"""The pages' own."""
OUTSIDE: Final = "198.51.100.7"
PUBLIC: Final = "203.0.113.10"
VIP: Final = "10.2.0.50"


@contextmanager
def balancer(at: Path, version: str) -> Iterator[tuple[NetLab, Balancer]]:
    """Run a Bascule that nobody has configured, at the addresses of the pages, beside a client and servers of a version."""
    with NetLab(Layout(arms=1, servers=3)) as net, ExitStack() as last:
        net.hold("lb1", "10.2.0.10/16")
        net.hold("client1", f"{CLIENT}/16", OUTSIDE)
        net["client1"].run("ip", "route", "add", PUBLIC, "via", "10.2.0.10")
        net["lb1"].run("ip", "route", "add", OUTSIDE, "via", CLIENT)
        for n, node in enumerate(net.named("srv"), 1):
            net.hold(node.name, f"10.2.0.1{n}/16")
            servers.start(node, f"EX{n}", at, version, f"10.2.0.1{n}")
        runs = Balancer(net["lb1"], None, at / "lb")
        last.callback(runs.tell)
        last.callback(runs.close)
        runs.start()
        yield net, runs


def run_on(net: NetLab, runs: Balancer) -> Run:
    """Return who runs a page's commands: Bascule's are asked of the one that runs, all are typed on its machine."""

    def run(words: Sequence[str]) -> str:
        done = runs.command(*words[1:]) if words[0] == "bascule" else net["lb1"].run(*words)
        return done.stdout

    return run


def test_exchange_2010(open_directory: Path) -> None:
    """Every command says what the page shows; clients are served inside on every port, outside by HTTPS alone."""
    with balancer(open_directory, "2010") as (net, runs):
        follow(PAGES / "exchange-2010.md", run_on(net, runs))
        client = net["client1"]
        outlook.use(client, [CLIENT], VIP, PORTS)
        outlook.use(client, [OUTSIDE], PUBLIC, [443])
        with client.entered(), pytest.raises(TimeoutError):
            socket.create_connection((VIP, 135), timeout=0.5, source_address=(OUTSIDE, 0))


def test_exchange_2016(open_directory: Path) -> None:
    """Every command says what the page shows, and a client is served on every port of the farm."""
    with balancer(open_directory, "2016") as (net, runs):
        follow(PAGES / "exchange-2016.md", run_on(net, runs))
        outlook.use(net["client1"], [CLIENT], VIP, (443, 143, 993))
