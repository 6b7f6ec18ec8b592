"""Whoever has a network counts as one."""

import pytest

from bascule.service.sources import place


@pytest.mark.parametrize(
    ("source", "counts_as"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("somewhere", "somewhere"),
    ],
)
def test_whoever_has_a_network_counts_as_one(source: str, counts_as: str) -> None:
    """Else 2^64 addresses would have a few free guesses each."""
    assert place(source) == counts_as
