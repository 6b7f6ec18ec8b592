"""Runs the commands of a tutorial as its reader would, and holds what they say against what the page shows.

A block ```` ```console ```` holds commands behind `$ ` and lines of what each says, in their order; `…` in such a line
stands for anything, and a line that is `…` alone for any lines. Blocks of other kinds are for other machines.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

_BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANYTHING: Final = "…"

Run: TypeAlias = Callable[[Sequence[str]], str]
"""Runs words as a command and returns what it says."""


@dataclass(frozen=True)
class Step:
    """A command of a page, and the lines that the page shows of its answer."""

    command: str
    shown: tuple[str, ...]


def steps(page: Path) -> Iterator[Step]:
    """Yield the commands of a page in their order."""
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.replace("\\\n", " ").partition("\n")
            yield Step(command, tuple(shown.splitlines()))


def follow(page: Path, run: Run) -> None:
    """Run every command of a page, in its order; fails where another answer comes than the page shows."""
    found = list(steps(page))
    assert found, f"{page} has no commands"
    for step in found:
        said = run(shlex.split(step.command))
        assert _fits(step.shown, said), f"$ {step.command}\n\nshows\n" + "\n".join(step.shown) + f"\n\nand says\n{said}"


def _fits(shown: Sequence[str], said: str) -> bool:
    """Tell whether an answer is what a page shows, but for how wide its columns are."""
    if not shown:
        return True
    lines = [line for line in shown if line.strip()]
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == _ANYTHING else f"{_line(line)}\n" for line in lines)
    answer = "".join(f"{' '.join(line.split())}\n" for line in said.splitlines() if line.strip())
    return re.fullmatch(pattern, answer) is not None


def _line(line: str) -> str:
    """Return the pattern of a line, in which one blank stands for all that are between two words."""
    return ".*".join(re.escape(part) for part in " ".join(line.split()).split(_ANYTHING))
