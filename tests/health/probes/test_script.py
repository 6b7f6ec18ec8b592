import asyncio
import os
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from bascule.config.model import ScriptCheck
from bascule.health.outcome import Outcome
from bascule.plan.model import Endpoint
from bed.memory import children
from bed.probing import ask_once
from bed.wait import until

HOST = Endpoint(ip_address("192.0.2.1"), 443)


@pytest.fixture(autouse=True)
async def nobody_is_left_unburied() -> AsyncIterator[None]:
    """Wait until the loop has buried what it ran: a script that was killed is buried a moment later."""
    before = set(children(os.getpid()))
    yield
    async with asyncio.timeout(10):
        while set(children(os.getpid())) - before:  # noqa: ASYNC110 - the kernel tells of it, to the loop alone
            await asyncio.sleep(0.01)


@pytest.fixture
def says(tmp_path: Path) -> "Says":
    """Return what asks a script that a test writes."""
    return Says(tmp_path)


class Says:
    """Probes a host by a shell script."""

    def __init__(self, at: Path) -> None:
        self.at = at
        self.path = at / "check mail"

    async def __call__(self, script: str, *, within: float = 5.0, host: Endpoint = HOST) -> Outcome:
        """Write the script, have it run once, and return what came of it."""
        self.path.write_text(f"#!/bin/sh\n{script}\n")
        self.path.chmod(0o755)
        return await ask_once(host, ScriptCheck(program=str(self.path)), within=within)


@pytest.mark.parametrize(
    ("script", "up", "reason"),
    [
        ("exit 0", True, "exit code 0"),
        ("echo all is well; echo and more", True, "exit code 0: all is well"),
        ("exit 1", False, "exit code 1"),
        ("echo no store >&2; echo more; exit 3", False, "exit code 3: no store"),
        (r"printf '\033[31mred\nsecond'; exit 2", False, "exit code 2: ?[31mred"),
        ("kill -SEGV $$", False, "ended by signal 11 (Segmentation fault)"),
        ("head -c 90000 /dev/zero | tr '\\0' x; exit 0", True, f"exit code 0: {'x' * 79}…"),
    ],
)
async def test_the_exit_code_decides_and_the_first_line_says_why(says: Says, script: str, reason: str, *, up: bool) -> None:
    """As the shell has it: 0 is good. What it wrote is made printable, and is short."""
    outcome = await says(script)
    assert (outcome.up, outcome.reason, outcome.ours) == (up, reason, False)


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
async def test_it_knows_which_host_is_meant_and_little_else(says: Says, address: str) -> None:
    """Address and port are its arguments; its environment, folder and input are the same everywhere."""
    told = says.at / "told"
    script = f'exec > "{told}"; echo "$# $1 $2"; pwd; cat; ls -l /proc/self/fd | grep -c socket; env | sort'
    assert (await says(script, host=Endpoint(ip_address(address), 8443))).up
    first, folder, descriptors, *environment = told.read_text().splitlines()
    assert (first, folder, descriptors) == (f"2 {address} 8443", "/", "0")
    assert [line for line in environment if not line.startswith(("PWD=", "_=", "SHLVL=", "OLDPWD="))] == [
        "LANG=C",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    ]


async def test_one_that_hangs_is_killed_with_all_that_it_started(says: Says) -> None:
    """Nothing of it goes on after the timeout, deaf as it may be."""
    pids = says.at / "pids"
    outcome = await says(f'trap "" TERM HUP INT; echo $$ >> "{pids}"; sleep 300 & echo $! >> "{pids}"; wait', within=0.5)
    assert (outcome.up, outcome.reason, outcome.ours) == (False, "no end of the script within 0.5 s", False)
    gone(pids, 2)


async def test_what_it_leaves_behind_ends_with_it(says: Says) -> None:
    """It is not waited for, though it holds the output open."""
    pids = says.at / "pids"
    outcome = await says(f'echo fine; sleep 300 & echo $! > "{pids}"')
    assert (outcome.up, outcome.reason, outcome.seconds < 4) == (True, "exit code 0: fine", True)
    gone(pids, 1)


async def test_one_that_floods_is_down_at_once(says: Says) -> None:
    """What it says is not kept, nor read for long."""
    outcome = await says("exec yes", within=20)
    assert (outcome.up, outcome.reason) == (False, "the script wrote more than 98304 bytes")
    assert outcome.seconds < 15


async def test_one_that_cannot_be_run_is_down(says: Says) -> None:
    """Missing, not executable, without a first line that says what runs it: each is said."""

    async def asked() -> tuple[bool, str, bool]:
        outcome = await ask_once(HOST, ScriptCheck(program=str(says.path)))
        return outcome.up, outcome.reason.replace(str(says.path), "IT"), outcome.ours

    assert await asked() == (False, "cannot run IT: no such file or directory", False)
    says.path.write_text("exit 0\n")
    says.path.chmod(0o644)
    assert await asked() == (False, "cannot run IT: permission denied", False)
    says.path.chmod(0o755)
    assert await asked() == (False, "cannot run IT: exec format error", False)
    says.path.unlink()
    says.path.mkdir()
    assert await asked() == (False, "cannot run IT: permission denied", False)


def gone(pids: Path, number: int) -> None:
    """Wait until none of so many processes lives."""
    known = [int(line) for line in pids.read_text().split()]
    assert len(known) == number
    until(lambda: not any(map(lives, known)), within=5, what="none of its processes lives")


def lives(pid: int) -> bool:
    """Tell whether a process is more than a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
