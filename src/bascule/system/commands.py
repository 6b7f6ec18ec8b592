"""Running other programs: list argv, no shell, bounded in time, the exit code always looked at."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bascule.system.errors import MachineError

_LONGEST = 30.0
"""Seconds after which a program is taken for hung and killed."""


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
    """Runs programs of this machine."""

    async def run(self, argv: Sequence[str], text: str = "") -> Finished:
        """Run a program with an environment of its own, so that its messages are in English."""
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
            async with asyncio.timeout(_LONGEST):
                out, err = await process.communicate(text.encode())
        except TimeoutError as error:
            process.kill()
            await process.wait()
            raise MachineError(f"run {argv[0]}", f"no end after {_LONGEST:.0f} s") from error
        assert process.returncode is not None
        return Finished(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
