"""Zones and the networks of interfaces, as sets: where a packet comes from, or goes, is one look into one."""

from collections.abc import Iterator, Sequence
from typing import Final

from bascule.config.firewall import Address, Network
from bascule.engines.nftables.rules.firewall.names import (
    ZONED,
    attached_set,
    family_set,
    home_set,
    rest_set,
    zone_set,
)
from bascule.engines.nftables.rules.intervals import collapsed
from bascule.engines.nftables.rules.words import ADDRESS, FAMILY, VERSIONS, written
from bascule.engines.nftables.ruleset import NamedSet
from bascule.plan.firewall import FirewallPlan, Region, ZonePlan

FROM: Final = ("iifname", "saddr")
TO: Final = ("oifname", "daddr")


def zone_sets(plan: FirewallPlan) -> Iterator[tuple[str, NamedSet]]:
    """Yield the sets of all zones, of what is attached to each interface, and of the families of hosts."""
    yield ZONED, NamedSet("type ifname", dict.fromkeys((f'"{name}"' for name in zoned(plan)), ""))
    for version in VERSIONS:
        for zone in plan.zones:
            yield zone_set(zone.name, version), _attached(named(zone), version)
            rest = [network for region in unnamed(zone) for network in region.networks]
            yield rest_set(zone.name, version), address_set(rest, version)
        homes = [Region(interface=name, networks=networks) for name, networks in plan.homes.items()]
        yield home_set(version), _attached(homes, version)
        yield attached_set(version), address_set([network for home in homes for network in home.networks], version)
    for number, family in enumerate(plan.families):
        hosts = {str(address): "" for address in family}
        yield family_set(number), NamedSet(f"type {ADDRESS[family_version(family)]}", hosts)


def family_version(family: frozenset[Address]) -> int:
    """Return the IP version of a family of hosts."""
    return next(iter(family)).version


def address_set(networks: Sequence[Network], version: int) -> NamedSet:
    """Return a set of addresses that holds what some networks do, of one IP version."""
    held = collapsed(network for network in networks if network.version == version)
    return NamedSet(f"type {ADDRESS[version]}; flags interval", dict.fromkeys(map(written, held), ""))


def _attached(regions: Sequence[Region], version: int) -> NamedSet:
    elements = {
        f'"{region.interface}" . {written(network)}': ""
        for region in regions
        for network in region.networks
        if network.version == version
    }
    return NamedSet(f"type ifname . {ADDRESS[version]}; flags interval", elements)


def zoned(plan: FirewallPlan) -> Sequence[str]:
    """Return the interfaces that any zone names."""
    return [*dict.fromkeys(region.interface for zone in plan.zones for region in named(zone))]


def named(zone: ZonePlan) -> Sequence[Region]:
    """Return where a zone is on interfaces that zones name."""
    return [region for region in zone.regions if region.interface]


def unnamed(zone: ZonePlan) -> Sequence[Region]:
    """Return where it is on all others."""
    return [region for region in zone.regions if not region.interface]


def inside(plan: FirewallPlan, name: str, version: int, end: tuple[str, str] = FROM) -> Sequence[str]:
    """Return the matches of what comes from a zone, or goes to one: either of two, one, or none."""
    interface, address = end[0], f"{FAMILY[version]} {end[1]}"
    zone = next(zone for zone in plan.zones if zone.name == name)
    matches = []
    if _any(named(zone), version):
        matches.append(f"{interface} . {address} @{zone_set(name, version)}")
    if _any(unnamed(zone), version):
        matches.append(f"{interface} != @{ZONED} {address} @{rest_set(name, version)}")
    return matches


def inside_by_route(plan: FirewallPlan, name: str, version: int) -> Iterator[str]:
    """Yield the matches of what will go to a zone, before it is routed: the kernel looks the way up."""
    others = " ".join(f'fib daddr oifname != "{interface}"' for interface in zoned(plan))
    for region in next(zone for zone in plan.zones if zone.name == name).regions:
        way = f'fib daddr oifname "{region.interface}"' if region.interface else others
        for network in region.networks:
            if network.version == version:
                yield f"{way} {FAMILY[version]} daddr {written(network)}".strip()


def outside(zone: str, version: int) -> Iterator[str]:
    """Yield the matches of what does not come from a zone: at most one of the two is true."""
    address = f"{FAMILY[version]} saddr"
    yield f"iifname @{ZONED} iifname . {address} != @{zone_set(zone, version)}"
    yield f"iifname != @{ZONED} {address} != @{rest_set(zone, version)}"


def foreign(version: int) -> Sequence[str]:
    """Return the matches of a source that cannot come from there: one of ours, or of a network attached elsewhere."""
    address = f"{FAMILY[version]} saddr"
    return (
        "fib saddr type local",
        f"{address} @{attached_set(version)} iifname . {address} != @{home_set(version)}",
    )


def _any(regions: Sequence[Region], version: int) -> bool:
    return any(network.version == version for region in regions for network in region.networks)
