"""A host of a test network: a network namespace with interfaces, commands, sockets and faults."""

import contextlib
import ctypes
import ipaddress
import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bed.command import BedError, end, run, start
from bed.wait import until

NETNS_DIR: Final = "/run/netns"
CLONE_NEWNET: Final = 0x40000000
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def enter(descriptor: int) -> None:
    """Move the calling thread into the network namespace that a descriptor is open on. Raises OSError."""
    if _LIBC.setns(descriptor, CLONE_NEWNET):  # os.setns is there only from Python 3.12
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


@dataclass(frozen=True)
class Interface:
    """One NIC of a node, eth0, eth1 and so on, and the switch it is plugged into."""

    switch: str
    addresses: tuple[str, ...]


@dataclass
class Node:
    """One host of the network."""

    name: str
    netns: str
    interfaces: tuple[Interface, ...]
    gateways: tuple[str, ...] = ()
    forwarding: bool = False
    _processes: list[subprocess.Popen[Any]] = field(default_factory=list, repr=False)

    @property
    def ip(self) -> str:
        """The first IPv4 address of eth0."""
        return self.address(4)

    @property
    def ip6(self) -> str:
        """The first IPv6 address of eth0."""
        return self.address(6)

    def address(self, version: int, nic: int = 0) -> str:
        """Return the first address of that IP version on a NIC."""
        for address in self.interfaces[nic].addresses:
            interface = ipaddress.ip_interface(address)
            if interface.version == version:
                return str(interface.ip)
        raise BedError(f"{self.name} has no IPv{version} address on eth{nic}")

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return the command that runs `argv` on this node."""
        return ["ip", "netns", "exec", self.netns, *argv]

    def run(self, *argv: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run to its end; raises BedError on a bad exit unless `check` is false."""
        return run(self.command(argv), check=check, **options)

    def popen(self, argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start and go on; the process is ended, with its children, when the network goes."""
        return self.attach(self.command(argv), **options)

    def attach(self, argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start a process in the caller's namespace that is ended when the network goes."""
        process = start(argv, **options)
        self._processes.append(process)
        return process

    def nft(self, ruleset: str) -> str:
        """Load a ruleset as one transaction, all of it or nothing."""
        return self.run("nft", "-f", "-", input=ruleset).stdout

    def sysctl(self, **values: object) -> None:
        """Set sysctls; two underscores stand for a dot: `sysctl(net__ipv4__ip_forward=1)`."""
        self.run("sysctl", "-qw", *(f"{key.replace('__', '.')}={value}" for key, value in values.items()))

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Put the calling thread into this namespace; sockets made inside stay in it afterwards."""
        with (
            open(f"/proc/self/task/{threading.get_native_id()}/ns/net", "rb") as home,  # noqa: PTH123 - a descriptor
            open(f"{NETNS_DIR}/{self.netns}", "rb") as there,  # noqa: PTH123 - likewise
        ):
            enter(there.fileno())
            try:
                yield
            finally:
                enter(home.fileno())

    def socket(self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """Return a socket of this node."""
        with self.entered():
            return socket.socket(family, kind)

    def listens(self, port: int) -> bool:
        """Tell whether something on this node listens on a TCP port."""
        return bool(self.run("ss", "-Hltn", f"sport = :{port}").stdout.strip())

    def wait_listening(self, *ports: int, within: float = 15.0) -> None:
        """Wait until something listens on each of these TCP ports."""
        until(lambda: all(map(self.listens, ports)), within=within, what=f"{self.name} listens on {ports}")

    # Faults; NetLab.cut, plug and delay are others -----------------------------------------------------------------

    def lossy(self, percent: float, nic: int = 0) -> None:
        """Drop a share of the packets that arrive; 0 takes the fault away.

        The kernels we test on have no netem, so the loss is a rule at ingress, before conntrack and local delivery.
        """
        rules = "table netdev netlab_loss\ndelete table netdev netlab_loss\n"
        if percent:
            rules += (
                "table netdev netlab_loss {\n chain c_in {\n"
                f"  type filter hook ingress device eth{nic} priority -500;\n"
                f"  numgen random mod 10000 < {round(percent * 100)} counter drop\n }}\n}}\n"
            )
        self.nft(rules)

    def slow(self, rate: str, nic: int = 0, burst: str = "32kb", latency: str = "200ms") -> None:
        """Shape what leaves a NIC with a token bucket, for example `rate="10mbit"`."""
        shape = ("tbf", "rate", rate, "burst", burst, "latency", latency)
        self.run("tc", "qdisc", "replace", "dev", f"eth{nic}", "root", *shape)

    @contextlib.contextmanager
    def refusing(self, *ports: int) -> Iterator[None]:
        """Refuse new TCP connections to these ports, and reset those that speak."""
        with self._filtered("netlab_refuse", ports, "reject with tcp reset"):
            yield

    @contextlib.contextmanager
    def silent(self, *ports: int) -> Iterator[None]:
        """Answer nothing at these TCP ports."""
        with self._filtered("netlab_silence", ports, "drop"):
            yield

    @contextlib.contextmanager
    def _filtered(self, table: str, ports: Sequence[int], verdict: str) -> Iterator[None]:
        table = f"{table}_{'_'.join(map(str, ports))}"
        rule = f"tcp dport {{ {', '.join(map(str, ports))} }} {verdict}"
        self.nft(
            f"table inet {table} {{\n chain c_in {{ type filter hook input priority 0; policy accept;\n  {rule}\n }}\n}}"
        )
        try:
            yield
        finally:
            self.nft(f"delete table inet {table}")

    def close(self) -> None:
        """End every process that `popen` started."""
        while self._processes:
            end(self._processes.pop())
