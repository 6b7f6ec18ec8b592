"""Fuzzes what reads hostile input: `make fuzz`, or `python -m fuzz [--seconds N] [--seed N] [--inputs N] [TARGET …]`.

Every target runs for so many seconds, or for so many inputs where that is said. An input that fails is written to a file
with its seed; `--seed` of it and `--inputs 1` repeat it. The exit code is 1 where anything was found.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from fuzz import configuration, control_socket, probes, rpc, wires
from fuzz.target import Opened, Run, fuzz

TARGETS: Final[Mapping[str, Opened]] = {
    "configuration": configuration.opened,
    "control-socket": control_socket.opened,
    "wires": wires.opened,
    "probes": probes.opened,
    "rpc": rpc.opened,
}


def main(words: Sequence[str], targets: Mapping[str, Opened] = TARGETS) -> int:
    """Fuzz the targets that are named, else all, and return the exit code."""
    parser = argparse.ArgumentParser(prog="fuzz", description="Throw hostile input at what reads it.")
    parser.add_argument("--seconds", type=float, default=600, help="for each target (default: 600)")
    parser.add_argument("--seed", type=int, help="of the first input (default: the time)")
    parser.add_argument("--inputs", type=int, help="stop a target after so many inputs")
    parser.add_argument("--findings", type=Path, help="where failing inputs are written (default: a new folder)")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(targets)} (default: all)")
    asked = parser.parse_args(words)
    unknown = set(asked.targets) - targets.keys()
    if unknown:
        parser.error(f"no target is called {', '.join(sorted(unknown))}: there are {', '.join(targets)}")
    seed = time.time_ns() % 2**32 if asked.seed is None else asked.seed
    found = 0
    for name in asked.targets or targets:
        sys.stdout.write(f"{name}: seed {seed}\n")
        sys.stdout.flush()
        run = asyncio.run(fuzz(targets[name], seconds=asked.seconds, seed=seed, inputs=asked.inputs))
        sys.stdout.write(f"{name}: {run.seconds:.0f} s, {run.inputs} inputs, {1 if run.finding else 0} findings\n")
        if run.finding:
            found += 1
            sys.stdout.write(f"{run.finding}\n{name}: the input is in {_written(asked.findings, name, run)}\n")
        sys.stdout.flush()
    return 1 if found else 0


def _written(folder: Path | None, name: str, run: Run) -> Path:
    """Write a failing input to a file of its own and return where it is."""
    where = Path(mkdtemp(prefix="bascule-fuzz-")) if folder is None else folder
    where.mkdir(parents=True, exist_ok=True)
    path = where / f"{name}-{run.seed}.txt"
    path.write_text(f"seed {run.seed}\n{run.finding}\n{run.text}\n", encoding="utf-8", errors="backslashreplace")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
