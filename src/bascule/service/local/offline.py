"""The commands that ask no running Bascule: check and explain a text, run it, clear the machine."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bascule.config.diagnostics import Diagnostic, Severity
from bascule.engines.nftables.foreign import OURS, obstacles
from bascule.engines.proxy.engine import ProxyEngine
from bascule.engines.proxy.folder import workers_folder
from bascule.service.local.clearing import clear_machine
from bascule.service.local.explaining import explained, known_of
from bascule.service.local.machine import Machine, this_machine
from bascule.service.local.preparation import Judged, Use, judge, judge_here, rehearsal_plan
from bascule.service.local.words import counted
from bascule.service.offline import RunRequest
from bascule.service.operations import Explain
from bascule.service.results import Cleared, Explained
from bascule.store.backups import Backup, back_up, restore
from bascule.store.database import FILE
from bascule.system.children import OwnChildren
from bascule.system.claim import claimed, only_one_here
from bascule.system.errors import MachineError


class LocalOffline:
    """Does them on this machine; `run` is the parent's, which stands above this layer."""

    def __init__(
        self, state: Path, run: Callable[[RunRequest], int], become: Callable[[int, Mapping[str, str]], None]
    ) -> None:
        """Take who runs a parent, and who does this very command as another user, with some of its words replaced."""
        self._become = become
        self._machine = this_machine(state)
        self.run = run

    def check(self, text: bytes, _: str, /) -> Sequence[Diagnostic]:
        """Return all that is wrong or doubtful with a text on this machine."""
        return asyncio.run(_checked(self._machine, text))

    def explain(self, text: bytes, _: str, requests: Iterable[Explain], /) -> Iterator[Explained]:
        """Yield the answers over the plan that the text makes with every host up."""
        judged, facts = asyncio.run(judge_here(text, self._machine))
        configuration = judged.accepted()
        if configuration.firewall is not None:  # what it says is asked, not whether this user could have it carried out
            facts = replace(facts, no_nftables="")
        plan = rehearsal_plan(configuration, facts)
        known = known_of(plan, configuration, facts)
        for request in requests:
            yield explained(plan, None, request, known)

    def clear(self, state: Path, socket: Path, /) -> Cleared:
        """Take everything of ours away where no parent runs."""
        if (owner := _other_owner(state)) is not None:
            self._become(owner, {})
        return asyncio.run(_clear(this_machine(state), socket))

    def backup(self, state: Path, file: Path, /) -> str:
        """Write all that is kept to one file."""
        return f"{file} holds {_held(back_up(state, file))}"

    def restore(self, state: Path, file: Path, /) -> str:
        """Put a backup in the place of what is kept; who runs with it would go on with what he knows."""
        if (owner := _other_owner(state)) is not None:
            with TemporaryDirectory(prefix="bascule-") as folder:  # he may not read where root keeps his backups
                os.chown(folder, owner, -1)
                copy = shutil.copyfile(file, Path(folder) / FILE)
                os.chown(copy, owner, -1)
                self._become(owner, {str(file): str(copy)})
        with claimed(state):
            return f"restored {_held(restore(state, file))}; what was there is {state / FILE}.replaced"


def _other_owner(state: Path) -> int | None:
    """Return whose folder it is where we are root and he is not: what lies in it may be made to mislead us."""
    owner = state.stat().st_uid if os.geteuid() == 0 and state.is_dir() else 0
    return owner or None


def _held(backup: Backup) -> str:
    if backup.newest is None:
        return "no revision"
    return f"{counted(backup.revisions, 'revision')}, the newest of {backup.newest.astimezone():%Y-%m-%d %H:%M:%S}"


async def _checked(machine: Machine, text: bytes) -> Sequence[Diagnostic]:
    """Judge the text, and see to what rules of others would do to its relays."""
    judged, facts = await judge_here(text, machine)
    if judged.configuration is None:
        return judged.diagnostics
    said = [*judged.diagnostics, *_where_deployed(judged, judge(text, facts, Use.DEPLOYED))]
    if not facts.no_nftables:
        found = obstacles(await machine.nft.others(OURS), rehearsal_plan(judged.configuration, facts))
        said += [Diagnostic.warning(obstacle.span, obstacle.message) for obstacle in found]
    return said


def _where_deployed(alone: Judged, deployed: Judged) -> Iterator[Diagnostic]:
    """Yield, as warnings, what refuses a deployment of a text that may be run alone."""
    for found in deployed.diagnostics:
        if found.severity is Severity.ERROR and found not in alone.diagnostics:
            yield replace(found, severity=Severity.WARNING, message=f"a deployment would be refused: {found.message}")


async def _clear(machine: Machine, socket: Path) -> Cleared:
    facts = await machine.facts()
    if facts.no_nftables and machine.settings().before():
        raise MachineError("take the kernel's relays away", facts.no_nftables)
    proxy = ProxyEngine(workers_folder(socket.parent), clock=machine.clock, report=lambda _: None, starts=OwnChildren())
    if facts.no_nftables:
        return await clear_machine(machine, proxy, kernel=False)
    with only_one_here():
        return await clear_machine(machine, proxy, kernel=True)
