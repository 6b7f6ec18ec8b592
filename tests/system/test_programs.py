import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bascule.system.programs import TooMuchSaidError, flaw, run
from bed.wait import until

_RUNS_ONE = """
import asyncio, sys
sys.path[:0] = {path!r}
from bascule.system.programs import run
asyncio.run(run(["/bin/sh", "-c", "echo $$ > {pid}; exec sleep 300"], {{}}, most=1))
"""


_CHANGED = "may be changed by others than root and the user that runs it"


@pytest.mark.parametrize(
    ("mode", "words"),
    [(0o755, ""), (0o100, ""), (0o644, "is not executable"), (0o757, _CHANGED), (0o775, _CHANGED)],
)
def test_what_speaks_against_a_program(tmp_path: Path, mode: int, words: str) -> None:
    """Its mode, whoever asks."""
    program = tmp_path / "program"
    program.touch()
    program.chmod(mode)
    assert flaw(program) == words


def test_a_folder_that_others_may_change_is_no_place_for_a_program(tmp_path: Path) -> None:
    """They could put another one there; in a sticky one they could not."""
    folder = tmp_path / "folder"
    folder.mkdir()
    program = folder / "program"
    program.touch(mode=0o755)
    folder.chmod(0o775)
    assert flaw(program) == f"{_CHANGED}, by way of {folder}"
    folder.chmod(0o1777)
    assert flaw(program) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user, which takes root")
def test_a_program_of_somebody_else_is_not_run(tmp_path: Path) -> None:
    """Whoever deployed the text may be he."""
    program = tmp_path / "program"
    program.touch(mode=0o755)
    os.chown(program, 64001, 64001)
    assert flaw(program) == _CHANGED


def test_what_is_no_program(tmp_path: Path) -> None:
    """What is missing, and a folder."""
    assert flaw(tmp_path / "nothing") == "is not there"
    assert flaw(tmp_path) == "is no file"


def held() -> tuple[int, Sequence[str]]:
    """Return how many descriptors this process has open, and the processes that it has not buried."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return len([*Path("/proc/self/fd").iterdir()]), children


async def test_nothing_is_left_of_a_program() -> None:
    """No descriptor, no zombie: of one that ended, one that said too much, and one that nobody waits for any more."""
    before = held()
    assert await run(["/bin/sh", "-c", "echo a; exit 7"], {}, most=10) == (7, b"a\n")
    with pytest.raises(TooMuchSaidError):
        await run(["/bin/sh", "-c", "echo 12345; sleep 300"], {}, most=5)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await run(["/bin/sleep", "300"], {}, most=5)
    async with asyncio.timeout(5):
        while held() != before:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)


async def test_a_program_dies_with_the_process_that_runs_it(tmp_path: Path) -> None:
    """Though that was killed without a warning."""
    pid = tmp_path / "pid"
    text = _RUNS_ONE.format(path=sys.path, pid=pid)
    runner = await asyncio.create_subprocess_exec(sys.executable, "-c", text)
    await asyncio.to_thread(until, lambda: pid.exists() and pid.read_text().strip(), what="it runs")
    runner.kill()
    await runner.wait()
    stat = Path(f"/proc/{int(pid.read_text())}/stat")
    await asyncio.to_thread(until, lambda: not stat.exists() or ") Z " in stat.read_text(), what="it is dead")
