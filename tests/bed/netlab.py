"""Throw-away networks of namespaces, dual stack, with faults; nothing is added to the caller's own namespace.

    with NetLab(Layout(arms=1, servers=3)) as lab:
        lab.hold("lb1", VIP)
        with lab["client1"].entered():  # this thread only
            sock = socket.create_connection((VIP, 443), timeout=5)

Needs iproute2, and root of the machine or of a user namespace with an empty /run.
"""

import contextlib
import ipaddress
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from bed.command import BedError, run
from bed.layout import Layout
from bed.node import NETNS_DIR, Node
from bed.wait import until

_EVERY_NODE: Final = {
    "net.ipv6.conf.all.accept_dad": 0,  # addresses are usable at once
    "net.ipv6.conf.default.accept_dad": 0,
    "net.ipv6.conf.all.keep_addr_on_down": 1,
    "net.ipv6.conf.default.keep_addr_on_down": 1,
    "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.default.rp_filter": 0,
}
_ROUTERS: Final = {
    "net.ipv4.ip_forward": 1,
    "net.ipv6.conf.all.forwarding": 1,
    "net.ipv4.conf.all.send_redirects": 0,
    "net.ipv4.conf.default.send_redirects": 0,
}
_SWITCHES: Final = {f"net.bridge.bridge-nf-call-{tables}": 0 for tables in ("iptables", "ip6tables", "arptables")}


class NetLab:
    """A network of clients, balancers and servers. Use it as a context manager."""

    def __init__(self, layout: Layout | None = None, prefix: str = "") -> None:
        self.prefix = prefix or f"bed{os.getpid()}x{secrets.token_hex(3)}"
        """Every namespace's name starts with it, so that several networks can be up at once."""
        self.layout = layout or Layout()
        self._switch = f"{self.prefix}-switch"
        self._nodes = {node.name: node for node in self.layout.nodes(self.prefix)}

    def __getitem__(self, name: str) -> Node:
        return self._nodes[name]

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def named(self, start: str) -> list[Node]:
        """Return the nodes whose names start so: `named("srv")` are the servers."""
        return [node for node in self if node.name.startswith(start)]

    def __enter__(self) -> Self:
        try:
            self._up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    # Building --------------------------------------------------------------------------------------------------------

    def _up(self) -> None:
        run(["ip", "netns", "add", self._switch])
        _write_sysctls(self._switch, _SWITCHES)  # bridged packets must not pass the switch's IP hooks as well
        switches = sorted({nic.switch for node in self for nic in node.interfaces})
        _batch(
            self._switch,
            [f"link add {switch} type bridge forward_delay 0 mcast_snooping 0" for switch in switches]
            + [f"link set {switch} up" for switch in switches],
        )
        for node in self:
            self._add(node)

    def _add(self, node: Node) -> None:
        run(["ip", "netns", "add", node.netns])
        _write_sysctls(node.netns, _EVERY_NODE | (_ROUTERS if node.forwarding else {}))
        lines, ports = ["link set lo up"], []
        for nic, interface in enumerate(node.interfaces):
            port = f"{node.name}.{nic}"
            lines.append(f"link add eth{nic} type veth peer name {port} netns {self._switch}")
            lines += _configure(node, nic)
            ports.append(f"link set {port} master {interface.switch} up")
        _batch(node.netns, lines + _routes(node))
        _batch(self._switch, ports)

    def down(self) -> None:
        """End the processes the network started, and remove its namespaces."""
        for node in self:
            node.close()
        remove(self.prefix)

    # Changing --------------------------------------------------------------------------------------------------------

    def hold(self, node: str, *addresses: str, nic: int = 0) -> None:
        """Give a node more addresses, for example the VIP; /32 or /128 unless said."""
        _batch(self[node].netns, [_address_line(address, nic) for address in addresses])

    def release(self, node: str, *addresses: str, nic: int = 0) -> None:
        """Take addresses away that `hold` gave."""
        _batch(self[node].netns, [f"addr del {ipaddress.ip_interface(a)} dev eth{nic}" for a in addresses])

    def many_addresses(self, node: str, count: int, first: str) -> list[str]:
        """Give a node `count` more addresses in a row and return them: many clients in one namespace."""
        base = ipaddress.ip_address(first)
        addresses = [str(base + n) for n in range(count)]
        self.hold(node, *addresses)
        return addresses

    def cut(self, node: str, nic: int = 0) -> None:
        """Pull a cable: the node loses carrier and keeps its addresses and routes."""
        _batch(self._switch, [f"link set {node}.{nic} down"])

    def plug(self, node: str, nic: int = 0) -> None:
        """Put a cable back in."""
        _batch(self._switch, [f"link set {node}.{nic} up"])

    def delay(self, node: str, milliseconds: float, loss_percent: float = 0.0, nic: int = 0) -> None:
        """Give a node a slow cable: each packet waits, each way, and some are lost.

        The NIC is made anew as a TAP device, so routes added by hand and rules bound to the device are gone. Good for
        some thousand packets a second.
        """
        host = self[node]
        port = f"{node}.{nic}"
        _batch(host.netns, [f"link del eth{nic}"])
        ends = (host.netns, f"eth{nic}", self._switch, port)
        argv = [sys.executable, "-m", "bed.wire", *ends, str(milliseconds), str(loss_percent)]
        process = host.attach(argv, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True)
        if process.stdout is None or process.stdout.readline().strip() != "up":
            raise BedError(f"{node}: the wire did not come up")
        _batch(self._switch, [f"link set {port} master {host.interfaces[nic].switch} up"])
        _batch(host.netns, _configure(host, nic) + _routes(host))


def _configure(node: Node, nic: int) -> list[str]:
    return [f"link set eth{nic} up"] + [_address_line(address, nic) for address in node.interfaces[nic].addresses]


def _address_line(address: str, nic: int) -> str:
    nodad = " nodad" if ":" in address else ""
    return f"addr replace {ipaddress.ip_interface(address)} dev eth{nic}{nodad}"


def _routes(node: Node) -> list[str]:
    return [f"route replace default via {gateway}" for gateway in node.gateways]


def _batch(netns: str, lines: Sequence[str]) -> None:
    run(["ip", "-n", netns, "-batch", "-"], input="\n".join(lines) + "\n")


def _write_sysctls(netns: str, settings: Mapping[str, int]) -> None:
    """Set what this kernel has; a setting it lacks is skipped."""
    run(["ip", "netns", "exec", netns, "sysctl", "-qew", *(f"{key}={value}" for key, value in settings.items())])


def remove(prefix: str) -> None:
    """Delete every namespace of a network, after ending what still runs in them."""
    if not prefix:
        raise ValueError("an empty prefix would match every namespace")
    names = [name for name in leftovers(prefix) if name.startswith(f"{prefix}-")]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in _inhabitants(names):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        with contextlib.suppress(TimeoutError):
            until(lambda: not _inhabitants(names), within=2.0, what="the namespaces are empty")
            break
    for name in sorted(names, key=lambda name: name.endswith("-switch")):
        run(["ip", "netns", "del", name])


def leftovers(prefix: str) -> list[str]:
    """Return the names of the namespaces that start so."""
    if not Path(NETNS_DIR).is_dir():
        return []
    return sorted(path.name for path in Path(NETNS_DIR).iterdir() if path.name.startswith(prefix))


def _inhabitants(names: Sequence[str]) -> set[int]:
    pids = {int(pid) for name in names for pid in run(["ip", "netns", "pids", name], check=False).stdout.split()}
    return pids - {os.getpid()}
