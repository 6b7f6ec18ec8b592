"""The pages over a large configuration: what each takes at the server, and what ten who look cost."""

import http.client
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Final

from bascule.web.menu import MENU
from bed import memory
from bed.balancer import BASCULE, Balancer
from bed.command import BedError
from bed.node import Node
from bed.pages import Browser, answers
from bed.wait import until
from bench.control import farm
from bench.figures import Figure
from bench.targets import Target

SESSIONS: Final = 100_000
NAME: Final = f"pages over {farm.RELAYS} relays, {farm.HOSTS} hosts each, {SESSIONS:,} sessions"

_PORT: Final = 4433
_PATIENCE: Final = 180.0
_GLANCE: Final = 2.0
_LOOKED_AT: Final = (
    *4 * ("?relays=drawn",),
    *3 * ("?relays=all",),
    *(f"?relay=R{port}" for port in farm.ports(3)),
)
"""What the viewers follow: the overview, the load balancer, a relay each."""
_VIEWERS: Final = len(_LOOKED_AT)
_WATCHED: Final = 10.0
"""Seconds that they look at a time."""
_TURNS: Final = 8
"""As often they look, and as often nobody does: checks of hosts cost more than both, and go up and down."""
_TIMES: Final = 5
_PASSWORD: Final = "correct horse"  # noqa: S105 - of an account that is gone with its namespace
_TICK: Final = os.sysconf("SC_CLK_TCK")

_SLOWEST: Final = Figure("page_slowest", "the slowest page, until its last byte", "s", 3)
_OVERVIEW: Final = Figure("page_overview", "the overview", "s", 3)
_LIVE: Final = Figure("live_cpu", f"CPU for {_VIEWERS} who look, of a core", "%", 2)
FIGURES: Final = (_SLOWEST, _OVERVIEW, _LIVE)
TARGETS: Final = (
    Target(title="the slowest page of a large configuration", contender=NAME, figure=_SLOWEST, bound=0.3),
    Target(title=f"live pages with {_VIEWERS} viewers, of a core", contender=NAME, figure=_LIVE, bound=5),
)


def measured(balancer_node: Node, client: Node, address: str, sources: Sequence[str], at: Path) -> Mapping[Figure, float]:
    """Return the figures of a Bascule whose every host is up and that carries many sessions, from `sources` of the client.

    Raises BedError, TimeoutError.
    """
    balancer = Balancer(balancer_node, None, at)
    try:
        balancer.start()
        file = at / "farm.conf"
        file.write_text(f"{farm.text()}system {{\n\thttp-server {{ port {_PORT} }}\n}}\n", encoding="utf-8")
        balancer.command("deploy", str(file), "--commit")
        until(lambda: answers(client, address, _PORT), what="the admin server answers", within=_PATIENCE)
        until(lambda: _all_up(balancer), within=_PATIENCE, every=_GLANCE, what="every host is up")
        socket = str(balancer.socket)
        balancer_node.run(
            *BASCULE, "account", "add", "admin", "--role", "administrator", "--socket", socket, input=f"{_PASSWORD}\n"
        )
        with closing(Browser(client, address, _PORT)) as browser:
            token = browser.log_in("admin", _PASSWORD)
        with _carrying(client, address, sources):
            seconds = {path: _page(client, address, token, path) for path in _paths()}
            for path, taken in seconds.items():
                print(f"  {path} {taken:.3f} s", flush=True)
            live = _live(balancer, client, address, token)
        return {_SLOWEST: max(seconds.values()), _OVERVIEW: seconds["/"], _LIVE: live}
    finally:
        balancer.close()


def _paths() -> Sequence[str]:
    return [entry.path for group in MENU for entry in group.entries]


def _all_up(balancer: Balancer) -> bool:
    return all(state == "up" for hosts in balancer.relays().values() for state in hosts.values())


def _page(client: Node, address: str, token: str, path: str) -> float:
    """Return the median of what a page takes in a session that stands. Raises BedError."""
    taken = []
    with closing(Browser(client, address, _PORT)) as browser:
        for _ in range(_TIMES):
            begun = time.monotonic()
            browser.page(path, token)
            taken.append(time.monotonic() - begun)
    return statistics.median(taken)


def _live(balancer: Balancer, client: Node, address: str, token: str) -> float:
    """Return what it costs more, in percent of a core, that some look: of the parent and the web process.

    The median of what each turn costs more than the one before, in which nobody looked.
    """
    processes = [balancer.pid, *(pid for pid in memory.children(balancer.pid) if "web" in memory.words(pid))]
    more = []
    for _ in range(_TURNS):
        before = _spent(processes, _WATCHED)
        with ExitStack() as viewers:
            for looked_at in _LOOKED_AT:
                viewers.enter_context(_looking(client, address, token, looked_at))
            time.sleep(1)  # what each is told at first
            more.append(_spent(processes, _WATCHED) - before)
    print(f"  live {', '.join(f'{each:.1f} %' for each in more)}", flush=True)
    return statistics.median(more)


@contextmanager
def _looking(client: Node, address: str, token: str, at: str) -> Iterator[http.client.HTTPResponse]:
    with closing(Browser(client, address, _PORT)) as browser:
        yield browser.follow(f"/live{at}", token)


@contextmanager
def _carrying(client: Node, address: str, sources: Sequence[str]) -> Iterator[None]:
    """Hold sessions, spread over every relay. Raises BedError."""
    ports = ",".join(map(str, farm.ports()))
    argv = [sys.executable, "-m", "bench.loads.idle", str(SESSIONS), ",".join(sources), ports, address]
    holding = client.popen(argv, stdin=PIPE, stdout=PIPE, text=True)
    try:
        if holding.stdout is None or holding.stdout.readline() != "open\n":
            raise BedError(f"{SESSIONS} sessions could not be opened")
        yield
    finally:
        holding.communicate(timeout=_PATIENCE)


def _spent(processes: Sequence[int], seconds: float) -> float:
    """Return the percent of a core that processes take in the next seconds."""
    begun = _ticks(processes)
    time.sleep(seconds)
    return 100 * (_ticks(processes) - begun) / _TICK / seconds


def _ticks(processes: Sequence[int]) -> int:
    fields = (Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split() for pid in processes)
    return sum(int(found[11]) + int(found[12]) for found in fields)
