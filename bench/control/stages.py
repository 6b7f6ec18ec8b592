"""From a text to rules in the kernel, each stage by itself: `python -m bench.control.stages FILE STATE`, on a node.

Prints one line of JSON: seconds of each stage, of one host's flip until the kernel holds it, and the peak of memory. The
rules are taken away again.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bascule.config.diagnose import diagnose
from bascule.config.load import load
from bascule.config.model import Configuration
from bascule.config.table_files import files_of
from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.engine import NftablesEngine
from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.model import HostState, Plan, ProbeTarget
from bascule.plan.slots import Rankings
from bascule.service.local.machine import Machine, this_machine


class Stopwatch:
    """Notes how long each stage takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        begun = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begun


async def staged(text: bytes, machine: Machine) -> Mapping[str, float]:
    """Go through every stage and return its seconds. Raises MachineError."""
    watch = Stopwatch()
    configuration = _parsed(text, watch)
    with watch.stage("files"):
        facts = await machine.facts(files=files_of(configuration))
    with watch.stage("check"):
        diagnose(configuration, facts)
    rankings = Rankings()
    with watch.stage("compile"):
        plan = compile_plan(configuration, Situation(facts=facts, rankings=rankings))
        plan = redeal(plan, _all_up(plan), rankings)
    network, engine = machine.settings(), NftablesEngine(machine.nft)
    with watch.stage("rehearse"):
        settings = network.difference(plan.network, await network.observe())
        rules = engine.difference(compose(plan), await engine.observe())
        said = [*await network.rehearse(settings), *await engine.rehearse(rules)]
    watch.seconds["text_to_rehearsed"] = sum(watch.seconds.values())
    if said:
        raise RuntimeError(f"the rehearsal objects: {said[0].message}")
    with watch.stage("apply"):
        await network.apply(settings)
        await engine.apply(rules)
    with watch.stage("read_back"):
        kept = not engine.difference(compose(plan), await engine.observe())
    states = _all_up(plan)
    with watch.stage("flip"):
        after = redeal(plan, {**states, next(iter(states)): HostState.DOWN}, rankings)
        held = await engine.flip(plan, after)
    if not kept or not held:
        raise RuntimeError("the kernel does not hold what it was told")
    await engine.clear()
    return watch.seconds


def _parsed(text: bytes, watch: Stopwatch) -> Configuration:
    with watch.stage("parse"):
        loaded = load(text)
    if loaded.configuration is None:
        raise RuntimeError(f"the text is refused: {loaded.diagnostics[0].message}")
    return loaded.configuration


def _all_up(plan: Plan) -> dict[ProbeTarget, HostState]:
    return {probe.target: HostState.UP for probe in plan.probes}


def main(arguments: Sequence[str]) -> int:
    """Run as the module says."""
    file, state = (Path(word) for word in arguments)
    seconds = asyncio.run(staged(file.read_bytes(), this_machine(state)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**seconds, "peak": peak}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
