"""Zones that overlap nowhere own what the first zone of the text that matches would own."""

from collections.abc import Sequence
from ipaddress import ip_network

from hypothesis import example, given
from hypothesis import strategies as st

from bascule.config.firewall import Address, Network, Zone
from bascule.plan.firewall import Region, ZonePlan
from bascule.plan.zones import zone_of, zone_plans

INTERFACES = ("eth0", "eth1", "eth2")
NETWORKS: Sequence[Network] = [
    ip_network(text)
    for text in (
        "0.0.0.0/0", "10.0.0.0/8", "10.2.0.0/16", "10.2.0.0/17", "10.2.0.9/32", "10.2.0.10/32", "255.255.255.255/32",
        "::/0", "fd00::/8", "fd00:2::/64", "fd00:2::9/128",
    )
]  # fmt: skip


def edges() -> Sequence[Address]:
    """Return the first and the last address of each network, and their neighbours."""
    found: list[Address] = []
    for network in NETWORKS:
        kind = type(network.network_address)
        for number in (int(network.network_address), int(network.broadcast_address)):
            found += [kind(near) for near in (number - 1, number, number + 1) if 0 <= near < 2**network.max_prefixlen]
    return list(dict.fromkeys(found))


EDGES = edges()


def first_that_matches(zones: Sequence[Zone], interface: str, address: Address) -> str:
    """Return the owner, in the words of the language."""
    for zone in zones:
        fits = not zone.interfaces or interface in zone.interfaces
        if fits and (
            not zone.networks or any(address in each for each in zone.networks if each.version == address.version)
        ):
            return zone.name
    return ""


ZONES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(INTERFACES[:2]), max_size=2, unique=True),
        st.lists(st.sampled_from(NETWORKS), max_size=3, unique=True),
    ),
    max_size=5,
).map(
    lambda drawn: [
        Zone(name=f"z{n}", interfaces=tuple(interfaces), networks=tuple(networks))
        for n, (interfaces, networks) in enumerate(drawn)
    ]
)


@given(ZONES)
def test_the_first_zone_that_matches_owns_a_packet(zones: list[Zone]) -> None:
    """At every edge, on interfaces that zones name and on one that none does."""
    plans = zone_plans(zones)
    assert [plan.name for plan in plans] == [zone.name for zone in zones]
    for interface in INTERFACES:
        for address in EDGES:
            assert zone_of(plans, interface, address) == first_that_matches(zones, interface, address)


@given(ZONES)
@example([Zone(name="a"), Zone(name="b", interfaces=("eth0",))])
def test_no_address_is_of_two_zones(zones: list[Zone]) -> None:
    """The kernel may ask for them in any order."""
    plans = zone_plans(zones)
    for interface in ("", *INTERFACES):
        held = [
            each for plan in plans for region in plan.regions if region.interface == interface for each in region.networks
        ]
        for index, one in enumerate(held):
            assert not any(one.version == other.version and one.overlaps(other) for other in held[index + 1 :])


def test_on_one_interface_zones_are_what_earlier_ones_leave() -> None:
    """The zones of a machine with one interface: those inside by their network, and everybody else."""
    internal = Zone(name="internal", networks=(ip_network("128.0.0.0/1"), ip_network("fd00::/8")))
    external = Zone(name="external", interfaces=("eth0",), networks=(ip_network("0.0.0.0/0"),))
    inside = (ip_network("128.0.0.0/1"), ip_network("fd00::/8"))
    assert zone_plans([internal, external]) == (
        ZonePlan(
            name="internal",
            regions=(Region(interface="", networks=inside), Region(interface="eth0", networks=inside)),
        ),
        ZonePlan(name="external", regions=(Region(interface="eth0", networks=(ip_network("0.0.0.0/1"),)),)),
    )


def test_a_zone_that_others_own_is_left_with_nothing() -> None:
    """It is there all the same: rules may name it."""
    everything, rest = zone_plans([Zone(name="all"), Zone(name="rest", interfaces=("eth0",))])
    assert [region.networks for region in everything.regions] == [(ip_network("0.0.0.0/0"), ip_network("::/0"))] * 2
    assert rest == ZonePlan(name="rest", regions=())
