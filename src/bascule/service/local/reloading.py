"""Reading the configuration again: what `reload` and SIGHUP do."""

import asyncio
from pathlib import Path
from typing import Final

from bascule.config.diagnostics import Diagnostic
from bascule.deploy.transaction import RehearsalRefused
from bascule.service.events import EventKind, Grade
from bascule.service.failures import NotFound, OperationFailed, Rejected
from bascule.service.local.balancer import Balancer
from bascule.service.local.journal import Journal
from bascule.service.local.machine import Machine
from bascule.service.local.preparation import judge_here
from bascule.service.local.words import counted
from bascule.service.results import Reloaded
from bascule.system.errors import MachineError
from bascule.system.files import read_whole
from bascule.system.progress import Tell, silence

LONGEST: Final = 16 * 1024 * 1024
"""Bytes of a configuration that are read."""


class ConfigurationFile:
    """The file that a balancer runs by; `path` None stands for standard input, which cannot be read again."""

    def __init__(self, path: Path | None, name: str, machine: Machine, balancer: Balancer, journal: Journal) -> None:
        self._path = path
        self._name = name
        self._machine = machine
        self._balancer = balancer
        self._journal = journal

    async def reload(self, tell: Tell = silence) -> Reloaded:
        """Read the file again and put it into effect; whatever comes of it is an event.

        Raises OperationFailed where there is no such text or it is refused, MachineError where the machine would not;
        then what ran before runs on.
        """
        try:
            warnings = await self._reload(tell)
        except OperationFailed as failed:
            self._refused(_first(failed))
            raise
        except MachineError as error:
            self._refused(str(error))
            raise
        relays = len({relay.name for relay in self._balancer.running.plan.relays})
        sentence = f"{self._name} was read again and is in effect: {counted(relays, 'relay')}"
        self._journal.note(EventKind.CONFIGURATION, sentence, state="loaded", number=relays)
        return Reloaded(configuration=self._name, sentence=sentence, warnings=warnings)

    async def _reload(self, tell: Tell) -> tuple[Diagnostic, ...]:
        text = await asyncio.to_thread(self._read)
        judged, facts = await judge_here(text, self._machine, self._balancer.running.facts.no_nftables)
        if judged.configuration is None:
            raise self._rejected(judged.diagnostics)
        try:
            said = await self._balancer.reload(judged.configuration, self._name, facts, tell)
        except RehearsalRefused as refused:
            raise self._rejected(refused.diagnostics) from refused
        return (*judged.diagnostics, *said)

    def _rejected(self, diagnostics: tuple[Diagnostic, ...]) -> OperationFailed:
        return OperationFailed(Rejected(diagnostics=diagnostics, name=self._name))

    def _read(self) -> bytes:
        if self._path is None:
            raise OperationFailed(NotFound(message=f"{self._name} cannot be read again; start Bascule with a file"))
        text = read_whole(self._path, LONGEST)
        if text is None:
            raise OperationFailed(NotFound(message=f"there is no file {self._path} any more"))
        return text

    def _refused(self, reason: str) -> None:
        words = f"{self._name} was read again and refused, what ran before runs on: {reason}"
        self._journal.note(EventKind.CONFIGURATION, words, grade=Grade.WARNING, state="refused", reason=reason)


def _first(failed: OperationFailed) -> str:
    """Return the first thing that is wrong, and how many more there are."""
    lines = str(failed).splitlines()
    return f"{lines[0]} (and {len(lines) - 1} more)" if len(lines) > 1 else lines[0]
