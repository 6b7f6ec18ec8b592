"""`python doomed.py N WORD BASCULE'S ARGUMENTS`: a Bascule that is killed, or stops, right after its Nth effect.

An effect is what a door of `system` or the store has done to the machine: a transaction of nftables, an address, a setting,
a file's renaming, a commit of SQLite. `WORD` is KILL or STOP, the signal that it sends itself then.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bascule.__main__ import main
from bascule.store.database import Database
from bascule.system.announce import EthernetNeighbours
from bascule.system.conntrack import KernelConntrack
from bascule.system.links import KernelLinks
from bascule.system.nft import NftProgram
from bascule.system.sysctls import KernelSysctls


class Doom:
    """Counts effects, and ends the process after one of them."""

    def __init__(self, last: int, number: signal.Signals) -> None:
        self._last = last
        self._number = number
        self._count = 0

    def effect(self, what: str) -> None:
        """Take note of one that is done."""
        self._count += 1
        if self._count == self._last:
            sys.stderr.write(f"DOOMED after effect {self._count}: {what}\n")
            sys.stderr.flush()
            os.kill(os.getpid(), self._number)

    def after(self, owner: Any, name: str) -> None:
        """Have a method of a door count as an effect once it has returned."""
        original: Callable[..., Any] = getattr(owner, name)

        def counted(*arguments: Any, **options: Any) -> Any:
            done = original(*arguments, **options)
            self.effect(f"{owner.__name__}.{name}")
            return done

        setattr(owner, name, counted)

    def after_loading(self) -> None:
        """Likewise for nftables, which is waited for."""
        original = NftProgram.load

        async def counted(nft: NftProgram, script: str) -> None:
            await original(nft, script)
            self.effect("NftProgram.load")

        setattr(NftProgram, "load", counted)  # noqa: B010 - a method is put in the place of another

    def after_committing(self) -> None:
        """Likewise for the store, whose transactions end with their block."""
        original = Database.transaction

        @contextmanager
        def counted(database: Database) -> Iterator[Any]:
            with original(database) as change:
                yield change
            self.effect("Database.transaction")

        setattr(Database, "transaction", counted)  # noqa: B010 - likewise


def run(arguments: list[str]) -> int:
    """Become that Bascule."""
    doom = Doom(int(arguments[0]), signal.Signals[f"SIG{arguments[1]}"])
    doom.after_loading()
    doom.after_committing()
    for owner, name in (
        (KernelLinks, "do"),
        (KernelSysctls, "write"),
        (KernelConntrack, "delete_marked"),
        (KernelConntrack, "delete"),
        (EthernetNeighbours, "announce"),
        (Path, "replace"),
    ):
        doom.after(owner, name)
    return main(arguments[2:])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
