"""The door to who is connected to this machine just now: TCP sessions of local programs, from /proc/net/tcp (proc(5))."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from sys import byteorder
from typing import Final, TypeAlias

from bascule.system.errors import MachineError

Address: TypeAlias = IPv4Address | IPv6Address

_ESTABLISHED: Final = "01"
_FILES: Final = ("tcp", "tcp6")
_MOST: Final = 100_000
"""Lines that are read of each."""
_WORD: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody whose session with a local program is established."""

    source: Address
    to: Address
    port: int


def visitors(ports: Collection[int], proc: Path = Path("/proc/net")) -> frozenset[Visitor]:
    """Return who is connected to these local ports, from other machines. Blocking. Raises MachineError."""
    try:
        return frozenset(visitor for name in _FILES for visitor in _read(proc / name, ports))
    except OSError as error:
        raise MachineError("see who is connected to this machine", error.strerror or str(error)) from error


def _read(file: Path, ports: Collection[int]) -> Iterator[Visitor]:
    if not file.exists():
        return  # a kernel without IPv6
    with file.open(encoding="ascii") as lines:
        next(lines, None)
        for line, _ in zip(lines, range(_MOST), strict=False):
            _, local, far, state, *_ = line.split()
            to, port = _end(local)
            source, _ = _end(far)
            if state == _ESTABLISHED and port in ports and not source.is_loopback:
                yield Visitor(source=source, to=to, port=port)


def _end(text: str) -> tuple[Address, int]:
    """Return address and port of `0100007F:0016`: words of the machine's own byte order; IPv4 in IPv6 clothes is IPv4."""
    told, _, port = text.partition(":")
    packed = bytes.fromhex(told)
    if byteorder == "little":
        packed = b"".join(packed[at : at + _WORD][::-1] for at in range(0, len(packed), _WORD))
    address = ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address, int(port, 16)
