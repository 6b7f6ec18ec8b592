"""The role `proxy`: its arguments, its socket, its limits."""

import errno
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bascule.roles.proxy import control_socket, main
from bed.proxy import ROLE, runtime_directory, worker_process


@pytest.fixture
def directory() -> Iterator[Path]:
    """Return a runtime directory."""
    with runtime_directory() as path:
        yield path


def test_what_a_dead_worker_left_is_replaced(directory: Path) -> None:
    """A socket that nobody answers does not keep the next worker from starting."""
    path = directory / "proxy-1.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with control_socket(path), socket.socket(socket.AF_UNIX) as parent:
        parent.connect(str(path))


def test_a_living_worker_is_never_replaced(directory: Path) -> None:
    """The second one gives way, and takes nothing away."""
    path = directory / "proxy-1.sock"
    with control_socket(path):
        with pytest.raises(OSError, match="in use") as refused:
            control_socket(path)
        assert refused.value.errno == errno.EADDRINUSE
        assert path.is_socket()


def test_a_path_that_is_no_place_for_a_socket(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says what and why."""
    assert main(["--socket", str(directory / "missing" / "proxy-1.sock")]) == 3
    assert capsys.readouterr().err.endswith("proxy-1.sock: No such file or directory\n")


def test_usage() -> None:
    """Without a socket it is of no use."""
    ended = subprocess.run([*ROLE], check=False, capture_output=True, text=True)
    assert ended.returncode == 2
    assert "--socket" in ended.stderr


def test_it_takes_all_descriptors_that_it_may(directory: Path) -> None:
    """The soft limit, 1024 where nobody changed it, is raised to the hard one."""
    with worker_process(directory, descriptors=2000) as rig:
        assert resource.prlimit(rig.pid, resource.RLIMIT_NOFILE) == (2000, 2000)


def test_it_needs_no_event_loop_of_its_parents() -> None:
    """A worker starts in a moment: it imports neither asyncio nor what only the parent needs."""
    program = "import sys, bascule.engines.proxy.worker; sys.stdout.write(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert not {"bascule.engines.proxy.fleet", "pyroute2", "rich"} & set(loaded)
