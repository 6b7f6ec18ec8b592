"""Running other programs: list argv, no shell, bounded in time, the exit code always looked at."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bascule.system.errors import MachineError


@dataclass(frozen=True, slots=True)
class Finished:
    """What a program left when it ended."""

    code: int
    out: str
    err: str


class Commands(Protocol):
    """Runs programs."""

    async def run(self, argv: Sequence[str], text: str = "") -> Finished:
        """Run a program to its end with `text` as its input. Raises MachineError when it cannot be run, or hangs."""
        ...


class SystemCommands:
    """Runs programs of this machine; one that has not ended after `longest` seconds is taken for hung and killed."""

    def __init__(self, longest: float = 30.0) -> None:
        self._longest = longest

    async def run(self, argv: Sequence[str], text: str = "") -> Finished:
        """Run a program with an environment of its own, so that its messages are in English.

        Whoever stops waiting for it, ends it.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            )
        except OSError as error:
            raise MachineError(f"run {argv[0]}", error.strerror or str(error)) from error
        try:
            async with asyncio.timeout(self._longest):
                out, err = await process.communicate(text.encode())
        except TimeoutError as error:
            raise MachineError(f"run {argv[0]}", f"no end after {self._longest:g} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return Finished(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
