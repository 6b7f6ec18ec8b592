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
    unsaid: bool = False
    """There is a working copy, and it says nothing of it."""

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
        return self.row is not None and self.row.ours and self.unsaid


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


def network_of(rows: Sequence[InterfaceRow], written: Sequence[WrittenInterface] | None) -> tuple[ShownInterface, ...]:
    """Return every interface with every address; None in the place of a working copy shows them as they are."""
    if written is None:
        return tuple(_as_it_is(row) for row in rows)
    named = {one.name: one for one in written}
    there = [_shown(row.name, row, named.get(row.name)) for row in rows]
    known = {row.name for row in rows}
    return (*there, *(_shown(one.name, None, one) for one in written if one.name not in known))


def _as_it_is(row: InterfaceRow) -> ShownInterface:
    addresses = tuple(ShownAddress(address=each.address, row=each) for each in row.addresses)
    return ShownInterface(name=row.name, row=row, addresses=addresses)


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
        said = written.get(_plain(row.address), "")
        yield ShownAddress(address=row.address, row=row, written=said, unsaid=not said)
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
