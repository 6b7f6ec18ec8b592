"""Only those who may ask are read, and no more than can be answered."""

from ipaddress import ip_network

import pytest

from bascule.herald.snmp.guard import BURST, LONGEST, RATE, Guard

NETWORKS = [ip_network("10.2.0.0/16"), ip_network("2001:db8::/32")]


@pytest.mark.parametrize(
    ("source", "size", "read"),
    [
        ("10.2.0.9", 60, True),
        ("::ffff:10.2.0.9", 60, True),
        ("2001:db8::1", 60, True),
        ("fe80::1%eth0", 60, False),
        ("10.3.0.9", 60, False),
        ("10.2.0.9", LONGEST + 1, False),
    ],
)
def test_who_may_ask(source: str, size: int, read: bool) -> None:  # noqa: FBT001 - a table
    """By networks; a giant is no question."""
    assert Guard(NETWORKS, lambda: 0.0).admits(source, size) is read


def test_a_flood_is_not_read() -> None:
    """So many at once, and so many a second."""
    now = 0.0
    guard = Guard(NETWORKS, lambda: now)
    assert sum(guard.admits("10.2.0.9", 60) for _ in range(10 * BURST)) == BURST
    now = 1.0
    assert sum(guard.admits("10.2.0.9", 60) for _ in range(10 * BURST)) == RATE
