"""`python faulty.py FILE BASCULE'S ARGUMENTS`: a Bascule whose machine refuses what FILE says, from when it is there.

FILE is a JSON object: `nth` counts the effects from then on, the first is 1; `how` is `refused` (it is not done), `lost`
(it is done, and said not to be) or `waits` (it is done once FILE.go is there). `door` has those of that door counted alone.
An effect is what a door of `system`, the store or the proxy engine does to the machine. FILE.met lists those that were met.
FILE is taken away then, but where `stays` is true: every later effect of the same door meets the same until somebody does.
"""

import errno
import functools
import inspect
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bascule.__main__ import main
from bascule.engines.proxy import engine, fleet
from bascule.store.database import Database
from bascule.system.children import OwnChildren
from bascule.system.errors import MachineError
from bascule.system.links import KernelLinks
from bascule.system.nft import NftProgram
from bascule.system.sysctls import KernelSysctls

CAUSE: Final = "the bed has made this fail"


def _machine(*arguments: Any) -> Exception:
    return MachineError(f"do {' '.join(map(str, arguments[1:2]))[:60]!r}", CAUSE)


def _system(*_: Any) -> Exception:
    return OSError(errno.ENOSPC, CAUSE)


class Faults:
    """Lets effects be done, or has them fail."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._count = 0
        self._armed = ""
        self._stuck = ""

    def meets(self, door: str) -> str:
        """Take note of an effect that is about to be done, and return how it shall go: empty for well."""
        text = self._file.read_text(encoding="utf-8") if self._file.exists() else ""
        if text != self._armed:
            self._armed, self._count, self._stuck = text, 0, ""
        if not text:
            return ""
        fault = json.loads(text)
        if fault.get("door", door) != door:
            return ""
        self._count += 1
        hit = self._stuck == door if self._stuck else self._count == fault["nth"]
        with self._file.with_name(f"{self._file.name}.met").open("a", encoding="utf-8") as met:
            met.write(f"{'*' if hit else ' '} {self._count} {door}\n")
        if not hit:
            return ""
        if fault.get("stays"):
            self._stuck = door
        else:
            self._file.unlink()
        if fault["how"] == "waits":
            go = self._file.with_name(f"{self._file.name}.go")
            while not go.exists():  # the test says to go on
                time.sleep(0.01)
            go.unlink()
            return ""
        return str(fault["how"])

    def guard(self, owner: Any, name: str, error: Callable[..., Exception] = _machine) -> None:
        """Have a door's method, or a module's function, be one that may fail."""
        original: Callable[..., Any] = getattr(owner, name)
        door = f"{owner.__name__.rpartition('.')[2]}.{name}"

        @functools.wraps(original)
        def guarded(*arguments: Any, **options: Any) -> Any:
            how = self.meets(door)
            if how == "refused":
                raise error(*arguments)
            done = original(*arguments, **options)
            if how == "lost":
                raise error(*arguments)
            return done

        @functools.wraps(original)
        async def awaited(*arguments: Any, **options: Any) -> Any:
            how = self.meets(door)
            if how == "refused":
                raise error(*arguments)
            done = await original(*arguments, **options)
            if how == "lost":
                raise error(*arguments)
            return done

        setattr(owner, name, awaited if inspect.iscoroutinefunction(original) else guarded)

    def guard_store(self) -> None:
        """Likewise for the store, whose transactions are blocks."""
        original = Database.transaction

        @contextmanager
        def guarded(database: Database) -> Iterator[Any]:
            how = self.meets("Database.transaction")
            if how == "refused":
                raise MachineError("write the store", CAUSE)
            with original(database) as change:
                yield change
            if how == "lost":
                raise MachineError("write the store", CAUSE)

        setattr(Database, "transaction", guarded)  # noqa: B010 - a method is put in the place of another


def run(arguments: list[str]) -> int:
    """Become that Bascule."""
    faults = Faults(Path(arguments[0]))
    faults.guard_store()
    faults.guard(NftProgram, "load")
    faults.guard(KernelLinks, "do")
    faults.guard(KernelSysctls, "write")
    faults.guard(OwnChildren, "start")
    faults.guard(Path, "replace", _system)
    faults.guard(engine, "listening_socket", _system)
    faults.guard(fleet, "share_out", _system)
    return main(arguments[1:])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
