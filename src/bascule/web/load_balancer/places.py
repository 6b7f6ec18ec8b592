"""Where one may listen: the addresses that the text gives this machine, and those that it has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bascule.config.kinds.addresses import parsed_address
from bascule.service.network import Interfaces
from bascule.web.load_balancer.copied import Copied


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An address to listen on."""

    address: str
    interface: str
    virtual: bool
    planned: bool = False
    """The working copy has it, and the machine does not yet."""

    @property
    def label(self) -> str:
        """Return what the list says."""
        words = (self.interface, "virtual" if self.virtual else "", "in your working copy" if self.planned else "")
        return f"{self.address} ({', '.join(filter(None, words))})"


def places(has: Copied, interfaces: Interfaces) -> Sequence[Place]:
    """Return addresses, those first that move with a cluster: clients should connect to one of these."""
    found: dict[str, Place] = {}
    for place in (*_written(has, interfaces), *_held(interfaces)):
        found.setdefault(place.address, place)
    return sorted(found.values(), key=lambda place: not place.virtual)


def _written(has: Copied, interfaces: Interfaces) -> Iterator[Place]:
    held = {place.address for place in _held(interfaces)}
    for each in has.addresses:
        planned = each.address not in held
        yield Place(address=each.address, interface=each.interface, virtual=each.virtual, planned=planned)


def _held(interfaces: Interfaces) -> Iterator[Place]:
    for interface in interfaces.interfaces:
        for row in interface.addresses:
            address = parsed_address(row.address.partition("/")[0])
            if address is not None and not (address.is_loopback or address.is_link_local or row.state == "missing"):
                yield Place(address=str(address), interface=interface.name, virtual=row.virtual)
