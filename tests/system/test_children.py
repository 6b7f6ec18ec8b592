"""Our own processes, started by ourselves or by somebody who is asked."""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bascule.system.children import OfStarter, OwnChildren
from bascule.system.errors import MachineError
from bed import memory


def python(program: str) -> OwnChildren:
    """Return who starts this program, whatever the role."""
    return OwnChildren([sys.executable, "-Sc", program])


async def test_one_ends_with_its_status() -> None:
    """Which is known after its end, and not before; and several may wait."""
    started = await python("import sys; sys.stdin.read(); sys.exit(3)").start("probe")
    assert started.status is None or started.status == 3
    await asyncio.gather(started.wait(), started.wait())
    assert (started.ended, started.status) == (True, 3)
    started.close()
    assert started.status == 3


async def test_one_is_killed() -> None:
    """And what has ended already is let be."""
    children = python("import time; time.sleep(60)")
    started = await children.start("probe")
    assert not started.ended
    await children.kill(started)
    await started.wait()
    assert started.status == -signal.SIGKILL
    await children.kill(started)
    started.close()
    await children.kill(started)


async def test_it_has_the_socket_and_nothing_else_of_ours(tmp_path: Path) -> None:
    """Named by `--fd`; what it says is in its log."""
    ours, theirs = socket.socketpair()
    others = socket.socketpair()
    program = "import os, sys; os.write(int(sys.argv[3]), ' '.join(os.listdir('/proc/self/fd')).encode()); print('said')"
    with ours, theirs, others[0], others[1]:
        started = await python(program).start("probe", handed=theirs, log=tmp_path / "log")
        await started.wait()
        held = {int(name) for name in ours.recv(1000).split()}
        assert theirs.fileno() in held
        assert not held & {each.fileno() for each in others}
    assert (tmp_path / "log").read_text() == "said\n"
    started.close()


async def test_what_cannot_be_started_says_why() -> None:
    """With the role."""
    with pytest.raises(MachineError, match="start the role probe: No such file"):
        await OwnChildren(["/nonexistent/prober"]).start("probe")


@contextmanager
def pretended(answers: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> Iterator[OfStarter]:
    """Return who asks a starter that answers each question so."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def serve() -> None:
        while data := theirs.recv(65536):
            for answer in answers(json.loads(data)):
                pids = [os.pidfd_open(answer["pid"])] if "pid" in answer else []
                socket.send_fds(theirs, [json.dumps(answer).encode()], pids)
                for pid in pids:
                    os.close(pid)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield OfStarter(ours, 1000)
    finally:
        ours.shutdown(socket.SHUT_RDWR)
        thread.join()
        ours.close()
        theirs.close()


async def test_a_late_answer_is_no_answer_to_the_next_question() -> None:
    """It is told by its number, and its descriptor is closed."""
    late = {"pid": os.getppid(), "number": 0}
    with pretended(lambda asked: [late, {"pid": os.getpid(), "number": asked["number"]}]) as starter:
        before = memory.descriptors_of(os.getpid())
        started = await starter.start("probe", ["--x"])
        assert (started.pid, started.ended, started.status) == (os.getpid(), False, None)
        started.close()
        assert memory.descriptors_of(os.getpid()) == before


async def test_a_refusal_is_told() -> None:
    """As the machine's, with the step."""
    with (
        pretended(lambda asked: [{"error": "KeyError: 'cook'", "number": asked["number"]}]) as starter,
        pytest.raises(MachineError, match="start the role cook: KeyError"),
    ):
        await starter.start("cook")


async def test_a_starter_that_is_gone_is_told() -> None:
    """Nothing hangs."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.close()
    with ours, pytest.raises(MachineError, match="the starter"):
        await OfStarter(ours, 1000).start("probe")
