"""New connections, and messages on standing ones, as fast as they go, by wrk."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Final

from bed.command import BedError
from bench.network import Network
from bench.services import WEB

_SCRIPT: Final = Path(__file__).with_name("wrk.lua")
_AT_ONCE: Final = 32
"""Connections of each of the two wrk."""


@dataclass(frozen=True, slots=True)
class Requests:
    """What was asked and answered."""

    answered: int
    per_second: float
    failed: int


def ask(network: Network, entrances: Sequence[str], seconds: float, *, standing: bool) -> Requests:
    """Ask at every entrance at once for so many seconds (whole ones). Raises BedError where wrk fails."""
    close = [] if standing else ["-H", "Connection: close"]
    options = ["wrk", "-t1", f"-c{_AT_ONCE}", f"-d{max(1, round(seconds))}s", "-s", str(_SCRIPT), *close]
    running = [
        network.client.popen([*options, f"http://{entrance}:{WEB.ports[0]}/"], stdout=PIPE, stderr=PIPE, text=True)
        for entrance in entrances
    ]
    counted = []
    for process in running:
        out, said = process.communicate(timeout=seconds + 30)
        if process.returncode:
            raise BedError(f"wrk: exit {process.returncode}: {said or out}")
        counted.append(json.loads(out.splitlines()[-1]))
    return Requests(
        answered=sum(one["requests"] for one in counted),
        per_second=sum(one["requests"] * 1e6 / one["microseconds"] for one in counted),
        failed=sum(one["failed"] for one in counted),
    )
