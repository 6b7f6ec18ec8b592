"""What is known of names: the last answers, in memory and in a file, so that a start with no name server still balances."""

import json
from asyncio import to_thread
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bascule.config.kinds.addresses import parsed_address
from bascule.config.model import Address
from bascule.config.names import NOTHING_TO_ASK, Questions
from bascule.health.names.answer import Answer
from bascule.system.errors import MachineError
from bascule.system.files import read_whole, write_whole

FILE: Final = "names.json"

MOST_KEPT: Final = 1024
"""Names that are kept, for texts that may come back; beyond it only those that are in use."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a name stands for."""

    addresses: frozenset[Address]
    since: datetime
    """When a name server first said so."""


class NamesFile:
    """Keeps it in the state folder."""

    def __init__(self, state: Path) -> None:
        self._file = state / FILE

    def read(self) -> dict[str, Known]:
        """Return what was kept; nothing where it cannot be read, since it is asked for again."""
        try:
            kept = json.loads(read_whole(self._file) or b"{}")
            return {str(name): _known(row) for name, row in kept.items()}
        except (MachineError, ValueError, TypeError, KeyError, AttributeError):
            return {}

    def write(self, known: Mapping[str, Known]) -> None:
        """Keep it, whole or not at all. Raises MachineError."""
        kept = {name: _row(each) for name, each in known.items()}
        write_whole(self._file, json.dumps(kept, indent=1, sort_keys=True).encode())


def _row(known: Known) -> Mapping[str, object]:
    return {"addresses": sorted(map(str, known.addresses)), "since": known.since.isoformat()}


def _known(row: Mapping[str, object]) -> Known:
    texts = row["addresses"]
    assert isinstance(texts, list), "a list is written"
    read = (parsed_address(str(text)) for text in texts)
    return Known(frozenset(address for address in read if address is not None), datetime.fromisoformat(str(row["since"])))


class Names:
    """The last answers. `ask` asks for names once, for some seconds."""

    def __init__(self, file: NamesFile, ask: Callable[[Questions], Awaitable[Sequence[Answer]]]) -> None:
        self._file = file
        self._ask = ask
        self._known: dict[str, Known] | None = None
        self.unkept = False
        """Something is known that the file does not have."""

    async def known(self, asked: Questions = NOTHING_TO_ASK) -> Mapping[str, frozenset[Address]]:
        """Return what names stand for; those of `asked` that are not known are asked for now."""
        known = await self._last()
        unknown = asked.names - known.keys()
        if unknown:
            for answer in await self._ask(replace(asked, names=unknown)):
                self.take(answer, datetime.now(UTC))
        return {name: row.addresses for name, row in (await self._last()).items()}

    async def _last(self) -> dict[str, Known]:
        if self._known is None:
            read = await to_thread(self._file.read)
            self._known = read if self._known is None else self._known
        return self._known

    def of(self, name: str) -> Known | None:
        """Return what is known of a name; None where nobody ever told."""
        return (self._known or {}).get(name)

    def take(self, answer: Answer, now: datetime) -> bool:
        """Take an answer, and return whether the name stands for something else now."""
        if self._known is None:
            self._known = self._file.read()
        before = self.of(answer.name)
        addresses = answer.after(frozenset() if before is None else before.addresses)
        if not addresses or (before is not None and before.addresses == addresses):
            return False
        self._known[answer.name] = Known(addresses, now)
        self.unkept = True
        return True

    def keep(self, used: Collection[str]) -> None:
        """Write what is known to the file; `used` are the names of the text that runs. Raises MachineError."""
        known = self._known or {}
        if len(known) > MOST_KEPT:
            for name in [name for name in known if name not in used]:
                del known[name]
        self._file.write(dict(known))
        self.unkept = False
