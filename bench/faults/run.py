"""`make bench-faults`: what clients feel while hosts, daemons and workers die, and while configurations are read again."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from subprocess import PIPE
from typing import Any, Final

from bed.command import BedError
from bench import machine
from bench.amount import Amount
from bench.contenders.contender import Contender
from bench.faults.subjects import SUBJECTS, Subject, running
from bench.figures import Figure, Record
from bench.network import Network, network
from bench.report import Report
from bench.rounds import turns
from bench.servers.everything import start
from bench.services import TALK, VIP
from bench.targets import Target, judge

_RELOADS: Final = 100
"""Over all rounds together."""

_BEFORE: Final = 0.5
_AFTER: Final = 1.5
"""Seconds of watching before and after a fault."""

_SILENT: Final = 99.99
"""Percent of packets that a dead host loses: its cable stays plugged, and nothing comes back."""

_HOST_SECONDS: Final = 8.0
"""Seconds for which a host is silent: checks every second find it in less."""

_BLACKOUT: Final = Figure("host_blackout", "a dead host's last new connection, after its death", "s", 2)


def _pair(name: str, words: str) -> tuple[Figure, Figure]:
    errors = Figure(f"{name}_errors", f"new connections that failed {words}", "%", 2)
    survived = Figure(f"{name}_survived", f"standing sessions that survive {words}", "%", 1, higher_is_better=True)
    return errors, survived


_HOST: Final = _pair("host", "the death of one host of two")
_RELOAD: Final = _pair("reload", "reloads")
_DAEMON: Final = _pair("daemon", "kill -9 of the daemon, which is then started again")
_WORKER: Final = _pair("worker", "kill -9 of one proxy worker")
_FIGURES: Final = (_BLACKOUT, *_HOST, *_RELOAD, *_DAEMON, *_WORKER)


@dataclass(slots=True)
class Seen:
    """What clients saw."""

    failed: list[float] = field(default_factory=list)
    asked: int = 0
    standing: int = 0
    lost: int = 0

    def figures(self, pair: tuple[Figure, Figure]) -> Mapping[Figure, float]:
        """Return both shares in percent."""
        errors, survived = pair
        return {
            errors: 100 * len(self.failed) / max(1, self.asked),
            survived: 100 * (self.standing - self.lost) / max(1, self.standing),
        }


@contextmanager
def _watched(net: Network) -> Iterator[Seen]:
    """Have clients watch; what they saw is there after the context."""
    seen = Seen()
    argv = [sys.executable, "-m", "bench.loads.watching", str(TALK.ports[0]), VIP]
    process = net.client.popen(argv, stdin=PIPE, stdout=PIPE, text=True)
    if process.stdout is None or process.stdout.readline() != "watching\n":
        raise BedError("the clients that watch could not connect")
    time.sleep(_BEFORE)
    yield seen
    time.sleep(_AFTER)
    said: Mapping[str, Any] = json.loads(process.communicate(timeout=60)[0])
    seen.failed, seen.asked = said["failed"], said["asked"]
    seen.standing, seen.lost = said["standing"], said["lost"]


def _measure_host(net: Network) -> Mapping[Figure, float]:
    """Have a host fall silent, and see how long clients are sent to it."""
    with _watched(net) as seen:
        died = time.monotonic()
        net.servers[1].lossy(_SILENT)
        time.sleep(_HOST_SECONDS)
    net.servers[1].lossy(0)
    late = [at - died for at in seen.failed if at >= died]
    return {_BLACKOUT: max(late, default=0.0), **seen.figures(_HOST)}


def _measure(
    net: Network, pair: tuple[Figure, Figure], fault: Callable[[], None], times: int = 1
) -> Mapping[Figure, float]:
    with _watched(net) as seen:
        for _ in range(times):
            fault()
    return seen.figures(pair)


def _turn(net: Network, subject: Subject, reloads: int) -> Mapping[Figure, float]:
    found = dict(_measure(net, _RELOAD, subject.reload, reloads))
    if subject.kill_worker is not None:
        found |= _measure(net, _WORKER, subject.kill_worker)
    found |= _measure(net, _DAEMON, subject.kill_daemon)
    return found | dict(_measure_host(net))


def estimated_seconds(amount: Amount) -> float:
    """Return about how long `measure` takes."""
    watched = 4 * (_BEFORE + _AFTER) + _HOST_SECONDS
    return len(SUBJECTS) * amount.rounds * (watched + 16) + 3 * _RELOADS * 0.6


def measure(amount: Amount, at: Path) -> Report:
    """Measure every subject in turn. Raises BedError."""
    record = Record()
    reloads = ceil(_RELOADS / amount.rounds)
    order: Iterator[tuple[int, Contender]] = turns(tuple(SUBJECTS.values()), amount.rounds)
    with network() as net:
        start(net, at)
        for number, contender in order:
            net.steer(contender.workers)
            with running(net, at, contender) as subject:
                found = _turn(net, subject, reloads)
            net.forget()
            record.add(contender.name, found)
            print(
                f"round {number + 1} {contender.name}: {', '.join(f'{f.name} {v:.2f}' for f, v in found.items())}",
                flush=True,
            )
    rounds = record.rounds()
    return Report(
        name="faults",
        title="What clients feel of faults",
        machine={
            **machine.described(),
            "rounds": str(amount.rounds),
            "reloads in a round": str(reloads),
            "checks": "every 1 s, down after 2 failures, a client's patience 2 s",
        },
        figures=_FIGURES,
        plots=(_BLACKOUT, _HOST[0], _DAEMON[0]),
        rounds=rounds,
        rows=[judge(target, rounds) for target in _targets()],
    )


def _targets() -> Iterator[Target]:
    for name in SUBJECTS:
        if not name.startswith("HAProxy"):
            for pair, words in ((_RELOAD, f"{_RELOADS} reloads"), (_DAEMON, "the daemon's death")):
                title = f"{name}: clients that see an error in {words}, worst round"
                yield Target(title=title, contender=name, figure=pair[0], bound=0, every_round=True)
