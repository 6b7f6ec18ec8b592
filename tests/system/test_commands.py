"""Programs are run to their end, within bounds, in a known environment."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bascule.system.commands import Finished, SystemCommands
from bascule.system.errors import MachineError
from bed.wait import until


async def python(code: str, text: str = "", *, longest: float = 20.0) -> Finished:
    """Run a few words of Python."""
    return await SystemCommands(longest).run([sys.executable, "-c", code], text)


async def test_what_a_program_leaves() -> None:
    """Its exit code, and what it said to either side."""
    code = "import sys; print(sys.stdin.read().upper()); print('oh', file=sys.stderr); sys.exit(3)"
    assert await python(code, "hello") == Finished(3, "HELLO\n", "oh\n")


async def test_messages_are_in_english() -> None:
    """Nothing of our own environment reaches it, so that its words can be understood."""
    finished = await python("import os; print(sorted(set(os.environ) - {'LC_CTYPE'}), os.environ['LC_ALL'])")
    assert finished.out == "['LC_ALL', 'PATH'] C\n"


async def test_no_shell_stands_between() -> None:
    """An argument is one argument, whatever stands in it."""
    words = "a b; echo $HOME `id` 'c\" *"
    finished = await SystemCommands().run([sys.executable, "-c", "import sys; print(sys.argv[1])", words])
    assert finished.out == f"{words}\n"


async def test_a_program_that_a_signal_ends() -> None:
    """Its code is negative, as the signal is."""
    assert (await python("import os; os.kill(os.getpid(), 11)")).code == -11


async def test_a_program_that_is_not_there() -> None:
    """The error names it."""
    with pytest.raises(MachineError, match="run no-such-program: No such file or directory"):
        await SystemCommands().run(["no-such-program"])


async def test_a_program_that_does_not_read() -> None:
    """More input than it takes is no error of ours."""
    assert (await python("pass", "x" * 1_000_000)).code == 0


async def test_what_is_no_text_is_shown_as_well_as_it_can_be() -> None:
    """A byte that is no UTF-8 does not end us."""
    assert (await python("import sys; sys.stdout.buffer.write(b'a\\xffb')")).out == "a\N{REPLACEMENT CHARACTER}b"


async def test_a_program_that_hangs_is_killed(tmp_path: Path) -> None:
    """After its time, with an error that says so; it does not live on."""
    note = tmp_path / "pid"
    with pytest.raises(MachineError, match=r"no end after 0\.5 s"):
        await python(f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)", longest=0.5)
    _gone(note)


async def test_nobody_waits_for_a_program_that_nobody_wants(tmp_path: Path) -> None:
    """Who is cancelled while a program runs leaves none behind."""
    note = tmp_path / "pid"
    code = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    waiting = asyncio.create_task(python(code))
    await asyncio.to_thread(until, lambda: _noted(note), what="the program runs")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    _gone(note)


def _noted(note: Path) -> bool:
    return note.exists() and bool(note.read_text(encoding="ascii"))


def _gone(note: Path) -> None:
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text(encoding="ascii")), 0)
