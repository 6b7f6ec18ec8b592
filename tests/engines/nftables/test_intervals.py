"""Ranges that overlap are made apart, and hold what they held."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, ip_network
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bascule.engines.nftables.rules.intervals import first_come, grouped, joined, pairs

RANGES = st.tuples(st.integers(1, 30), st.integers(1, 30)).map(lambda ends: (min(ends), max(ends)))
NETWORKS = st.sampled_from(
    [ip_network(f"10.0.0.{first}/{length}", strict=False) for first in range(16) for length in (28, 30, 32)]
)


@given(st.lists(RANGES))
def test_ranges_that_overlap_are_one(ranges: Sequence[tuple[int, int]]) -> None:
    """Ascending, and each number of before is in one of them, and no other."""
    found = joined(ranges)
    assert [*found] == sorted(found)
    assert all(one[1] < other[0] for one, other in pairwise(found))
    assert _numbers(found) == _numbers(ranges)


@given(st.lists(st.tuples(st.sampled_from("ab"), RANGES, st.integers())))
def test_who_comes_first_keeps_what_he_claims(claims: Sequence[tuple[str, tuple[int, int], int]]) -> None:
    """Every number has the value of its first claim."""
    wanted: dict[tuple[str, int], int] = {}
    for key, (first, last), value in claims:
        for number in range(first, last + 1):
            wanted.setdefault((key, number), value)
    found = [(key, number, value) for key, (first, last), value in first_come(claims) for number in range(first, last + 1)]
    assert len(found) == len(wanted)
    assert {(key, number): value for key, number, value in found} == wanted


@given(st.lists(st.tuples(NETWORKS, RANGES), max_size=8))
def test_pairs_overlap_nowhere(boxes: Sequence[tuple[IPv4Network, tuple[int, int]]]) -> None:
    """Every address with every port is in exactly one of those that come out, where it was in any."""
    found = [*pairs(boxes)]
    for address in map(IPv4Address, range(int(IPv4Address("10.0.0.0")), int(IPv4Address("10.0.0.16")))):
        for port in range(1, 31):
            times = sum(address in network and first <= port <= last for network, (first, last) in found)
            assert times == any(address in network and first <= port <= last for network, (first, last) in boxes)


def test_values_under_one_key() -> None:
    """Stay in their order."""
    assert grouped([("a", 1), ("b", 2), ("a", 3)]) == {"a": [1, 3], "b": [2]}


def _numbers(ranges: Sequence[tuple[int, int]]) -> set[int]:
    return {number for first, last in ranges for number in range(first, last + 1)}
