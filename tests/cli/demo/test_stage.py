"""What the demo runs has no right to change the machine, and a process that does not start is told."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bascule.cli.demo.scenery import SERVERS, free_ports
from bascule.cli.demo.stage import Stage, StageError, without_rights


def test_no_right_is_left_to_what_is_run() -> None:
    """Also as root, a process of the demo has no capability, and can gain none."""
    script = "print(open('/proc/self/status').read())"
    run = subprocess.run([*without_rights(), sys.executable, "-c", script], capture_output=True, text=True, check=True)
    status = dict(line.split(":\t", 1) for line in run.stdout.splitlines() if ":\t" in line)
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0


async def test_a_server_that_cannot_listen_is_told(tmp_path: Path) -> None:
    """Where the port was taken meanwhile, the stage says which server did not start."""
    name, address = next(iter(SERVERS.items()))
    with socket.create_server((str(address), 0)) as taken:
        made = Stage(tmp_path, {**free_ports(), "address_book": taken.getsockname()[1]})
        made.make_certificate()
        with pytest.raises(StageError, match=f"the simulated server {name} did not start"):
            await made.start_server(name)
