"""A client's server must follow from the configuration alone, and move only when its own server does."""

from collections import Counter
from ipaddress import IPv4Address, ip_address
from math import sqrt

import pytest

from bascule.plan.selection import SLOTS, Candidate, deal, rank, ranked, slot_of

EX1, EX2, EX3 = (Candidate(IPv4Address(f"10.80.2.{n}")) for n in (1, 2, 3))
ALL = {host.address for host in (EX1, EX2, EX3)}


@pytest.mark.parametrize(
    ("client", "key", "slot"),
    [  # read back from Linux 6.18: `nft ... meta mark set jhash ip saddr mod 1024 seed 0x7f3a91c2`
        ("10.78.0.1", 0x7F3A91C2, 780),
        ("10.78.255.255", 0x7F3A91C2, 939),
        ("203.0.113.7", 0x7F3A91C2, 422),
        ("fd78::1", 0x7F3A91C2, 147),
    ],
)
def test_slot_is_the_kernels(client: str, key: int, slot: int) -> None:
    """The golden values come from the kernel; the network-namespace suite compares thousands more."""
    assert slot_of(ip_address(client), key=key) == slot


@pytest.mark.parametrize("key", range(20))
def test_share_follows_weight(key: int) -> None:
    """A host's share of the slots is its share of the weight, within chance (4.5 standard deviations)."""
    hosts = [EX1, Candidate(EX2.address, weight=3)]
    taken = Counter(deal(rank(hosts, key=key), ALL))[hosts[1]]
    assert abs(taken - SLOTS * 3 / 4) < 4.5 * sqrt(SLOTS * 3 / 4 * 1 / 4)


def test_only_the_failed_hosts_clients_move_and_they_return() -> None:
    """Everyone else keeps the server they had, and the recovery restores exactly what was."""
    ranking = rank([EX1, EX2, EX3], key=1)
    before, without = deal(ranking, ALL), deal(ranking, ALL - {EX2.address})
    assert {old for old, new in zip(before, without, strict=True) if old != new} == {EX2}
    assert Counter(new for old, new in zip(before, without, strict=True) if old == EX2).keys() == {EX1, EX3}
    assert deal(rank([EX3, EX2, EX1], key=1), ALL) == before


def test_one_slot_alone_has_the_same_order() -> None:
    """What is asked of one client need not be found for all."""
    hosts = [EX1, Candidate(EX2.address, weight=3), EX3, Candidate(IPv4Address("10.80.2.9"), weight=0)]
    for key in (1, 0x7F3A91C2):
        ranking = rank(hosts, key=key)
        assert all(tuple(ranked(hosts, slot, key=key)) == tuple(ranking[slot]) for slot in range(SLOTS))


def test_weight_zero_takes_no_new_clients() -> None:
    """Weight 0 is how an administrator empties a host without taking it down."""
    assert set(deal(rank([EX1, Candidate(EX2.address, weight=0)], key=1), ALL)) == {EX1}


def test_nobody_left() -> None:
    """With no live host every slot is empty, so that the relay refuses instead of guessing."""
    assert set(deal(rank([EX1, EX2], key=1), frozenset())) == {None}
