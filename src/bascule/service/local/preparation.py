"""From a text to a plan on this machine, or to everything that is wrong with it."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from bascule.config import implied
from bascule.config.diagnose import diagnose
from bascule.config.diagnosis.table_files import files
from bascule.config.diagnostics import Diagnostic, Severity
from bascule.config.facts import Facts
from bascule.config.load import Loaded, load
from bascule.config.model import Configuration
from bascule.config.names import NOTHING_TO_ASK, Questions, questions
from bascule.config.table_files import files_of
from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.marks import OutOfMarks
from bascule.plan.model import HostState, Plan
from bascule.service.failures import OperationFailed, Rejected
from bascule.service.local.scripts import scripts
from bascule.system.errors import MachineError


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A text and what was found in it."""

    configuration: Configuration | None
    """None where an error refuses it."""
    diagnostics: tuple[Diagnostic, ...]

    def accepted(self) -> Configuration:
        """Return the configuration. Raises OperationFailed with every diagnostic where it is refused."""
        if self.configuration is None:
            raise OperationFailed(Rejected(diagnostics=self.diagnostics))
        return self.configuration


class Use(Enum):
    """What a text is for: that decides where the admin server is which it does not write."""

    ALONE = "a file that is run: there is none"
    DEPLOYED = "it shall be deployed: at its default place, where nothing may be in its way"
    COMMITTED = "it was deployed: at its default place, and makes way there for relays"


class Looks(Protocol):
    """The machine, as far as texts depend on it."""

    async def facts(
        self, no_nftables: str | None = None, asked: Questions = NOTHING_TO_ASK, files: Collection[str] = ()
    ) -> Facts:
        """Look at the machine; name servers are asked for what is `asked` and was never answered, and `files` are read.

        Raises MachineError.
        """
        ...


async def judge_here(
    text: bytes, machine: Looks, no_nftables: str | None = None, use: Use = Use.ALONE
) -> tuple[Judged, Facts]:
    """Return what a text means on this machine, and the facts by which it does; see `judge`. Raises MachineError."""
    loaded = await asyncio.to_thread(load, text)  # a long text takes seconds, and the parent has more to do
    facts = await machine.facts(no_nftables, questions(loaded.configuration), files_of(loaded.configuration))
    return await asyncio.to_thread(_judged, loaded, facts, use), facts


def judge(text: bytes, facts: Facts, use: Use = Use.ALONE) -> Judged:
    """Return what a text means on a machine with these facts, and all that is wrong or doubtful, in the text's order.

    The programs that it names are looked at. What was committed does without what its files of address tables lack now.
    """
    return _judged(load(text), facts, use)


def _judged(loaded: Loaded, facts: Facts, use: Use) -> Judged:
    found: Sequence[Diagnostic] = loaded.diagnostics
    configuration = loaded.configuration
    if configuration is not None:
        meant = configuration if use is Use.ALONE else implied.deployed(configuration)
        judged = configuration if use is Use.COMMITTED else meant
        lacking = frozenset(files(judged, facts)) if use is Use.COMMITTED else frozenset()
        diagnosed = (_tolerated(each) if each in lacking else each for each in diagnose(judged, facts))
        found = [*found, *diagnosed, *scripts(judged)]
        configuration = meant
    refused = any(diagnostic.severity is Severity.ERROR for diagnostic in found)
    ordered = tuple(sorted(found, key=lambda diagnostic: (diagnostic.span.line, diagnostic.span.column)))
    return Judged(configuration=None if refused else configuration, diagnostics=ordered)


def _tolerated(error: Diagnostic) -> Diagnostic:
    """Return, as a warning, what speaks against what was committed: refused, it would be no firewall at all."""
    return replace(error, severity=Severity.WARNING, message=f"it goes without what is wrong: {error.message}")


def rehearsal_plan(configuration: Configuration, facts: Facts) -> Plan:
    """Return the plan with every host up: what `explain` walks where nothing runs."""
    situation = Situation(facts=facts)
    plan = compile_plan(configuration, situation)
    return redeal(plan, {probe.target: HostState.UP for probe in plan.probes}, situation.rankings)


def compiled(configuration: Configuration, situation: Situation) -> Plan:
    """Return the plan of a configuration. Raises MachineError where there are more hosts of relays than marks."""
    try:
        return compile_plan(configuration, situation)
    except OutOfMarks as error:
        raise MachineError("give each host of each relay a mark of its own", str(error)) from error
