"""The tutorials do what they say: their commands are run in their order, and clients are served by what comes of it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from bascule.exchange.language import zoned
from bed import outlook
from bed.balancer import Balancer
from bed.layout import Layout
from bed.netlab import NetLab
from bed.servers import outlook as servers
from bed.servers.outlook import PORTS
from bed.tutorial import follow

pytestmark = pytest.mark.kernel

PAGES: Final = Path(__file__).parents[2] / "docs" / "tutorial"
CLIENT: Final = "10.2.1.20"
"""The pages' own."""


@contextmanager
def balancer(at: Path) -> Iterator[tuple[NetLab, Balancer]]:
    """Run a Bascule that nobody has configured, at the addresses of the pages, beside three servers and a client."""
    with NetLab(Layout(arms=1, servers=3)) as net, ExitStack() as last:
        net.hold("lb1", "10.2.0.10/16")
        net.hold("client1", f"{CLIENT}/16")
        for n, node in enumerate(net.named("srv"), 1):
            net.hold(node.name, f"10.2.0.1{n}/16")
            servers.start(node, f"EX{n}", at, f"10.2.0.1{n}")
        runs = Balancer(net["lb1"], None, at / "lb")
        last.callback(runs.tell)
        last.callback(runs.close)
        runs.start()
        yield net, runs


@pytest.mark.parametrize(("page", "ports"), [("exchange-2010.md", PORTS), ("exchange-2016.md", (443, 143, 993))])
def test_a_page(page: str, ports: Sequence[int], open_directory: Path) -> None:
    """Every command says what the page shows; then the page's client is served on every port of the farm."""
    with balancer(open_directory) as (net, runs):

        def run(words: Sequence[str]) -> str:
            if words[0] == "bascule":
                return runs.command(*words[1:]).stdout
            return net["lb1"].run(*words).stdout

        follow(PAGES / page, run, without=() if zoned() else ("firewall",))
        outlook.use(net["client1"], [CLIENT], "10.2.0.50", ports)
