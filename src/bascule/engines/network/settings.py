"""Keeps the kernel settings that a plan needs, and remembers what they were before."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bascule.config.diagnostics import Diagnostic, Span
from bascule.plan.model import NetworkPlan
from bascule.system.errors import Attempts, MachineError
from bascule.system.files import read_whole, write_whole
from bascule.system.sysctls import Sysctls

_FILE: Final = "sysctls.json"
_BOOT: Final = "kernel.random.boot_id"
"""Changes with each start of the machine, which undoes what we set."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Kernel settings as they were seen."""

    now: Mapping[str, str]
    before: Mapping[str, str]
    """Of those that we have changed, what they were."""


class SettingsEngine:
    """Sets what the plan names; a setting it names no more goes back to its old value."""

    name = "settings"

    def __init__(self, sysctls: Sysctls, state: Path) -> None:
        self._sysctls = sysctls
        self._file = state / _FILE
        self._boot = sysctls.read([_BOOT]).get(_BOOT, "")

    def before(self) -> Mapping[str, str]:
        """Return the old values of the settings that we have changed since the machine started. Raises MachineError."""
        data = read_whole(self._file)
        if data is None:
            return {}
        try:
            values = json.loads(data)
        except ValueError as error:
            raise MachineError(f"read {self._file}", f"it is damaged: {error}") from error
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            raise MachineError(f"read {self._file}", "it is damaged: no table of settings")
        if values.pop(_BOOT, "") != self._boot:
            return {}  # the machine has started anew since, with values of its own
        return values

    async def observe(self) -> Settings:
        """Return the settings that a plan may name as they are now, and as they were before we changed them."""
        before = self.before()
        return Settings({**self._sysctls.planned(), **self._sysctls.read(before)}, before)

    def difference(self, desired: NetworkPlan, observed: Settings) -> Mapping[str, str]:
        """Return the settings to write: those of the plan that differ, and old values of those it names no more.

        The settings of an interface that has gone are gone with it.
        """
        left = {name: value for name, value in observed.before.items() if name in observed.now}
        wanted = {**left, **desired.sysctls}
        return {name: value for name, value in wanted.items() if observed.now.get(name) != value}

    async def rehearse(self, changes: Mapping[str, str]) -> Sequence[Diagnostic]:
        """Say which settings this kernel does not have."""
        there = self._sysctls.read(changes)
        return [
            Diagnostic.error(Span(), f"this kernel has no setting {name}", "relays in the kernel need it")
            for name in changes
            if name not in there
        ]

    async def apply(self, changes: Mapping[str, str]) -> None:
        """Note the old values, then write. A power cut in between leaves a note too many, which does no harm.

        What has its old value again is forgotten: from then on it is the operator's to change.
        """
        if not changes:
            return
        before = self.before()
        noted = {**before, **self._sysctls.read(name for name in changes if name not in before)}
        if noted != before:
            self._note(noted)
        for name, value in changes.items():
            self._sysctls.write(name, value)
        kept = {name: old for name, old in noted.items() if changes.get(name) != old}
        if kept != noted:
            self._forget(kept)

    def _forget(self, kept: Mapping[str, str]) -> None:
        """Note less; where the disk takes nothing, there is a note too many, which does no harm."""
        with suppress(MachineError):
            self._note(kept)

    def _note(self, values: Mapping[str, str]) -> None:
        write_whole(self._file, json.dumps({_BOOT: self._boot, **values}, indent=1).encode())

    async def restore(self, snapshot: Settings) -> None:
        """Write back what was observed, all that can be; then what we did not change any more is the operator's again."""
        noted, attempts = self.before(), Attempts()
        now = self._sysctls.read(noted)
        for name, value in snapshot.now.items():
            if name in now and now[name] != value:
                with attempts.one():
                    self._sysctls.write(name, value)
        attempts.over()
        if noted != snapshot.before:
            self._forget(snapshot.before)

    async def clear(self) -> int:
        """Give every setting that is still there its old value back, and forget; return how many there were."""
        before = self.before()
        there = self._sysctls.read(before)
        for name in there:
            self._sysctls.write(name, before[name])
        self._file.unlink(missing_ok=True)
        return len(there)
