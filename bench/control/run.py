"""`make bench-control`: how long a large configuration takes, and how much memory. Later work adds rows here."""

import json
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Final

from bed.balancer import Balancer
from bed.command import BedError, run
from bed.configuration import guide
from bed.wait import until
from bench import machine
from bench.amount import Amount
from bench.contenders.bascule import Bascule
from bench.control import farm, pages, revisions, walked, wall
from bench.figures import Figure, Record
from bench.loads.sizes import DESCRIPTORS
from bench.network import Network, network
from bench.report import Report
from bench.servers.everything import start
from bench.services import IDLE, VIP
from bench.targets import Target, judge

GUIDE: Final = "the guide's farm"
FARM: Final = f"{farm.RELAYS} relays, {farm.RELAYS} tables, {farm.HOSTS} hosts each"
WALL: Final = wall.NAME
SESSIONS: Final = "100,000 sessions"
_SESSIONS: Final = 100_000
_PATIENCE: Final = 120.0
_GLANCE: Final = 2.0
"""Seconds between two looks at very many hosts, which cost the parent some tenths of one."""
_MEBI: Final = 2**20
_ROLES: Final = {"parent": "run", "probe": "role probe"}

_STAGES: Final = {
    name: Figure(name, title, "s", 3)
    for name, title in (
        ("parse", "parse"),
        ("files", "look at the machine, and at files of tables"),
        ("check", "check"),
        ("compile", "compile"),
        ("rehearse", "rehearse"),
        ("text_to_rehearsed", "text to rehearsed plan"),
        ("apply", "apply"),
        ("read_back", "read back and compare"),
        ("flip", "one host's flip, until the kernel holds it"),
    )
}
_PEAK: Final = Figure("peak", "peak memory of text to kernel", "MiB")
_START: Final = Figure("start", "start, until it answers", "s", 2)
_ALL_UP: Final = Figure("all_up", "start, until every host is up", "s", 2)
_POLL: Final = Figure("poll", "every host checked once", "s", 2)
_MEMORY: Final = {role: Figure(f"memory_{role}", f"memory of the {role}", "MiB", 1) for role in _ROLES}
_SHOW: Final = Figure("show_sessions", "show sessions --limit 1000", "s", 2)
_SHOW_MEMORY: Final = Figure("show_memory", "peak memory of the parent meanwhile", "MiB")
_FIGURES: Final = (
    *_STAGES.values(),
    _PEAK,
    _START,
    _ALL_UP,
    _POLL,
    *_MEMORY.values(),
    _SHOW,
    _SHOW_MEMORY,
    walked.RATE,
    *revisions.FIGURES,
    *pages.FIGURES,
)

_TARGETS: Final = (
    Target(title="text to rehearsed plan", contender=GUIDE, figure=_STAGES["text_to_rehearsed"], bound=0.3),
    Target(title="text to rehearsed plan, 300 tables", contender=FARM, figure=_STAGES["text_to_rehearsed"], bound=12),
    Target(title="one flip in the kernel, 300 tables", contender=FARM, figure=_STAGES["flip"], bound=0.25),
    Target(
        title="text to rehearsed plan, the large firewall", contender=WALL, figure=_STAGES["text_to_rehearsed"], bound=10
    ),
    Target(title="the large firewall is loaded", contender=WALL, figure=_STAGES["apply"], bound=10),
    Target(title="one flip beside the large firewall", contender=WALL, figure=_STAGES["flip"], bound=0.25),
    Target(title="show sessions over 100,000", contender=SESSIONS, figure=_SHOW, bound=3),
    Target(title="memory for show sessions over 100,000", contender=SESSIONS, figure=_SHOW_MEMORY, bound=300),
    *walked.TARGETS,
    *revisions.TARGETS,
    *pages.TARGETS,
)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where it is measured."""

    network: Network
    at: Path

    def stages(self, text: str) -> Mapping[Figure, float]:
        """Return how long each stage of a text takes, in a fresh process on the balancer's node."""
        file, state = self.at / "stages.conf", self.at / "stages-state"
        state.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        argv = [sys.executable, "-m", "bench.control.stages", str(file), str(state)]
        with self.network.on_balancer_cores(1):
            found = json.loads(self.network.balancer.run(*argv).stdout)
        return {**{figure: found[name] for name, figure in _STAGES.items()}, _PEAK: found["peak"] / _MEBI}

    def wall(self) -> Mapping[Figure, float]:
        """Return the same of a large firewall."""
        table = self.at / wall.TABLE_FILE
        table.write_text(wall.addresses(), encoding="ascii")
        return self.stages(wall.text(str(table)))

    def life(self) -> Mapping[Figure, float]:
        """Return how long a large configuration takes to start and to check, and what the roles hold then.

        What does not happen within the patience of this benchmark has no figure, and is said.
        """
        balancer = Balancer(self.network.balancer, farm.text(), self.fresh("farm"))
        begun = time.monotonic()
        try:
            with self.network.on_balancer_cores(1):
                balancer.start()
            started = time.monotonic() - begun
            found = {_START: started}
            try:
                until(lambda: _all_up(balancer), within=_PATIENCE, every=_GLANCE, what="every host is up")
                found[_ALL_UP] = time.monotonic() - begun
                found[_POLL] = _polled(balancer)
            except (TimeoutError, BedError) as error:
                print(f"{FARM}: {error}", flush=True)
            return {**found, **self._memory()}
        finally:
            balancer.close()

    def sessions(self) -> Mapping[Figure, float]:
        """Return what it takes to list the first of very many sessions."""
        relay = Bascule("sessions")
        with relay.balancer(self.network, self.fresh("sessions")) as balancer:
            sources, ports = ",".join(self.network.client_addresses()), ",".join(map(str, IDLE.ports))
            argv = [sys.executable, "-m", "bench.loads.idle", str(_SESSIONS), sources, ports, VIP]
            holding = self.network.client.popen(argv, stdin=PIPE, stdout=PIPE, text=True)
            if holding.stdout is None or holding.stdout.readline() != "open\n":
                raise BedError(f"{_SESSIONS} sessions could not be opened")
            begun = time.monotonic()
            shown = balancer.command("show", "sessions", "--limit", "1000").stdout
            seconds = time.monotonic() - begun
            counted = int(shown.rstrip().rsplit("\n", 1)[-1].split(" of ")[1].split()[0].replace(",", ""))
            if counted < _SESSIONS:
                raise BedError(f"show sessions counts {counted} of {_SESSIONS}")
            peak = max(_peak(pid) for pid in self._processes(_ROLES["parent"]))
            holding.communicate(timeout=120)
        return {_SHOW: seconds, _SHOW_MEMORY: peak / _MEBI}

    def history(self) -> Mapping[Figure, float]:
        """Return what commands take over very many revisions."""
        with self.network.on_balancer_cores(1):
            return revisions.measured(self.network.balancer, self.fresh("revisions"))

    def pages(self) -> Mapping[Figure, float]:
        """Return what pages take over a large configuration."""
        net = self.network
        with net.on_balancer_cores(1):
            return pages.measured(net.balancer, net.client, VIP, net.client_addresses(), self.fresh("pages"))

    def _memory(self) -> Mapping[Figure, float]:
        return {figure: machine.process_bytes(self._processes(_ROLES[role])) / _MEBI for role, figure in _MEMORY.items()}

    def _processes(self, words: str) -> list[int]:
        """Return Bascule's own processes on the balancer's node whose command line says so."""
        pattern = re.compile(rf"-m bascule {words}\b")
        lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in self.network.inhabitants()}
        return [pid for pid, line in lines.items() if pattern.search(line.replace(b"\0", b" ").decode())]

    def fresh(self, name: str) -> Path:
        """Return an empty directory."""
        place = self.at / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        return place


def _polled(balancer: Balancer) -> float:
    """Return the seconds that a poll of every host takes. Raises BedError where one is late or not up."""
    begun = time.monotonic()
    said = balancer.command("poll").stdout
    if f"{farm.RELAYS * farm.HOSTS} good" not in said.replace(",", ""):
        raise BedError(f"poll: {said.strip()}")
    return time.monotonic() - begun


def _all_up(balancer: Balancer) -> bool:
    """Tell whether every host of every relay is up: `status` counts a host once, however many relays have it."""
    return all(state == "up" for hosts in balancer.relays().values() for state in hosts.values())


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return 1024 * int(found[1]) if found else 0


def estimated_seconds(amount: Amount) -> float:
    """Return about how long `measure` takes."""
    return amount.rounds * (3 + 20 + 25) + amount.idle_rounds * 60


def measure(amount: Amount, at: Path) -> Report:
    """Measure everything in every round, but for sessions and revisions, of which a few are enough. Raises BedError."""
    record = Record()
    with network() as net:
        start(net, at)
        _serve_the_farm(net)
        bench = Bench(net, at)
        for number, (name, figures) in _work(bench, amount):
            record.add(name, figures)
            print(f"round {number + 1} {name}: {', '.join(f'{f.name} {v:.3f}' for f, v in figures.items())}", flush=True)
    rounds = record.rounds()
    return Report(
        name="control",
        title="What the control plane takes",
        machine={**machine.described(), "rounds": str(amount.rounds)},
        figures=_FIGURES,
        rounds=rounds,
        rows=[judge(target, rounds) for target in _TARGETS],
    )


def _work(bench: Bench, amount: Amount) -> Iterator[tuple[int, tuple[str, Mapping[Figure, float]]]]:
    for number in range(amount.rounds):
        yield number, (GUIDE, bench.stages(guide()))
        yield number, (FARM, {**bench.stages(farm.text()), **bench.life()})
        yield number, (WALL, bench.wall())
        yield from ((number, each) for each in walked.measured(bench.fresh("walked")).items())
        if number < amount.idle_rounds:
            yield number, (SESSIONS, bench.sessions())
            yield number, (revisions.NAME, bench.history())
            yield number, (pages.NAME, bench.pages())
        bench.network.forget()


def _serve_the_farm(net: Network) -> None:
    """Have the first server hold every host's address and listen on every port."""
    server = net.servers[0]
    for address in farm.addresses():
        run(["ip", "-n", server.netns, "address", "add", f"{address}/32", "dev", "eth0"])
    talkers = str(2 + pages.SESSIONS // DESCRIPTORS)
    server.popen([sys.executable, "-m", "bench.loads.talker", talkers, *map(str, farm.ports())], stdout=DEVNULL)
    server.wait_listening(farm.ports()[-1])
