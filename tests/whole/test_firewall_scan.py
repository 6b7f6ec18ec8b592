"""What a scanner outside sees of a firewall while everything happens that opens others: deployments, deaths, a boot."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from bed.balancer import Balancer
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.scan import ACK, FIN, NULL, SYN, scanned
from bed.servers import echo
from bed.wait import until

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(240)]

PORT, MORE = 443, 8443
SHUT: Final = (22, 25, 135, 2222, 4433, 59532)
"""Where this machine listens, on every address, or a relay for the inside alone."""
FILTERED: Final = {SYN: "filtered", ACK: "filtered", FIN: "open|filtered", NULL: "open|filtered"}


def text(*ports: int) -> str:
    """Return a configuration that opens these ports to everyone, and one relay to the inside."""
    relays = "".join(
        f'\trelay "R{port}" {{ listen on {VIP} port {port}; forward to <ex> port {PORT} check tcp mode source-hash }}\n'
        for port in ports
    )
    inside = f'\trelay "RPC" {{ listen on {VIP} port 135 from internal; forward to <ex> port {PORT} check tcp }}\n'
    return f"""
interface eth0 {{ address {VIP}/16 virtual }}
load-balancer {{
	interval 1s
	table <ex> {{ 10.80.2.1 name "EX1"; 10.80.2.2 name "EX2" }}
{relays}{inside}}}
firewall {{ zone internal {{ from 10.80.0.0/16 }} }}
system {{ http-server {{ port 4433 }} }}
"""


class Place:
    """A machine as it is after a boot, with programs that listen where nobody outside may come."""

    def __init__(self, net: NetLab, at: Path) -> None:
        self.net = net
        self.balancer = Balancer(net["lb1"], None, at)
        self._at = at

    def deploy(self, *ports: int) -> None:
        """Deploy a text and keep it."""
        file = self._at / "firewall.conf"
        file.write_text(text(*ports), encoding="utf-8")
        self.balancer.command("deploy", str(file), "--commit")

    def seen(self, *ports: int) -> Mapping[str, Mapping[int, str]]:
        """Return what each way of scanning finds of these ports, and of those that must be shut."""
        with ThreadPoolExecutor(len(FILTERED)) as pool:
            found = {how: pool.submit(scanned, self.net["outside1"], how, VIP, (*ports, *SHUT)) for how in FILTERED}
            return {how: states.result() for how, states in found.items()}


@contextmanager
def booted(at: Path) -> Iterator[Place]:
    """Yield a machine that has its early rules, and the address that the text gives it, but no Bascule yet."""
    with NetLab(Layout(arms=1, outside=1)) as net, ExitStack() as stack:
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", (PORT,), at)
        for port in SHUT:
            if port not in (135, 4433):
                listener = stack.enter_context(net["lb1"].socket())
                listener.bind(("", port))
                listener.listen()
        place = Place(net, at)
        early = place.balancer.state / "early.nft"
        if early.exists():
            net["lb1"].run("nft", "-f", str(early))
            net["lb1"].sysctl(net__ipv4__ip_forward=1)
            net.hold("lb1", VIP)
        try:
            yield place
        finally:
            place.balancer.tell()
            if place.balancer.runs:
                place.balancer.kill()


def shut(seen: Mapping[str, Mapping[int, str]]) -> bool:
    """Tell whether nothing more than what may be open was seen."""
    return all(seen[how][port] == FILTERED[how] for how in FILTERED for port in SHUT)


def test_never_one_port_more(open_directory: Path) -> None:
    """Before and while texts are deployed, with the daemon killed, and at a boot before it runs."""
    with booted(open_directory) as place:
        place.balancer.start()
        place.deploy(PORT)
        place.balancer.wait_all_up()
        assert shut(place.seen(PORT))
        assert place.seen(PORT)[SYN][PORT] == "open"
        with ThreadPoolExecutor(1) as pool:
            for ports in ((PORT, MORE), (PORT,), (PORT, MORE)):
                deploying = pool.submit(place.deploy, *ports)
                while not deploying.done():
                    seen = place.seen(PORT)
                    assert shut(seen)
                    assert seen[SYN][PORT] == "open"
                deploying.result()
        place.balancer.kill()
        seen = place.seen(PORT, MORE)
        assert (shut(seen), seen[SYN][PORT], seen[SYN][MORE]) == (True, "open", "open")
        place.balancer.start()
        place.deploy(PORT)
        early = place.balancer.state / "early.nft"
        until(lambda: f"tcp . {MORE}" not in early.read_text(encoding="utf-8"), what="the next boot is prepared")
    with booted(open_directory) as place:
        seen = place.seen(PORT, MORE)
        assert (shut(seen), seen[SYN][PORT], seen[SYN][MORE]) == (True, "open", "filtered")
        place.balancer.start()
        assert shut(place.seen(PORT))
