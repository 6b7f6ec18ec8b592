"""The balancer as an operator has it: `bascule run` on a node, asked through its command line."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from bed import memory
from bed.asking import ask
from bed.command import BedError, end
from bed.node import Node
from bed.wait import until

BASCULE: Final = (sys.executable, "-m", "bascule")
_SHOW_HOSTS: Final = ("show", "hosts", "--json")

_Hosts: TypeAlias = Mapping[str, Mapping[str, str]]
"""The status of each relay's hosts."""


class Balancer:
    """One `bascule run`, which may be stopped, killed and started again; what it says is in `log`."""

    def __init__(self, node: Node, text: str | None, at: Path) -> None:
        """Take the text of its configuration; None has it run what is committed."""
        self.node = node
        at.mkdir(parents=True, exist_ok=True)
        self.configuration = at / f"{node.name}.conf"
        self._keeps_revisions = text is None
        if text is not None:
            self.configuration.write_text(text, encoding="utf-8")
        self.log = at / f"{node.name}.log"
        self.state, self.socket = at / f"{node.name}-state", at / f"{node.name}.sock"
        self._process: subprocess.Popen[Any] | None = None

    def start(self, program: Sequence[str] = BASCULE) -> None:
        """Start it and wait until it answers; raises BedError, with what it said, where it ends or is stopped instead."""
        options = ["--state", str(self.state), "--socket", str(self.socket)]
        if not self._keeps_revisions:
            options += ["--config", str(self.configuration)]
        with self.log.open("ab") as log:
            self._process = process = self.node.popen([*program, "run", *options], stdout=log, stderr=log)

        def answers() -> bool:
            if process.poll() is not None:
                raise BedError(f"bascule run ended with {process.returncode}:\n{self.log.read_text(encoding='utf-8')}")
            if memory.is_stopped(process.pid):
                raise BedError(f"bascule run was stopped:\n{self.log.read_text(encoding='utf-8')}")
            return self.socket.exists() and self.asked("show", "summary", check=False, within=5).returncode == 0

        until(answers, within=20.0, what="bascule run answers")

    def stop(self) -> None:
        """Ask it to end (SIGTERM), and wait until it has."""
        process = self._running()
        process.terminate()
        process.wait(15)
        self._process = None

    def kill(self) -> None:
        """Kill it without a warning (SIGKILL)."""
        process = self._running()
        process.kill()
        process.wait(15)
        self._process = None

    def ended(self) -> int:
        """Wait until it has ended by itself, and return its exit code."""
        code: int = self._running().wait(15)
        self._process = None
        return code

    def close(self) -> None:
        """End it, with the workers that would outlive it, and take everything of it from the node."""
        self.command("clear", "--state", str(self.state), check=False)
        if self._process is not None:
            end(self._process)
            self._process = None

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """However that ends for which it is there: take everything of it from the node, and print what it said."""
        with ExitStack() as last:
            last.callback(self.tell)
            last.callback(self.close)
            yield

    def tell(self) -> None:
        """Print what it said; pytest shows it with a failure."""
        sys.stderr.write(self.log.read_text(encoding="utf-8"))

    def command(self, *words: str, check: bool = True, within: float | None = None) -> subprocess.CompletedProcess[str]:
        """Run a `bascule` command that asks this balancer; raises BedError for a bad exit unless told not to.

        Raises TimeoutExpired where it takes more than `within` seconds.
        """
        return self.node.run(*BASCULE, *words, "--socket", str(self.socket), check=check, timeout=within)

    def asked(self, *words: str, check: bool = True, within: float = 30) -> subprocess.CompletedProcess[str]:
        """Ask as `command` does, without a process of its own: for what is waited for, and so asked many times.

        Raises BedError for a bad exit, also where no answer comes within so many seconds, unless told not to.
        """
        done = ask(self.socket, words, within=within)
        if check and done.returncode:
            raise BedError(f"bascule {' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
        return done

    def following(self, *words: str) -> "subprocess.Popen[str]":
        """Start a `bascule` command that goes on, and return it with its output to read; it is ended with the network."""
        command = [*BASCULE, *words, "--socket", str(self.socket)]
        return self.node.popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    @property
    def runs(self) -> bool:
        """Tell whether it was started, and not ended since."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """Return the parent's process."""
        return self._running().pid  # `ip netns exec` becomes the command that it runs

    def workers(self) -> list[int]:
        """Return the proxy workers beside the control socket."""
        return [pid for path in self.socket.parent.glob("proxy-*.sock") for pid in memory.with_argument(str(path))]

    def probe(self) -> int:
        """Return the process that checks the hosts; 0 while there is none."""
        return next((pid for pid in memory.children(self.pid) if "probe" in memory.words(pid)), 0)

    def relays(self) -> _Hosts:
        """Return each relay's hosts and their status, as `bascule show hosts --json` has them."""
        return _hosts(self.asked(*_SHOW_HOSTS).stdout)

    def wait_hosts(self, relay: str = "", *, within: float = 20.0, **states: str) -> None:
        """Wait until hosts have these states for a relay ("" is every relay): `wait_hosts(EX1="down", EX2="up")`."""

        def reached(shown: _Hosts) -> bool:
            asked = [shown[relay]] if relay else shown.values()
            return all(hosts[name] == state for hosts in asked for name, state in states.items())

        self._wait_shown(reached, within=within, what=f"hosts are {states}")

    def wait_all_up(self) -> None:
        """Wait until every host of every relay is up."""
        self._wait_shown(
            lambda shown: all(state == "up" for hosts in shown.values() for state in hosts.values()),
            within=20.0,
            what="every host is up",
        )

    def _wait_shown(self, reached: Callable[[_Hosts], bool], *, within: float, what: str) -> None:
        """Wait until the hosts are shown so."""
        until(
            lambda: reached(self.relays()),
            within=within,
            what=what,
            every=0.1,
        )

    def _running(self) -> subprocess.Popen[Any]:
        if self._process is None:
            raise BedError("no balancer runs")
        return self._process


def _hosts(printed: str) -> _Hosts:
    """Return each relay's hosts and their status from what `show hosts --json` printed."""
    relays: dict[str, dict[str, str]] = {}
    for row in map(json.loads, printed.splitlines()):
        relays.setdefault(row["relay"], {})[row["name"]] = row["status"]
    return relays


@contextmanager
def running(node: Node, text: str, at: Path) -> Iterator[Balancer]:
    """Run a balancer with a configuration until every host is up; it is cleared from the node afterwards."""
    balancer = Balancer(node, text, at)
    with balancer.cleared():
        balancer.start()
        balancer.wait_all_up()
        yield balancer
