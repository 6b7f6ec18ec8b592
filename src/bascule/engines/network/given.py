"""What we gave to interfaces, kept across our own death: never is anything taken that somebody else gave."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_interface
from pathlib import Path
from typing import Any, Final

from bascule.plan.model import LinkPlan, PlannedAddress
from bascule.system.errors import MachineError
from bascule.system.files import read_whole, write_whole

_FILE: Final = "network.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Addresses of ours, and what we changed of interfaces."""

    addresses: frozenset[PlannedAddress] = frozenset()
    before: Mapping[str, LinkPlan] = field(default_factory=dict)
    """What interfaces were before we changed them: only what we changed."""


class GivenFile:
    """Keeps it in the state folder. `stamp` names this network in this start of the machine: no other has any of ours."""

    def __init__(self, state: Path, stamp: str) -> None:
        self._file = state / _FILE
        self._stamp = stamp
        self._owed: Given | None = None
        """What the disk would not take yet."""

    def read(self) -> Given:
        """Return what was kept; nothing where it was of another network. Raises MachineError."""
        if self._owed is not None:
            owed = self._owed
            self.know(owed)
            return owed
        data = read_whole(self._file)
        if data is None:
            return Given()
        try:
            kept = json.loads(data)
            return _given(kept) if kept["stamp"] == self._stamp else Given()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MachineError(f"read {self._file}", f"it is damaged: {error}") from error

    def write(self, given: Given) -> None:
        """Keep it, whole or not at all. Raises MachineError."""
        kept = {
            "stamp": self._stamp,
            "addresses": sorted([one.interface, str(one.address)] for one in given.addresses),
            "before": {name: {"mtu": link.mtu, "alias": link.alias} for name, link in given.before.items()},
        }
        write_whole(self._file, json.dumps(kept, indent=1).encode())
        self._owed = None

    def know(self, given: Given) -> None:
        """Keep it; where the disk takes nothing, know it until it does. A full disk must keep no deployment in effect."""
        self._owed = given
        with suppress(MachineError):
            self.write(given)

    def forget(self) -> None:
        """Keep nothing any more."""
        self._owed = None
        self._file.unlink(missing_ok=True)


def _given(kept: Mapping[str, Any]) -> Given:
    return Given(
        addresses=frozenset(PlannedAddress(name, ip_interface(address)) for name, address in kept["addresses"]),
        before={name: LinkPlan(mtu=link["mtu"], alias=link["alias"]) for name, link in kept["before"].items()},
    )
