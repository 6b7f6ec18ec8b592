"""Simulated Exchange servers on the nodes of a site, with faults on demand."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bascule.lab.__main__ import READY
from bed.node import Node

PORTS: Final = ("--https", "443", "--smtp", "25", "--imap", "143", "--pop3", "110")


@dataclass(frozen=True)
class Simulated:
    """One server."""

    process: "subprocess.Popen[str]"

    def order(self, line: str) -> None:
        """Have it do something, and wait until it has; see `bascule.lab.orders`."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        assert self._said() == "done", line

    def wait(self) -> None:
        """Wait until it listens everywhere."""
        assert self._said() == READY

    def _said(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


def start(node: Node, name: str, certificate: Path) -> Simulated:
    """Start a server with this certificate, and wait until it serves."""
    command = [sys.executable, "-m", "bascule.lab", "--name", name, "--address", node.ip, "--orders", *PORTS]
    server = Simulated(node.popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    server.wait()
    server.order(f"certificate {certificate}")
    return server
