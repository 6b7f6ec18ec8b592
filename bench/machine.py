"""The machine that is measured: its processors, what they did, its memory, and what it is."""

import fcntl
import os
import platform
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bed.command import BedError

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PER_PROGRAM: Final = {
    "haproxy": ("haproxy", "-v"),
    "nginx": ("nginx", "-v"),
    "nft": ("nft", "--version"),
    "iperf3": ("iperf3", "--version"),
    "wrk": ("wrk", "--version"),
}
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_KEPT_FREE: Final = re.compile(r"^\s+count: (\d+)$", re.MULTILINE)
_VERSION: Final = re.compile(r"\d+\.\d+[\w.\-+]*")
_BUSY: Final = 0.25
"""Share of the machine that others may take before a run's figures are doubtful."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Who may run where."""

    balancer: frozenset[int]
    others: frozenset[int]


def cores(every: Sequence[int], workers: int = 1) -> Cores:
    """Return the balancer's processors, one for each worker where there are four or more, and those of all others.

    Raises BedError where there is one processor only.
    """
    if len(every) < 2:
        raise BedError("the benchmark needs two processors: one for the balancer alone")
    first = max(1, workers) if len(every) >= 4 else 1
    first = min(first, len(every) // 2)
    return Cores(frozenset(every[:first]), frozenset(every[first:]))


@contextmanager
def on(processors: Iterable[int]) -> Iterator[None]:
    """Have this thread, and what it starts inside, run on these processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def busy_seconds() -> float:
    """Return the seconds that all processors together have worked since start; what the host of a VM took is not in it."""
    first = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
    user, nice, system, _idle, _wait, hard, soft, *_ = (int(word) for word in first.split()[1:])
    return (user + nice + system + hard + soft) / _TICKS


def process_seconds(pids: Iterable[int]) -> float:
    """Return the seconds of processor that these processes have used; one that has ended counts no more."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            total += int(words[11]) + int(words[12])
    return total / _TICKS


def used_bytes() -> int:
    """Return the memory of the machine that is neither free nor a cache of files.

    Of the kernel's own caches (slabinfo(5)) what is in use counts, not the pages that they keep: those were grown by
    whoever ran before, and a contender that finds them would seem to need nothing. Free pages that a processor keeps at
    hand (zoneinfo) are free: they come to a hundred megabytes, and go at any time.
    """
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    pages = (kib["MemTotal"] - kib["MemFree"] - kib["Buffers"] - kib["Cached"] - kib["Slab"]) * 1024
    pages -= sum(map(int, _KEPT_FREE.findall(Path("/proc/zoneinfo").read_text(encoding="ascii")))) * _PAGE
    _, _, *caches = Path("/proc/slabinfo").read_text(encoding="ascii").splitlines()
    return pages + sum(int(words[1]) * int(words[3]) for words in (cache.split() for cache in caches))


def process_bytes(pids: Iterable[int]) -> int:
    """Return the memory of these processes, shared pages by their share (Pss in proc_pid_smaps_rollup(5))."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total * 1024


def described() -> Mapping[str, str]:
    """Return what the machine is, and the version of everything that takes part."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    memory = re.search(r"\d+", Path("/proc/meminfo").read_text(encoding="ascii"))
    machine = {
        "processor": model[1] if model else platform.machine(),
        "processors": str(len(os.sched_getaffinity(0))),
        "memory": f"{int(memory[0]) / 2**20:.1f} GiB" if memory else "unknown",
        "kernel": platform.release(),
        "python": platform.python_version(),
    }
    return machine | {name: _version(argv) for name, argv in _PER_PROGRAM.items()}


def _version(argv: tuple[str, ...]) -> str:
    try:
        said = subprocess.run(argv, check=False, capture_output=True, text=True)
    except OSError:
        return "not installed"
    found = _VERSION.search(said.stdout + said.stderr)
    return found[0] if found else "unknown"


def load_warning() -> str:
    """Return what is wrong with measuring now, in words; empty where the machine is quiet."""
    load = os.getloadavg()[0]
    if load <= _BUSY * len(os.sched_getaffinity(0)):
        return ""
    return f"the load average is {load:.2f}: others use this machine, and the figures will be noise"


@contextmanager
def alone() -> Iterator[None]:
    """Be the only benchmark on this machine. Raises BedError where another runs."""
    path = Path(tempfile.gettempdir()) / f"bascule-bench-{os.geteuid()}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BedError("another benchmark runs on this machine; two would measure each other") from None
    finally:
        os.close(descriptor)
