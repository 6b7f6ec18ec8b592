"""As many sessions as a site has: the kernel holds them, and no process of ours grows with them."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from bascule.plan.model import FIRST_MARK, OUR_MARKS
from bascule.system.conntrack import KernelConntrack
from bed import configuration, memory, throng
from bed.balancer import running
from bed.layout import VIP, Layout
from bed.netlab import NetLab

_SESSIONS: Final = 100_000
_SERVERS: Final = 4
_PROCESSES: Final = 6
"""Processes that hold the clients; each has its share, and twice as many hold the servers' ends."""
_PORT: Final = 59532
_EVERY: Final = 50
"""So many'th session is asked whether it lives."""
_NEEDED: Final = 2 << 30
"""Bytes of memory that both ends and the states take together, with some to spare."""
_GROWTH: Final = 4 << 20
"""Bytes that a process of ours may take meanwhile: what 100,000 sessions must not cost."""

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.timeout(300),
    pytest.mark.skipif(memory.descriptors() < 20_000, reason="not on this machine: 20,000 descriptors for a process"),
    pytest.mark.skipif(memory.available() < _NEEDED, reason="not on this machine: 2 GiB of memory"),
]


def test_100000_sessions_through_the_kernel(open_directory: Path) -> None:
    """All are open at once, those asked answer, each has its state, and parent and probe are as they were."""
    text = configuration.plain(("RPCCAS", _PORT), servers=_SERVERS, timing="interval 1s")
    text = configuration.with_statements(text, "engine kernel", "session timeout 40m")
    with NetLab(Layout(arms=1, servers=_SERVERS)) as net, ExitStack() as stack:
        net.hold("lb1", VIP)
        client = net["client1"]
        client.sysctl(net__ipv4__ip_local_port_range="1024 65535")
        for server in net.named("srv"):
            server.sysctl(net__core__somaxconn=65535)
            stack.enter_context(throng.serving(server, _PORT, processes=2 * _PROCESSES // _SERVERS))
        sources = net.many_addresses("client1", 64, "10.80.100.1")
        balancer = stack.enter_context(running(net["lb1"], text, open_directory))
        before = {pid: memory.pss(pid) for pid in (balancer.pid, balancer.probe())}
        share = _SESSIONS // _PROCESSES
        counts = [share] * (_PROCESSES - 1) + [_SESSIONS - share * (_PROCESSES - 1)]
        crowds = [stack.enter_context(throng.calling(client, VIP, _PORT, count, sources)) for count in counts]
        assert sum(callers.opened() for callers in crowds) == _SESSIONS
        assert sum(callers.speak(every=_EVERY) for callers in crowds) == _SESSIONS
        with net["lb1"].entered():
            assert sum(1 for _ in KernelConntrack().sessions(FIRST_MARK, OUR_MARKS)) == _SESSIONS
        grown = {pid: memory.pss(pid) - then for pid, then in before.items()}
        print("bytes of process memory more:", sorted(grown.values()))  # noqa: T201 - a measurement
        assert {balancer.pid, balancer.probe()} == set(before)
        assert max(grown.values()) < _GROWTH
        listed = balancer.command("show", "sessions", "--limit", "1").stdout
        assert f"1 of {_SESSIONS} sessions" in listed
        net["lb1"].run("conntrack", "-F")  # or the end of the test would tell 200,000 ends that their session is over
