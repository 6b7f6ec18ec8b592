"""`python -m bench paths|faults|control`: measure, write the results, and print the tables.

`BENCH_ROUNDS` (10), `BENCH_SECONDS` (1, of each load) and `BENCH_RESULTS` (bench/results) come from the environment.
"""

import argparse
import importlib
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bed.command import BedError
from bench import machine
from bench.amount import Amount
from bench.report import Report

_KINDS: Final = {
    "paths": ("bench.run_paths", "what the data paths cost"),
    "faults": ("bench.faults.run", "what clients feel of faults"),
    "control": ("bench.control.run", "what the control plane takes"),
}


def main(arguments: Sequence[str]) -> int:
    """Run one benchmark and return an exit code: 0 fine, 2 usage, 3 the machine would not."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Bascule on this machine.")
    parser.add_argument("kind", choices=sorted(_KINDS))
    kind = parser.parse_args(arguments).kind
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that everything started is ended, as by ctrl-C
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        with machine.alone():
            _run(kind, Amount.of(os.environ), Path(os.environ.get("BENCH_RESULTS", "bench/results")))
    except (BedError, TimeoutError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 3
    except KeyboardInterrupt:
        return 130
    return 0


def _run(kind: str, amount: Amount, results: Path) -> None:
    name, what = _KINDS[kind]
    module = importlib.import_module(name)
    measure: Callable[[Amount, Path], Report] = module.measure
    estimated: float = module.estimated_seconds(amount)
    print(f"bench: {what}, {amount.rounds} rounds: about {estimated / 60:.0f} minutes", flush=True)
    warning = machine.load_warning()
    if warning:
        sys.stderr.write(f"bench: {warning}\n")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        at = Path(folder)
        at.chmod(0o755)  # servers enter it that change their user
        report = measure(amount, at)
    report = replace(report, warnings=(*report.warnings, *([warning] if warning else [])))
    files = report.write(results)
    print(report.markdown())
    print(f"bench: written to {results}: {', '.join(file.name for file in files)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
