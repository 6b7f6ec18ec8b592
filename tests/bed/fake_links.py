"""Interfaces in memory, with the kernel's ways as far as the engine depends on them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from bascule.config.model import Address, InterfaceAddress
from bascule.system.errors import MachineError
from bascule.system.links import Act, AddAddress, AddWay, Link, Links, RemoveAddress, RemoveWay, SetLink, Way


class FakeLinks:
    """A machine's interfaces, all up. Acts whose words are in `stuck` fail; `done` says what was done, in order."""

    def __init__(self, addresses: Mapping[str, Iterable[InterfaceAddress]], ways: Iterable[Way] = ()) -> None:
        self.links = {name: Link(name=name, up=True, mtu=1500, addresses=tuple(held)) for name, held in addresses.items()}
        self.ways = list(ways)
        self.stuck: set[str] = set()
        self.done: list[Act] = []

    def look(self) -> Links:
        """Return what is there."""
        return Links(links=dict(self.links), ways=tuple(self.ways))

    def do(self, act: Act) -> None:
        """Change one thing, as the kernel would."""
        if str(act) in self.stuck:
            raise MachineError(str(act), "Operation not permitted")
        link = self.links.get(act.interface)
        if link is None:
            raise MachineError(str(act), f"there is no interface {act.interface}")
        match act:
            case SetLink(_, mtu, alias):
                link = replace(link, up=True, mtu=mtu or link.mtu, alias=link.alias if alias is None else alias)
            case AddAddress(_, address):
                if address in link.addresses:
                    raise MachineError(str(act), "File exists")
                link = replace(link, addresses=(*link.addresses, address))
            case RemoveAddress(_, address):
                link = replace(link, addresses=tuple(_left(link.addresses, address, act)))
                self.ways = [way for way in self.ways if way.gateway not in address.network]
            case AddWay(name, destination, gateway):
                if not any(gateway in address.network for address in link.addresses):
                    raise MachineError(str(act), "Network is unreachable")
                self.ways.append(Way(interface=name, destination=destination, gateway=gateway, metric=1, ours=True))
            case RemoveWay(name, destination, gateway):
                self.ways.remove(Way(interface=name, destination=destination, gateway=gateway, metric=1, ours=True))
        self.links[act.interface] = link
        self.done.append(act)


def _left(held: Collection[InterfaceAddress], gone: InterfaceAddress, act: Act) -> Iterable[InterfaceAddress]:
    """Return what is left: with the first IPv4 address of a network the others go, too."""
    if gone not in held:
        raise MachineError(str(act), "Cannot assign requested address")
    same = [address for address in held if address.network == gone.network]
    lost = same if gone.version == 4 and same[0] == gone else [gone]
    return [address for address in held if address not in lost]


class FakeNeighbours:
    """A segment whose machines have some addresses."""

    def __init__(self, holders: Mapping[Address, str] | None = None) -> None:
        self._holders = dict(holders or {})
        self.told: list[Address] = []

    def holders(self, interface: str, addresses: Collection[Address]) -> Mapping[Address, str]:
        """Answer for those that there are."""
        del interface
        return {address: mac for address, mac in self._holders.items() if address in addresses}

    def announce(self, interface: str, address: Address) -> None:
        """Take note."""
        del interface
        self.told.append(address)
