"""Who meets the faults: Bascule and HAProxy, each with its own way to be reloaded, killed and started again."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from bed.balancer import Balancer
from bed.command import end, run
from bed.wait import until
from bench.contenders.bascule import Bascule
from bench.contenders.contender import Contender, folder
from bench.contenders.haproxy import CONFIGURATION, LOG, HAProxy, started
from bench.network import Network

_INTERVAL: Final = "1s"
_CHANGE: Final = "# reloaded"


@dataclass(frozen=True, slots=True)
class Subject:
    """A balancer that runs, and what can be done to it; each returns when it is as it should be again."""

    reload: Callable[[], None]
    kill_daemon: Callable[[], None]
    kill_worker: Callable[[], None] | None


@contextmanager
def bascule(network: Network, at: Path, contender: Bascule) -> Iterator[Subject]:
    """Run Bascule."""
    with contender.balancer(network, at) as balancer:
        worker = partial(_kill_a_worker, network) if contender.workers else None
        yield Subject(
            partial(_reload_bascule, balancer), partial(_kill_bascule, network, balancer, contender.workers), worker
        )


def _reload_bascule(balancer: Balancer) -> None:
    """Change a session timeout to and fro, so that each reload has something to do."""
    text = balancer.configuration.read_text(encoding="utf-8")
    timeouts = ("session timeout 40m", "session timeout 41m")
    old, new = timeouts if timeouts[0] in text else reversed(timeouts)
    balancer.configuration.write_text(text.replace(old, new), encoding="utf-8")
    balancer.command("reload")


def _kill_bascule(network: Network, balancer: Balancer, workers: int) -> None:
    balancer.kill()
    with network.on_balancer_cores(workers):
        balancer.start()
    balancer.wait_all_up()


def _kill_a_worker(network: Network) -> None:
    """Kill the first proxy worker, and wait until the parent has another in its place."""
    workers = _named(network, "role\0proxy")
    run(["kill", "-KILL", str(workers[0])])
    until(
        lambda: len(now := _named(network, "role\0proxy")) == len(workers) and workers[0] not in now,
        within=20,
        what="another worker is there",
    )


def _named(network: Network, words: str) -> list[int]:
    """Return the processes on the balancer's node with these words in their command line."""
    return [pid for pid in network.inhabitants() if words.encode() in _command_line(pid)]


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""  # it has ended meanwhile


@contextmanager
def haproxy(network: Network, at: Path, contender: HAProxy) -> Iterator[Subject]:
    """Run HAProxy; its master is asked to reload as `systemctl reload` asks it (management.txt, 4)."""
    with contender.process(network, at) as first:
        master = [first]
        place = folder(at, contender.name)
        until(lambda: _loadings(place), what="HAProxy is ready")

        def reload() -> None:
            before = _loadings(place)
            with (place / CONFIGURATION).open("a", encoding="ascii") as configuration:
                configuration.write(f"{_CHANGE}\n")

            def loaded() -> bool:
                """Ask, and ask again: a master that has just become ready still misses signals for a moment."""
                master[0].send_signal(signal.SIGUSR2)
                with suppress(TimeoutError):
                    until(lambda: _loadings(place) > before, within=1, what="HAProxy has loaded its configuration again")
                return _loadings(place) > before

            until(loaded, what="HAProxy has loaded its configuration again")

        def kill() -> None:
            for pid in _named(network, "haproxy\0"):
                run(["kill", "-KILL", str(pid)], check=False)
            master[0].wait(10)
            master[0] = started(network, place, contender.workers)

        try:
            yield Subject(reload, kill, None)
        finally:
            end(master[0])  # the first one is ended by whoever started it


def _loadings(place: Path) -> int:
    """Return how often a master has said that it is ready."""
    return (place / LOG).read_text(encoding="utf-8").count("Loading success")


SUBJECTS: Final = {
    contender.name: contender
    for contender in (
        Bascule("kernel relay", interval=_INTERVAL),
        Bascule("proxy, 2 workers", engine="proxy", workers=2, interval=_INTERVAL),
        HAProxy("HAProxy", splices=True, interval=_INTERVAL),
    )
}


@contextmanager
def running(network: Network, at: Path, contender: Contender) -> Iterator[Subject]:
    """Run a subject of either kind."""
    if isinstance(contender, HAProxy):
        with haproxy(network, at, contender) as subject:
            yield subject
    elif isinstance(contender, Bascule):
        with bascule(network, at, replace(contender)) as subject:
            yield subject
    else:
        raise TypeError(f"{contender.name} has no faults")
