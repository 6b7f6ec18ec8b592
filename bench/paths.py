"""What the data paths cost: every contender in turn, each load in turn, within one run."""

import json
import random
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE
from typing import Final

from bed.command import BedError
from bed.wait import until
from bench import machine
from bench.contenders.bascule import Bascule
from bench.contenders.contender import Contender
from bench.contenders.haproxy import HAProxy
from bench.contenders.least import LeastRules
from bench.contenders.nginx import Nginx
from bench.contenders.none import NoBalancer
from bench.figures import (
    CONNECTION_CPU,
    CONNECTION_CPU_TOLD,
    CONNECTION_LATENCY,
    CONNECTIONS,
    ERRORS,
    IDLE_MACHINE,
    IDLE_PROCESS,
    MANY_IDLE_MACHINE,
    MESSAGE_CPU,
    MESSAGE_LATENCY,
    MESSAGES,
    STREAM,
    STREAM_CPU,
    Figure,
    Record,
)
from bench.loads.stream import stream
from bench.loads.web import Requests, ask
from bench.network import Network
from bench.services import EXACT, IDLE, SERVERS, STRAIGHT, TALK, VIP

ROUTED: Final = "no balancer"
"""Through the balancer's node, which routes and does nothing else."""
PAST: Final = "no hop"
"""Past the balancer's node, on a cable of its own."""
LEAST: Final = "least rules"
"""Rules of nftables that check nothing and hold nothing: what no relay in the kernel can do without."""
RELAY: Final = "kernel relay"
REDIRECT: Final = "redirect"
PROXY: Final = "proxy"
TWO_WORKERS: Final = "proxy, 2 workers"
SPLICING: Final = "HAProxy, splice"
COPYING: Final = "HAProxy, no splice"

CONTENDERS: Final[Sequence[Contender]] = (
    NoBalancer(ROUTED, SERVERS),
    NoBalancer(PAST, STRAIGHT),
    LeastRules(LEAST),
    Bascule(RELAY),
    Bascule(REDIRECT, "redirect"),
    Bascule(PROXY, engine="proxy", workers=1),
    Bascule(TWO_WORKERS, engine="proxy", workers=2),
    HAProxy(SPLICING, splices=True),
    HAProxy(COPYING, splices=False),
    Nginx(),
)

FEW: Final = 9_000
"""Idle sessions for each process that carries them: it has 20,000 descriptors in many containers, and needs two each."""
MANY: Final = 100_000

_CONNECTION_RATE: Final = 300
_MESSAGE_RATE: Final = 2000
_PACED_SECONDS: Final = 2
"""Long enough for a p99.9 of messages; the rates are far below what the slowest contender can do."""


class Turn:
    """One contender's turn: the loads, while it runs."""

    def __init__(self, network: Network, contender: Contender, seconds: float) -> None:
        self._network = network
        self._contender = contender
        self._seconds = seconds

    def exact(self) -> str:
        """Return what it does not carry byte for byte; empty where there is nothing."""
        argv = [sys.executable, "-m", "bench.loads.exactness", str(random.SystemRandom().getrandbits(32))]
        done = self._network.client.run(*argv, self._contender.entrances[0], str(EXACT.ports[0]), check=False)
        return (done.stdout + done.stderr).strip() or (f"exit {done.returncode}" if done.returncode else "")

    def measure(self) -> dict[Figure, float]:
        """Return every figure but those of idle sessions."""
        figures: dict[Figure, float] = {ERRORS: 0}
        figures[CONNECTIONS] = self._asked(figures, standing=False).per_second
        self._end_states()
        figures[MESSAGES] = self._asked(figures, standing=True).per_second
        with self._network.unsteered(self._contender.workers):
            self._connection_cpu(figures)
            self._message_cpu(figures)
        self._paced("connections", _CONNECTION_RATE, CONNECTION_LATENCY, figures)
        self._paced("messages", _MESSAGE_RATE, MESSAGE_LATENCY, figures)
        self._stream(figures)
        return figures

    def _asked(self, figures: dict[Figure, float], *, standing: bool) -> Requests:
        """Have as many requests answered as can be."""
        asked = ask(self._network, self._contender.entrances, self._seconds, standing=standing)
        figures[ERRORS] += asked.failed
        return asked

    def _connection_cpu(self, figures: dict[Figure, float]) -> None:
        busy = machine.busy_seconds()
        asked = self._asked(figures, standing=False)
        figures[CONNECTION_CPU] = 1e6 * (machine.busy_seconds() - busy) / max(1, asked.answered)
        self._end_states()
        figures[CONNECTION_CPU_TOLD] = 1e6 * (machine.busy_seconds() - busy) / max(1, asked.answered)

    def _message_cpu(self, figures: dict[Figure, float]) -> None:
        busy = machine.busy_seconds()
        asked = self._asked(figures, standing=True)
        figures[MESSAGE_CPU] = 1e6 * (machine.busy_seconds() - busy) / max(1, asked.answered)

    def _end_states(self) -> None:
        """End every tracked session now instead of in two minutes, and wait until whoever is told has done with it."""
        self._network.balancer.run("conntrack", "-F", check=False)
        if not self._contender.balances:
            return
        pids = self._network.inhabitants()
        used: list[float] = []

        def quiet() -> bool:
            used.append(machine.process_seconds(pids))
            return len(used) > 2 and used[-1] - used[-3] < 0.03

        until(quiet, within=20, every=0.3, what=f"{self._contender.name} has heard of every session that ended")

    def _paced(self, kind: str, rate: int, latency: Sequence[Figure], figures: dict[Figure, float]) -> None:
        argv = [sys.executable, "-m", "bench.loads.paced", kind, str(rate), str(_PACED_SECONDS), str(TALK.ports[0])]
        heard = json.loads(self._network.client.run(*argv, *self._contender.entrances).stdout)
        for figure, name in zip(latency, ("p50", "p99", "p999"), strict=True):
            figures[figure] = heard[name]
        figures[ERRORS] += heard["failed"]

    def _stream(self, figures: dict[Figure, float]) -> None:
        busy = machine.busy_seconds()
        carried = stream(self._network, self._contender.entrances[0], self._seconds)
        figures[STREAM] = carried.gigabits_per_second
        figures[STREAM_CPU] = 1e6 * (machine.busy_seconds() - busy) / max(1.0, carried.mebibytes)

    def idle(self) -> dict[Figure, float]:
        """Return what idle sessions need: 9,000 through each process or, where none carries them, also 100,000."""
        count = FEW * max(1, self._contender.workers)
        process, whole = self._hold(count)
        figures: dict[Figure, float] = {IDLE_MACHINE: whole}
        if self._contender.balances:
            figures[IDLE_PROCESS] = process
        if not self._contender.workers:
            self._network.forget_states()
            figures[MANY_IDLE_MACHINE] = self._hold(MANY)[1]
        return figures

    def _hold(self, count: int) -> tuple[float, float]:
        """Open so many sessions, and return the bytes of processes and of the machine that each of them takes."""
        pids = self._network.inhabitants() if self._contender.balances else []
        process, whole = machine.process_bytes(pids), machine.used_bytes()
        entrances = list(self._contender.entrances)
        sources = ",".join(self._network.client_addresses()) if VIP in entrances or self._routed else "-"
        argv = [sys.executable, "-m", "bench.loads.idle", str(count), sources, ",".join(map(str, IDLE.ports))]
        holding = self._network.client.popen([*argv, *entrances], stdin=PIPE, stdout=PIPE, text=True)
        if holding.stdout is None or holding.stdout.readline() != "open\n":
            raise BedError(f"{self._contender.name}: {count} idle sessions could not be opened")
        figures = (machine.process_bytes(pids) - process) / count, (_settled() - whole) / count
        held, _ = holding.communicate(timeout=120)
        if int(held.split()[1]) < count:
            raise BedError(f"{self._contender.name}: of {count} idle sessions only {held.split()[1]} still answer")
        return figures

    @property
    def _routed(self) -> bool:
        return self._contender.entrances == SERVERS


def measure_turns(
    network: Network, at: Path, order: Sequence[tuple[int, Contender]], *, seconds: float, idle_rounds: int
) -> Record:
    """Measure every turn; a contender that is not exact has none. Raises BedError."""
    record, refused = Record(), set[str]()
    for number, contender in order:
        if contender.name in refused:
            continue
        network.steer(contender.workers)
        with contender.running(network, at):
            turn = Turn(network, contender, seconds)
            if number == 0 and (fault := turn.exact()):
                print(f"{contender.name} is not exact and is left out: {fault.splitlines()[0]}", flush=True)
                refused.add(contender.name)
                continue
            measured = turn.measure()
            if number < idle_rounds:
                network.forget_states()
                measured |= turn.idle()
        network.forget()
        record.add(contender.name, measured)
        _tell(number, contender, measured)
    return record


def _settled() -> int:
    """Return the memory in use once it stands still, or after five seconds on a machine where it never does."""
    seen = [machine.used_bytes()]

    def still() -> bool:
        seen.append(machine.used_bytes())
        return abs(seen[-1] - seen[-2]) < 2**20

    with suppress(TimeoutError):
        until(still, within=5, every=0.2, what="memory stands still")
    return seen[-1]


def _tell(number: int, contender: Contender, measured: dict[Figure, float]) -> None:
    said = ", ".join(f"{figure.name} {value:.{figure.digits}f}" for figure, value in measured.items())
    print(f"round {number + 1} {contender.name}: {said}", flush=True)
