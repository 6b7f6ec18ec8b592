"""The kernel's own table, in a namespace."""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

import pytest

from bascule.system.conntrack import KernelConntrack
from bascule.system.ctnetlink import Session, TcpState
from bascule.system.endings import KernelEndings, Told
from bed.layout import Layout
from bed.netlab import NetLab
from bed.node import Node

pytestmark = pytest.mark.kernel

MARK: Final = 0x1BA50007
MASK: Final = 0xFFFF0000


@pytest.fixture
def node() -> Iterator[Node]:
    """Return a node that tracks sessions."""
    with NetLab(Layout(clients=1, lbs=1, servers=1)) as net:
        node = net["lb1"]
        node.nft("table inet t { chain c { type filter hook prerouting priority 0; ct state new counter; }\n}")
        node.sysctl(net__netfilter__nf_conntrack_timestamp=1, net__netfilter__nf_conntrack_events=1)
        yield node


def fill(node: Node, count: int, *, mark: int = MARK, client: str = "10.1.0.1", first: int = 2000) -> None:
    """Have the kernel track so many established sessions of a client."""
    common = f"-p tcp -s {client} -d 10.2.0.1 --dport 443 -r 10.3.0.1 -q 10.2.0.1 --reply-port-src 443 -t 600"
    lines = [  # the mark comes last: -u overwrites it
        f"-I {common} --sport {port} --reply-port-dst {port} --state ESTABLISHED -u ASSURED,SEEN_REPLY -m {mark}"
        for port in range(first, first + count)
    ]
    node.run("conntrack", "-R", "-", input="\n".join(lines) + "\n")


def listed(node: Node, *, mark: int = MARK, mask: int = MASK, client: str | None = None) -> list[Session]:
    """Return what the kernel tracks."""
    with node.entered():
        return list(KernelConntrack().sessions(mark, mask, None if client is None else ip_address(client)))


def test_sessions_are_chosen_by_mark_and_client(node: Node) -> None:
    """More than one message's worth of them."""
    fill(node, 300)
    fill(node, 2, client="10.1.0.2", first=5000)
    fill(node, 1, mark=5, first=6000)
    assert len(listed(node)) == 302
    assert len(listed(node, mark=MARK, mask=0xFFFFFFFF)) == 302
    (one, _) = listed(node, client="10.1.0.2")
    assert (str(one.original.source), one.state, one.mark, one.reply.source_port) == (
        "10.1.0.2",
        TcpState.ESTABLISHED,
        MARK,
        443,
    )
    assert one.started > 0
    assert listed(node, client="10.1.0.9") == []


def test_single_sessions_are_deleted(node: Node) -> None:
    """In several batches; those that are gone already are not counted."""
    fill(node, 300)
    doomed = listed(node)[:290]
    with node.entered():
        assert KernelConntrack().delete(doomed) == 290
        assert KernelConntrack().delete(doomed[:3]) == 0
    assert len(listed(node)) == 10


def test_a_session_of_another_name_stays(node: Node) -> None:
    """The kernel's own name tells the session that was meant from another between the same ports."""
    fill(node, 1)
    (there,) = listed(node)
    with node.entered():
        assert KernelConntrack().delete([there._replace(id=there.id ^ 1)]) == 0
    assert len(listed(node)) == 1


def test_the_kernel_tells_which_sessions_end(node: Node) -> None:
    """Of those that are ours, with what they were."""
    fill(node, 3)
    fill(node, 1, mark=5, first=6000)

    async def hear() -> Told:
        endings = KernelEndings().follow(MARK, MASK)
        first = asyncio.ensure_future(anext(endings))
        await asyncio.sleep(0)  # it listens from here on
        doomed = [*listed(node, mark=5, mask=0xFFFFFFFF), *listed(node)[:1]]
        KernelConntrack().delete(doomed)
        told = await first
        while not told.sessions:
            told = await anext(endings)
        await endings.aclose()
        return told

    with node.entered():
        (ended,) = asyncio.run(hear()).sessions
    assert (ended.mark, ended.state, ended.stopped > ended.started > 0) == (MARK, TcpState.ESTABLISHED, True)


def test_an_overrun_is_told(node: Node) -> None:
    """When more ends at once than the kernel can keep for us, we hear that something is missing, and then go on."""
    fill(node, 30_000)

    async def hear() -> bool:
        endings = KernelEndings(queue=1 << 14).follow(MARK, MASK)
        first = asyncio.ensure_future(anext(endings))
        await asyncio.sleep(0)
        KernelConntrack().delete_marked(MARK)  # while nobody listens
        told = await first
        while not told.overrun:
            told = await anext(endings)
        await endings.aclose()
        return told.overrun

    with node.entered():
        assert asyncio.run(hear())
