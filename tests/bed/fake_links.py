"""Interfaces in memory, with the kernel's ways as far as the engine depends on them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from bascule.config.model import Address, InterfaceAddress, Network
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
        self._refuse(act, link)
        match act:
            case SetLink(_, mtu, alias, up):
                link = replace(link, up=up, mtu=mtu or link.mtu, alias=link.alias if alias is None else alias)
            case AddAddress(_, address, _):
                link = replace(link, addresses=(*link.addresses, address))
            case RemoveAddress(_, address):
                link = replace(link, addresses=tuple(held for held in link.addresses if held != address))
                self.ways = [way for way in self.ways if self._reached(way, link)]
            case AddWay(name, destination, gateway, _):
                self.ways.append(Way(interface=name, destination=destination, gateway=gateway, metric=1, ours=True))
            case RemoveWay(name, destination, gateway):
                way = Way(interface=name, destination=destination, gateway=gateway, metric=1, ours=True)
                self.ways = [other for other in self.ways if other != way]
        self.links[act.interface] = link
        self.done.append(act)

    def _refuse(self, act: Act, link: Link) -> None:
        """Raise what the kernel would say."""
        match act:
            case AddAddress(_, address, _) if address in link.addresses:
                raise MachineError(str(act), "File exists")
            case AddWay(_, _, gateway, _) if not any(gateway in address.network for address in link.addresses):
                raise MachineError(str(act), "Network is unreachable")
            case AddWay(_, destination, _, beside) if not beside and self._leads(destination):
                raise MachineError(str(act), "File exists")

    def _leads(self, destination: Network) -> bool:
        return any(way.destination == destination and way.ours for way in self.ways)

    @staticmethod
    def _reached(way: Way, link: Link) -> bool:
        """Tell whether a route's gateway is still in a network of its interface."""
        return way.interface != link.name or any(way.gateway in address.network for address in link.addresses)


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
