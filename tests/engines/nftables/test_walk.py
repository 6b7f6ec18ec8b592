"""A long walk through random configurations in a real kernel, with sessions that must live through every step of it."""

import random
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from bascule.engines.nftables.compose import compose
from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.model import FIRST_MARK, OUR_MARKS, Plan
from bascule.system.commands import SystemCommands
from bascule.system.conntrack import KernelConntrack
from bascule.system.ctnetlink import TcpState
from bascule.system.nft import NftProgram
from bed.clients import greeted
from bed.layout import VIP, VIP6, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.servers import echo
from bed.sessions import Connected, Servers
from bed.texts.features import REFUSED, of_language, of_text, shown
from bed.texts.samples import HOSTS, OURS
from bed.texts.writer import random_text
from engines.nftables.networks import everywhere
from engines.nftables.plans import planned
from engines.nftables.rigs import Rig
from plan.situations import TWO_ARM, configured, relay, states

pytestmark = pytest.mark.kernel

STEPS: Final = 80
MOST_STEPS: Final = 500
"""Where the whole language was not tried before."""
RELAYED: Final = 700
REDIRECTED: Final = 701
KEPT: Final = f"""\
table <kept> {{
	10.90.2.1
	10.90.2.2
	fd90::2:1
	fd90::2:2
}}
relay "kept" {{
	listen on {VIP} port {RELAYED}
	listen on {VIP6} port {RELAYED}
	forward to <kept> check tcp interval 5s timeout 1s
	session timeout 1234s
}}
redirect "kept too" {{
	listen on {VIP} port {REDIRECTED}
	listen on {VIP6} port {REDIRECTED}
	forward to <kept> check tcp interval 5s timeout 1s
	session timeout 1234s
}}"""
"""What stands in every text, and carries the sessions."""
SERVERS: Final = ("10.80.2.1", "10.80.2.2", "fd80::2:1", "fd80::2:2")
"""The servers of a bed with one arm."""


@contextmanager
def sessions(net: NetLab, count: int) -> Iterator[Sequence[Connected]]:
    """Open sessions of both IP versions through the relay and the redirect."""
    with Servers(net.named("srv"), RELAYED, REDIRECTED) as servers, ExitStack() as stack:
        yield [
            stack.enter_context(servers.session(net["client1"], (address, port)))
            for _ in range(count)
            for address in (VIP, VIP6)
            for port in (RELAYED, REDIRECTED)
        ]


def timeouts(node: Node) -> list[int]:
    """Return how long each of these sessions may still be idle, in seconds."""
    with node.entered():
        known = list(KernelConntrack().sessions(FIRST_MARK, OUR_MARKS))
    ours = [one for one in known if one.listen_port in (RELAYED, REDIRECTED)]
    return [one.remaining for one in ours if one.state is TcpState.ESTABLISHED]


def compiled(text: str, *, after: Plan | None = None, down: Collection[str] = ()) -> Plan:
    """Return the plan of a text that goes on with the marks of another, with every host up that is not named."""
    situation = Situation(facts=TWO_ARM, marks={} if after is None else after.marks)
    plan = compile_plan(configured(text), situation)
    return redeal(plan, states(plan, down=down), situation.rankings)


@pytest.mark.timeout(900)
def test_sessions_live_through_every_configuration(lab: Callable[[Layout], NetLab]) -> None:
    """Configurations that use the whole language follow each other; what is connected stays, with its time-out.

    The plan is what the kernel holds after each. Now and then there is no relay at all.
    """
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)
    net = lab(Layout(arms=2))
    node = net["lb1"]
    net.hold("lb1", *OURS)
    node.sysctl(net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
    rig = Rig(NftProgram(SystemCommands()), node)
    plan = compiled(f"load-balancer {{\n{KEPT}\n}}")
    _, there = rig.follow(plan, None)
    rig.load(f"add element inet bascule s_settled4 {{ {VIP} timeout 3600s }}\n")
    whole = frozenset(of_language()) - REFUSED
    missing = whole
    with sessions(net, 2) as opened:
        for step in range(MOST_STEPS):
            if step >= STEPS and not missing:
                break
            text = random_text(chance, TWO_ARM, kept=KEPT, missing=missing)
            plan = compiled("" if step % 50 == 25 else text, after=plan, down=chance.sample(HOSTS, 3))
            script, there = rig.follow(plan, there)
            assert "delete table" not in script
            assert rig.engine.difference(compose(plan), there) == "", f"step {step}\n{text}"
            for session in opened:
                session.speak(f"step {step}".encode())
            left = timeouts(node)
            assert len(left) == len(opened), f"step {step}\n{text}"
            assert all(1200 < seconds <= 1234 for seconds in left), f"step {step}\n{text}"
            missing -= frozenset(of_text(text))
        assert len(rig.elements("set", "s_settled4")) == 1
    used = len(whole) - len(missing)
    print(f"{used / len(whole):.0%} of the language: {used} of {len(whole)}\n{shown(missing)}")  # noqa: T201 - what was tried
    assert not missing, shown(missing)


def test_deployments_lose_no_connection(lab: Callable[[Layout], NetLab], tmp_path: Path) -> None:
    """Clients that connect while rules are replaced are served, every one."""
    net = lab(Layout(arms=1))
    net.hold("lb1", VIP, VIP6)
    net["lb1"].sysctl(net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
    rig = Rig(NftProgram(SystemCommands()), net["lb1"])
    for server in net.named("srv"):
        echo.start(server, server.name, (RELAYED,), tmp_path)
    served_always = everywhere(port=RELAYED)
    rig.apply(planned(served_always, hosts=SERVERS))
    over = threading.Event()

    def served(address: str) -> int:
        count = 0
        while not over.is_set():
            with greeted(net["client1"], "", address, RELAYED) as (_, name):
                assert name.startswith("srv")
            count += 1
        return count

    with ThreadPoolExecutor() as pool:
        clients = [pool.submit(served, address) for address in (VIP, VIP6)]
        try:
            for step in range(12):
                other = relay("other", listen=[f"{VIP} port {800 + step}"])
                rig.apply(planned(served_always, other, hosts=SERVERS, key=step))
        finally:
            over.set()
        assert all(client.result() > 12 for client in clients)
