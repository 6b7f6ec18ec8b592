"""Interfaces as they are and as the working copy has them, as one list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface

from bascule.config.editing.network import WrittenInterface
from bascule.service.network import AddressRow, InterfaceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAddress:
    """An address of an interface, there or not yet."""

    address: str
    row: AddressRow | None = None
    """None where it is not there."""
    written: str = ""
    """What the working copy says of it; empty where it says nothing."""

    @property
    def virtual(self) -> bool:
        """Return whether it moves with the cluster, or shall."""
        return "virtual" in self.written.split() if self.written else bool(self.row and self.row.virtual)

    @property
    def awaited(self) -> bool:
        """Return whether it comes with the next deployment."""
        return bool(self.written) and (self.row is None or self.row.virtual != self.virtual)

    @property
    def leaving(self) -> bool:
        """Return whether the next deployment takes it away."""
        return self.row is not None and self.row.ours and not self.written


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownInterface:
    """An interface, there or not."""

    name: str
    row: InterfaceRow | None = None
    """None where only the working copy names it."""
    line: int | None = None
    addresses: tuple[ShownAddress, ...] = ()
    dhcp: bool = False
    """The working copy says that a DHCP client gives it addresses."""


def network_of(rows: Sequence[InterfaceRow], written: Sequence[WrittenInterface]) -> tuple[ShownInterface, ...]:
    """Return every interface with every address; without a working copy as they are."""
    named = {one.name: one for one in written}
    there = [_shown(row.name, row, named.get(row.name)) for row in rows]
    known = {row.name for row in rows}
    return (*there, *(_shown(one.name, None, one) for one in written if one.name not in known))


def _shown(name: str, row: InterfaceRow | None, written: WrittenInterface | None) -> ShownInterface:
    said = () if written is None else written.addresses
    return ShownInterface(
        name=name,
        row=row,
        line=None if written is None else written.line,
        addresses=tuple(_addresses(() if row is None else row.addresses, _by_address(said))),
        dhcp="dhcp" in said,
    )


def _addresses(rows: Sequence[AddressRow], written: Mapping[str, str]) -> Iterator[ShownAddress]:
    for row in rows:
        yield ShownAddress(address=row.address, row=row, written=written.get(_plain(row.address), ""))
    there = {_plain(row.address) for row in rows}
    for address, words in written.items():
        if address not in there:
            yield ShownAddress(address=words.split()[0], written=words)


def _by_address(said: Sequence[str]) -> Mapping[str, str]:
    return {_plain(words.split()[0]): words for words in said if words and words != "dhcp"}


def _plain(address: str) -> str:
    """Return an address in one spelling; what is none as it is."""
    try:
        return str(ip_interface(address))
    except ValueError:
        return address
