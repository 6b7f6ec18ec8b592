"""dnsmasq as the name server of a site: what it knows stands in a file, and may change while it runs."""

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bed.node import Node
from bed.wait import until


@dataclass
class NameServer:
    """One dnsmasq on a node."""

    node: Node
    at: Path

    def start(self, names: Mapping[str, Sequence[str]]) -> None:
        """Start it with these names and their addresses, and wait until it answers."""
        self.at.mkdir(exist_ok=True)
        self._write(names)
        options = [
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            f"--addn-hosts={self.at / 'hosts'}",
            "--local=/lab.local/",
            "--local-ttl=1",
            f"--listen-address={self.node.ip}",
            "--bind-interfaces",
            "--user=root",
            f"--pid-file={self.at / 'pid'}",
            f"--log-facility={self.at / 'log'}",
            "--log-queries",
        ]
        with (self.at / "said").open("ab") as said:
            self.node.popen(["dnsmasq", *options], stdout=said, stderr=said)
        until(lambda: (self.at / "pid").exists() and self._pid() > 0, within=10.0, what="dnsmasq runs")

    def change(self, names: Mapping[str, Sequence[str]]) -> None:
        """Have it know these names, and no others."""
        self._write(names)
        os.kill(self._pid(), signal.SIGHUP)

    def stop(self) -> None:
        """End it: nobody answers any more."""
        os.kill(self._pid(), signal.SIGTERM)
        until(lambda: not (self.at / "pid").exists(), within=10.0, what="dnsmasq has ended")

    def _pid(self) -> int:
        return int((self.at / "pid").read_text(encoding="ascii").strip() or "0")

    def _write(self, names: Mapping[str, Sequence[str]]) -> None:
        lines = [f"{address} {name}\n" for name, addresses in names.items() for address in addresses]
        (self.at / "hosts").write_text("".join(lines), encoding="ascii")
