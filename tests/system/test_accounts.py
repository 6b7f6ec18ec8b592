"""The kernel's own sums, in a namespace."""

from collections.abc import Iterator

import pytest

from bascule.system.accounts import KernelAccounts
from bascule.system.conntrack import KernelConntrack
from bed.layout import Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.wait import until
from system.test_conntrack import MARK, MASK, fill

pytestmark = pytest.mark.kernel


@pytest.fixture
def node() -> Iterator[Node]:
    """Return a node that tracks sessions and counts bytes."""
    with NetLab(Layout(clients=1, lbs=1, servers=1)) as net:
        node = net["lb1"]
        node.nft("table inet t { chain c { type filter hook prerouting priority 0; ct state new counter; }\n}")
        node.sysctl(net__netfilter__nf_conntrack_acct=1)
        yield node


def test_the_census_says_what_a_listing_says(node: Node) -> None:
    """Over more than one message's worth, of our marks alone."""
    fill(node, 3000)
    fill(node, 7, mark=MARK + 1, client="10.1.0.2", first=5001)
    fill(node, 1, mark=5, first=6000)
    with node.entered():
        census, listed = KernelAccounts().census(MARK, MASK), [*KernelConntrack().sessions(MARK, MASK)]
    assert census.living == {MARK: 3000, MARK + 1: 7}
    assert sum(census.paths.values()) == len(listed) == 3007
    assert {(path.source, path.host) for _, path in census.paths} == {(each.source, each.host) for each in listed}


def test_an_empty_table_has_no_sessions(node: Node) -> None:
    """Nothing is told, and nothing is counted."""
    with node.entered():
        assert KernelAccounts().census(MARK, MASK).marks == {}


def test_the_kernel_says_how_full_the_table_is(node: Node) -> None:
    """Sessions of whatever mark take a place in it."""
    fill(node, 10)
    fill(node, 5, mark=5, first=6000)
    with node.entered():
        told = KernelAccounts().statistics()
    maximum = int(node.run("sysctl", "-n", "net.netfilter.nf_conntrack_max").stdout)
    assert told.entries == int(node.run("sysctl", "-n", "net.netfilter.nf_conntrack_count").stdout) >= 15
    assert (told.maximum, told.full) == (maximum, told.entries / maximum)
    assert (told.insert_failed, told.dropped) == (0, 0)


def test_the_kernel_counts_packets_that_got_no_state(node: Node) -> None:
    """When the only port towards a place is taken, the next session is dropped without a word, and counted."""
    ours, there = node.address(4), "10.80.1.99"
    node.nft(
        "table ip t_one { chain c { type nat hook postrouting priority srcnat; "
        f"ip daddr {there} tcp dport 443 snat to {ours}:5000\n }}\n}}"
    )

    def failures() -> int:
        with node.entered():
            told = KernelAccounts().statistics()
        return told.insert_failed + told.dropped

    with node.socket() as one, node.socket() as other:
        for client in (one, other):
            client.setblocking(False)  # noqa: FBT003 - the name of the argument is not ours to choose
            client.connect_ex((there, 443))
        assert until(failures, what="a packet without a state is counted") >= 1
