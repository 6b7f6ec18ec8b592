"""Intervals against sets of numbers: what is left, what is shared, and what is in them."""

from ipaddress import IPv4Address, IPv4Network, collapse_addresses, ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from bascule.plan.spread import Spread


@st.composite
def small(draw: st.DrawFn) -> IPv4Network:
    """Draw a network of 64 addresses at most, of the last hundred or so that there are."""
    bits = draw(st.integers(0, 6))
    return IPv4Network((0xFFFFFF80 + (draw(st.integers(0, 127)) >> bits << bits), 32 - bits))


NETWORKS = st.lists(small(), max_size=6)


def numbers(networks: list[IPv4Network]) -> set[int]:
    """Return every address of networks."""
    return {int(address) for network in networks for address in network}


@given(NETWORKS, NETWORKS)
def test_intervals_are_sets_of_addresses(one: list[IPv4Network], other: list[IPv4Network]) -> None:
    """Without, within and contains say what sets say; what comes out are the fewest networks."""
    first, second = Spread.of(4, one), Spread.of(4, other)
    for found, expected in (
        (first, numbers(one)),
        (first.without(second), numbers(one) - numbers(other)),
        (first.within(second), numbers(one) & numbers(other)),
    ):
        networks = [network for network in found.networks() if isinstance(network, IPv4Network)]
        assert numbers(networks) == expected
        assert networks == list(collapse_addresses(networks))
        assert bool(found) == bool(expected)
        assert {number for number in range(0xFFFFFF70, 2**32) if IPv4Address(number) in found} == expected


def test_versions_have_nothing_in_common() -> None:
    """A network of the other version is not in it, nor an address of the same number."""
    spread = Spread.of(6, [ip_network("0.0.0.0/8"), ip_network("::/120")])
    assert ip_address("::1") in spread
    assert ip_address("0.0.0.1") not in spread
    assert [str(network) for network in Spread.everything(6).networks()] == ["::/0"]
