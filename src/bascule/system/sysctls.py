"""The door to the kernel's settings, by their dotted names (sysctl(8)), in the network namespace we run in."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

from bascule.system.errors import MachineError

FORWARDING: Final = {4: "net.ipv4.ip_forward", 6: "net.ipv6.conf.all.forwarding"}
"""Whether the machine forwards packets of an IP version."""

PLANNED: Final = (
    *FORWARDING.values(),
    "net.ipv4.conf.all.arp_announce",
    "net.ipv4.conf.all.arp_ignore",
    "net.netfilter.nf_conntrack_tcp_loose",
    "net.netfilter.nf_conntrack_events",
    "net.netfilter.nf_conntrack_acct",
    "net.netfilter.nf_conntrack_timestamp",
    "net.netfilter.nf_conntrack_tcp_timeout_established",
)
"""The settings of the whole namespace that a plan may name (plan.sysctls)."""

_ROOT: Final = Path("/proc/sys")


class Sysctls(Protocol):
    """Reads and writes settings."""

    def read(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the values of those of the settings that this kernel has."""
        ...

    def planned(self) -> Mapping[str, str]:
        """Return every setting that a plan may name, with its value."""
        ...

    def write(self, name: str, value: str) -> None:
        """Set one. Raises MachineError."""
        ...


class KernelSysctls:
    """Settings under /proc/sys."""

    def read(self, names: Iterable[str]) -> Mapping[str, str]:
        """Read each; one that is missing, or hidden from us, is left out."""
        found = {}
        for name in names:
            try:
                found[name] = _path(name).read_text(encoding="ascii").strip()
            except OSError:
                continue
        return found

    def planned(self) -> Mapping[str, str]:
        """Read those of the machine, and those of each interface it has now."""
        return self.read([*PLANNED, *_of_interfaces()])

    def write(self, name: str, value: str) -> None:
        """Write one."""
        try:
            _path(name).write_text(value, encoding="ascii")
        except OSError as error:
            raise MachineError(f"set {name} to {value}", error.strerror or str(error)) from error


def _path(name: str) -> Path:
    """Return the file of a setting. An interface's name may hold dots, so the parts around it are cut off first."""
    for prefix in ("net.ipv4.conf.", "net.ipv6.conf."):
        if name.startswith(prefix):
            interface, _, leaf = name.removeprefix(prefix).rpartition(".")
            return _ROOT.joinpath(*prefix.strip(".").split("."), interface, leaf)
    return _ROOT.joinpath(*name.split("."))


def _of_interfaces() -> Iterator[str]:
    for version, leaf in ((4, "rp_filter"), (6, "accept_ra")):
        for folder in sorted(_ROOT.glob(f"net/ipv{version}/conf/*")):
            yield f"net.ipv{version}.conf.{folder.name}.{leaf}"
