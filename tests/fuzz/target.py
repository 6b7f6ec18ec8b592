"""What a target of fuzzing is, and the run that throws one input after another at it."""

import asyncio
import random
import resource
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar

Input = TypeVar("Input")

PATIENCE: Final = 30.0
"""Seconds that one input may take."""
ROOM: Final = 256
"""MiB by which this process may grow while it runs one target."""


@dataclass(frozen=True, slots=True)
class Target(Generic[Input]):
    """What draws an input, and what tries it; whatever `tried` raises is a finding."""

    draw: Callable[[random.Random], Input]
    tried: Callable[[Input], Awaitable[None]]


Opened: TypeAlias = Callable[[], AbstractAsyncContextManager[Target[Any]]]
"""Sets a target up, for one run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of fuzzing a target; `seed` is of the last input, the one that failed where there is a finding."""

    inputs: int
    seconds: float
    seed: int
    finding: str = ""
    text: str = ""
    """The input that failed, as Python writes it."""


async def fuzz(opened: Opened, *, seconds: float, seed: int, inputs: int | None = None) -> Run:
    """Throw inputs at a target until one fails, the time is over, or there were so many; the first is drawn from `seed`.

    Each input has a seed of its own, one more than that of the input before.
    """
    started, memory, count = time.monotonic(), _memory(), 0
    async with opened() as target:
        while True:
            number = seed + count
            drawn = target.draw(random.Random(number))
            count += 1
            finding = await _finding(target, drawn)
            if not finding and _memory() - memory > ROOM:
                finding = f"this process grew by {_memory() - memory} MiB"
            taken = time.monotonic() - started
            if finding:
                return Run(inputs=count, seconds=taken, seed=number, finding=finding, text=repr(drawn))
            if taken > seconds or count == inputs:
                return Run(inputs=count, seconds=taken, seed=number)


async def _finding(target: Target[Any], drawn: Any) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await target.tried(drawn)
    except Exception:  # noqa: BLE001 - whatever is raised is the finding
        return traceback.format_exc()
    return ""


def _memory() -> int:
    """Return the most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
