"""What processes hold: memory, descriptors, and which processes there are."""

import contextlib
import resource
from pathlib import Path


def pss(pid: int) -> int:
    """Return the bytes of a process's PSS that it shares with no file (proc(5), smaps_rollup).

    The rest, of the interpreter's own files, moves with every other Python that starts or ends on the machine.
    """
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return 1024 * int(next(line for line in rollup.splitlines() if line.startswith("Pss_Anon:")).split()[1])


def descriptors_of(pid: int) -> int:
    """Return how many descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def descriptors() -> int:
    """Return how many descriptors a process may open at most."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def is_stopped(pid: int) -> bool:
    """Tell whether a process is stopped by a signal (proc(5), stat), and so does nothing until another signal."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"


def with_argument(argument: str) -> list[int]:
    """Return the processes that were given exactly this argument."""
    pids = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if argument in words(pid)]


def words(pid: int) -> list[str]:
    """Return a process's command line; nothing where it has ended meanwhile."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    return []


def children(pid: int) -> list[int]:
    """Return the children of a process; threads of it that end meanwhile have none."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in task.read_text(encoding="ascii").split()]
    return found


def available() -> int:
    """Return the bytes of memory that a new program may use (proc(5), MemAvailable)."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1])
