"""A long walk through random deployments in a real kernel, with sessions that must live through every step of it."""

import random
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from bascule.plan.model import Plan
from bascule.system.commands import SystemCommands
from bascule.system.nft import NftProgram
from bed.clients import greeted
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.servers import echo
from bed.sessions import Connected, Servers
from engines.nftables.plans import planned, random_plan
from engines.nftables.rigs import Rig
from plan.situations import relay

pytestmark = pytest.mark.kernel

STEPS: Final = 25
PORT: Final = 700
KEPT: Final = relay(
    "kept",
    "session timeout 1234s",
    listen=[f"{VIP} port {PORT}", f"{VIP6} port {PORT}"],
    forward="check tcp mode roundrobin",
)
HOSTS: Final = ("10.80.2.1", "10.80.2.2", "fd80::2:1", "fd80::2:2")


@contextmanager
def sessions(net: NetLab, count: int) -> Iterator[Sequence[Connected]]:
    """Open sessions of both IP versions through the relay."""
    with Servers(net.named("srv"), PORT) as servers, ExitStack() as stack:
        yield [
            stack.enter_context(servers.session(net["client1"], (address, PORT)))
            for _ in range(count)
            for address in (VIP, VIP6)
        ]


def timeouts(node: Node) -> list[int]:
    """Return how long each session of the relay may still be idle, in seconds."""
    listed = "".join(
        node.run("conntrack", "-L", "-f", family, "-p", "tcp", "--dport", str(PORT)).stdout for family in ("ipv4", "ipv6")
    )
    return [int(left) for left in re.findall(r"tcp +6 (\d+) ESTABLISHED", listed)]


def test_sessions_live_through_every_deployment(lab: Callable[[Layout], NetLab]) -> None:
    """Hosts, ports, modes, time-outs, families, weights and ranges change; what is connected stays, with its time-out.

    The plan is what the kernel holds after each step. On some steps there is no relay at all.
    """
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)
    net = lab(Layout(arms=1))
    node = net["lb1"]
    net.hold("lb1", VIP, VIP6)
    node.sysctl(net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
    rig = Rig(NftProgram(SystemCommands()), node)
    plan = planned(KEPT, hosts=HOSTS)
    rig.apply(plan)
    rig.load(f"add element inet bascule s_settled4 {{ {VIP} timeout 3600s }}\n")
    with sessions(net, 3) as opened:
        for step in range(STEPS):
            nothing = step % 8 == 5
            plan = planned(marks=plan.marks) if nothing else random_plan(chance, plan.marks, fixed=[KEPT])
            script = rig.apply(plan)
            assert rig.difference(plan) == "", f"step {step}"
            assert "delete table" not in script
            for session in opened:
                session.speak(f"step {step}".encode())
            left = timeouts(node)
            assert len(left) == len(opened), f"step {step}"
            assert all(1200 < seconds <= 1234 for seconds in left), f"step {step}"
            assert len(rig.elements("set", "s_settled4")) == 1
        _served_again(net, rig, plan)


def _served_again(net: NetLab, rig: Rig, plan: Plan) -> None:
    """After the walk the relay still takes new clients."""
    rig.apply(planned(KEPT.replace(f"port {PORT}", f"port {PORT + 1}"), hosts=HOSTS, marks=plan.marks))
    with Servers(net.named("srv"), PORT + 1) as servers, servers.session(net["client1"], (VIP, PORT + 1)) as session:
        session.speak()


def test_deployments_lose_no_connection(lab: Callable[[Layout], NetLab], tmp_path: Path) -> None:
    """Clients that connect while rules are replaced are served, every one."""
    net = lab(Layout(arms=1))
    net.hold("lb1", VIP, VIP6)
    net["lb1"].sysctl(net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
    rig = Rig(NftProgram(SystemCommands()), net["lb1"])
    for server in net.named("srv"):
        echo.start(server, server.name, (PORT,), tmp_path)
    rig.apply(planned(KEPT, hosts=HOSTS))
    over = threading.Event()

    def served(address: str) -> int:
        count = 0
        while not over.is_set():
            with greeted(net["client1"], "", address, PORT) as (_, name):
                assert name.startswith("srv")
            count += 1
        return count

    with ThreadPoolExecutor() as pool:
        clients = [pool.submit(served, address) for address in (VIP, VIP6)]
        try:
            for step in range(12):
                other = relay("other", listen=[f"{VIP} port {800 + step}"])
                rig.apply(planned(KEPT, other, hosts=HOSTS, key=step))
        finally:
            over.set()
        assert all(client.result() > 12 for client in clients)
