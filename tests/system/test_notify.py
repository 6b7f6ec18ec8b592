"""What the service manager hears."""

import socket
from pathlib import Path

from bascule.system.notify import ServiceManager


def test_it_hears_one_line_at_a_time(tmp_path: Path) -> None:
    """A status stays one line, whatever is in it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(tmp_path / "notify"))
        manager = ServiceManager.of({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"})
        manager.ready()
        manager.alive("all\nREADY=0 " + "x" * 300)
        manager.stopping()
        said = [door.recv(4096).decode() for _ in range(3)]
    assert manager.patience == 30
    assert said[0] == "READY=1"
    assert said[1].startswith("WATCHDOG=1\nSTATUS=all READY=0 xxx")
    assert said[1].count("\n") == 1
    assert said[2] == "STOPPING=1"


def test_an_abstract_name(tmp_path: Path) -> None:
    """Behind an @, as systemd writes them."""
    name = f"@bascule-test-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind("\0" + name[1:])
        ServiceManager(address=name).ready()
        assert door.recv(100) == b"READY=1"


def test_nobody_is_told_nothing(tmp_path: Path) -> None:
    """Without a manager, or with one that is gone, nothing happens."""
    ServiceManager.of({}).ready()
    ServiceManager(address=str(tmp_path / "gone")).ready()
    assert ServiceManager.of({"WATCHDOG_USEC": "soon"}).patience == 0
