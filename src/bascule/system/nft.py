"""The door to nftables: the `nft` program, one transaction a call.

A program of its own, and not the library in our process: nft 1.0.6 crashes on a few listings, and a crash there must not
be ours (docs/adr/0002).
"""

import contextlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bascule.system.commands import Commands, Finished
from bascule.system.errors import MachineError

PROGRAM: Final = "nft"


@dataclass(frozen=True, slots=True)
class Listing:
    """What nft says of a table."""

    rules: str
    """The listing as text, without the elements of sets and maps."""
    objects: tuple[dict[str, Any], ...]
    """The same as JSON objects, with elements (libnftables-json(5))."""


class Nft(Protocol):
    """Reads and changes the rules of this network namespace."""

    async def load(self, script: str) -> None:
        """Make every change of a script, or none. Raises MachineError with nft's own words."""
        ...

    async def rehearse(self, script: str) -> str:
        """Return what nft objects to in a script; empty where it would load. Nothing is changed."""
        ...

    async def table(self, family: str, name: str) -> Listing | None:
        """Return a whole table, or None where it is not there."""
        ...

    async def named(self, kind: str, family: str, table: str, name: str) -> dict[str, Any]:
        """Return one `set` or `map` as a JSON object with its elements."""
        ...

    async def counters(self, family: str, table: str) -> Mapping[str, int]:
        """Return the packets of each named counter of a table. Raises MachineError where the table is not there."""
        ...

    async def foreign_nat(self, but: str) -> bool:
        """Return whether a nat chain stands in any table but the named one."""
        ...

    async def others(self, but: Collection[str]) -> Sequence[Mapping[str, Any]]:
        """Return chains and rules, as JSON objects, of every table with a base chain but those named.

        A table that nft cannot list, of a newer kernel's or another program's make, is left out. Raises MachineError.
        """
        ...


class NftProgram:
    """Runs the machine's `nft`; `ours` is told of each transaction while it is made."""

    def __init__(
        self, commands: Commands, ours: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
    ) -> None:
        self._commands = commands
        self._ours = ours

    async def load(self, script: str) -> None:
        """Load a script through standard input."""
        with self._ours():
            finished = await self._commands.run([PROGRAM, "-f", "-"], script)
        if finished.code:
            raise MachineError("load the rules", _objection(finished))

    async def rehearse(self, script: str) -> str:
        """Ask nft to check a script (`-c`), which the kernel sees but does not keep."""
        finished = await self._commands.run([PROGRAM, "-c", "-f", "-"], script)
        return _objection(finished) if finished.code else ""

    async def table(self, family: str, name: str) -> Listing | None:
        """List a table twice: as text, which shows rules as they are written, and as JSON, for the elements."""
        text = await self._text(family, name)
        return None if text is None else Listing(text, await self._json("list", "table", family, name))

    async def _text(self, family: str, name: str) -> str | None:
        """Return a table without the elements of its sets, or None where it is not there.

        The whole ruleset is listed, since nft 1.0.6 fetches all elements to list one table, even if it shows none: for
        100,000 that takes a hundred times as long. Where it cannot list a table of somebody else, ours is listed alone.
        """
        everything = await self._commands.run([PROGRAM, "-t", "list", "ruleset", family])
        if not everything.code:
            return _part(everything.out, f"table {family} {name} {{")
        text = await self._commands.run([PROGRAM, "-t", "list", "table", family, name])
        if text.code:
            if "No such file or directory" in text.err:
                return None
            raise MachineError("read the rules", _objection(text))
        return text.out

    async def named(self, kind: str, family: str, table: str, name: str) -> dict[str, Any]:
        """List one set or map."""
        for entry in await self._json("list", kind, family, table, name):
            if kind in entry:
                found: dict[str, Any] = entry[kind]
                return found
        raise MachineError("read the rules", f"{kind} {name} is not there")

    async def counters(self, family: str, table: str) -> Mapping[str, int]:
        """List them with the whole ruleset: to list them alone nft 1.0.6 fetches the elements of all sets."""
        listed = await self._commands.run([PROGRAM, "-j", "-t", "list", "ruleset", family])
        if listed.code:
            entries = await self._json("list", "counters", "table", family, table)
        else:
            entries = tuple(json.loads(listed.out)["nftables"])
            if not any(_is_in(entry, "table", "name", table) for entry in entries):
                raise MachineError("read the rules", f"table {table} is not there")
        counters = [entry["counter"] for entry in entries if _is_in(entry, "counter", "table", table)]
        return {counter["name"]: counter["packets"] for counter in counters}

    async def foreign_nat(self, but: str) -> bool:
        """Look through the base chains of all tables."""
        chains = [entry["chain"] for entry in await self._json("list", "chains") if "chain" in entry]
        return any(chain.get("type") == "nat" and chain["table"] != but for chain in chains)

    async def others(self, but: Collection[str]) -> Sequence[Mapping[str, Any]]:
        """List each such table by itself, without the elements of its sets."""
        chains = [entry["chain"] for entry in await self._json("list", "chains") if "chain" in entry]
        tables = {(chain["family"], chain["table"]) for chain in chains if "hook" in chain and chain["table"] not in but}
        found: list[Mapping[str, Any]] = []
        for family, table in sorted(tables):
            with contextlib.suppress(MachineError):
                found += await self._json("-t", "list", "table", family, table)
        return found

    async def _json(self, *words: str) -> tuple[dict[str, Any], ...]:
        finished = await self._commands.run([PROGRAM, "-j", *words])
        if finished.code:
            raise MachineError("read the rules", _objection(finished))
        entries: list[dict[str, Any]] = json.loads(finished.out)["nftables"]
        return tuple(entries)


def _part(listing: str, head: str) -> str | None:
    """Return one block of a listing, or None where it has none that begins so."""
    lines = listing.splitlines(keepends=True)
    begin = next((number for number, line in enumerate(lines) if line.rstrip() == head), None)
    if begin is None:
        return None
    end = next(number for number in range(begin, len(lines)) if lines[number].rstrip() == "}")
    return "".join(lines[begin : end + 1])


def _is_in(entry: Mapping[str, Any], kind: str, field: str, value: str) -> bool:
    return kind in entry and entry[kind][field] == value


def _objection(finished: Finished) -> str:
    """Return the first thing nft complains of, without the echo of the script."""
    lines = [line for line in finished.err.splitlines() if "Error" in line or "rror:" in line]
    return (lines or finished.err.splitlines() or [f"exit code {finished.code}"])[0]
