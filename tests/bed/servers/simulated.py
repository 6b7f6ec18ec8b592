"""Simulated Exchange servers on the nodes of a site, with faults on demand."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bascule.lab.process import DONE, READY
from bed.node import Node

_OPTIONS: Final = ("--version", "2016", "--orders", "--https", "443", "--smtp", "25", "--imap", "143", "--pop3", "110")


@dataclass(frozen=True)
class Simulated:
    """One server."""

    process: "subprocess.Popen[str]"

    def order(self, line: str) -> None:
        """Have it do something, and wait until it has; see `bascule.lab.orders.ORDERS`."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        assert self._said() == DONE, line

    def wait(self) -> None:
        """Wait until it listens everywhere."""
        assert self._said() == READY

    def end(self) -> None:
        """End it, and wait until it is gone."""
        self.process.terminate()
        self.process.wait(timeout=10)

    def _said(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


def start(node: Node, name: str, certificate: Path) -> Simulated:
    """Start a server of Exchange 2016 with this certificate, and wait until it serves."""
    command = [sys.executable, "-m", "bascule.lab", "--name", name, "--address", node.ip, *_OPTIONS]
    server = Simulated(node.popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    server.wait()
    server.order(f"certificate {certificate}")
    return server
