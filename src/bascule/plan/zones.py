"""From the zones of a text, of which the first that matches owns a packet, to zones that overlap nowhere. Pure."""

from collections.abc import Iterator, Sequence

from bascule.config.firewall import Address, Network, Zone
from bascule.plan.firewall import Region, ZonePlan
from bascule.plan.spread import Spread

_VERSIONS = (4, 6)


def zone_plans(zones: Sequence[Zone]) -> tuple[ZonePlan, ...]:
    """Return the zones in the order of the text, each less what those before it own; one may be left with nothing."""
    named = dict.fromkeys(interface for zone in zones for interface in zone.interfaces)
    regions: dict[str, list[Region]] = {zone.name: [] for zone in zones}
    for interface in ("", *named):
        for name, region in _on(interface, zones):
            regions[name].append(region)
    return tuple(ZonePlan(name=name, regions=tuple(found)) for name, found in regions.items())


def zone_of(zones: Sequence[ZonePlan], interface: str, address: Address) -> str:
    """Return the zone of what comes in, or leaves, by an interface with an address there; empty where it is in none."""
    named = any(region.interface == interface for zone in zones for region in zone.regions)
    place = interface if named else ""
    for zone in zones:
        for region in zone.regions:
            if region.interface == place and any(
                network.version == address.version and address in network for network in region.networks
            ):
                return zone.name
    return ""


def _on(interface: str, zones: Sequence[Zone]) -> Iterator[tuple[str, Region]]:
    """Yield what each zone has of one interface; empty is every interface that no zone names."""
    free = {version: Spread.everything(version) for version in _VERSIONS}
    for zone in zones:
        if zone.interfaces and interface not in zone.interfaces:
            continue
        owned: list[Network] = []
        for version in _VERSIONS:
            wanted = Spread.of(version, zone.networks) if zone.networks else Spread.everything(version)
            owned += wanted.within(free[version]).networks()
            free[version] = free[version].without(wanted)
        if owned:
            yield zone.name, Region(interface=interface, networks=tuple(owned))
