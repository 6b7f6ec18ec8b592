"""`make bench`: the data paths, from an empty machine to a report."""

import os
from pathlib import Path

from bench import machine
from bench.amount import Amount
from bench.figures import ADDED, DRAWN, FIGURES
from bench.network import network
from bench.path_targets import targets
from bench.paths import CONTENDERS, PAST, ROUTED, measure_turns
from bench.report import Report
from bench.rounds import turns
from bench.servers.everything import start
from bench.targets import judge

_STARTED: float = 9.0
"""Seconds of a turn besides its loads: start and end of the contender, and the paced loads."""
_LOADS: float = 5.0
_IDLE: float = 14.0
"""Seconds of idle sessions in a turn, over all contenders."""


def estimated_seconds(amount: Amount) -> float:
    """Return about how long `measure` takes."""
    turn = _STARTED + _LOADS * amount.seconds
    return len(CONTENDERS) * (amount.rounds * turn + amount.idle_rounds * _IDLE)


def measure(amount: Amount, at: Path) -> Report:
    """Measure every contender and judge it. Raises BedError."""
    processors = len(os.sched_getaffinity(0))
    with network() as net:
        start(net, at)
        order = list(turns(CONTENDERS, amount.rounds))
        record = measure_turns(net, at, order, seconds=amount.seconds, idle_rounds=amount.idle_rounds)
    rounds = record.rounds()
    return Report(
        name="paths",
        title="What the data paths cost",
        machine={
            **machine.described(),
            "rounds": str(amount.rounds),
            "rounds with idle sessions": str(amount.idle_rounds),
            "seconds of a load": f"{amount.seconds:g}",
        },
        figures=FIGURES,
        plots=DRAWN,
        rounds=rounds,
        added=ADDED,
        without=(ROUTED, PAST),
        rows=[judge(target, rounds) for target in targets(processors)],
    )
