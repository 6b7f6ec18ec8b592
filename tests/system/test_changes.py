"""The kernel's own word, in a network namespace: who changed rules is told apart by counting."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bascule.system.changes import Change, KernelChanges
from bascule.system.commands import SystemCommands
from bascule.system.errors import MachineError
from bascule.system.nft import NftProgram
from bed.layout import Layout
from bed.netlab import NetLab
from bed.node import Node

pytestmark = pytest.mark.kernel

Story = Callable[[KernelChanges, NftProgram], Coroutine[Any, Any, None]]


@pytest.fixture
def node(lab: Callable[[Layout], NetLab]) -> Node:
    """Return a node of its own."""
    return lab(Layout(clients=1, lbs=1, servers=1))["lb1"]


def tell(node: Node, story: Story) -> None:
    """Run a story on the node, with its changes followed."""

    async def followed() -> None:
        changes = KernelChanges()
        with changes.follow():
            await story(changes, NftProgram(SystemCommands(), changes.ours))

    with node.entered():
        asyncio.run(followed())


async def heard(changes: KernelChanges) -> frozenset[Change]:
    """Return what has changed, as soon as something has."""
    async with asyncio.timeout(5):
        await changes.wait()
    return changes.take()


async def nothing_heard(changes: KernelChanges) -> None:
    """Let the loop read what there is, and see that it is nothing."""
    await asyncio.sleep(0.05)
    assert changes.take() == frozenset()


def test_rules_of_somebody_else_are_told_once(node: Node) -> None:
    """A transaction by another program is a change; once taken it is none any more."""

    async def story(changes: KernelChanges, _: NftProgram) -> None:
        await asyncio.to_thread(node.nft, "add table inet other")
        assert await heard(changes) == {Change.RULES}
        await nothing_heard(changes)

    tell(node, story)


def test_our_own_transactions_are_not_told(node: Node) -> None:
    """Ten of our own, one of which fails and one of which changes nothing, leave no trace; then a foreign one does."""

    async def story(changes: KernelChanges, nft: NftProgram) -> None:
        await nft.load("add table inet ours\n")
        await nft.load("add table inet ours\n")
        for number in range(8):
            await nft.load(f"add set inet ours s{number} {{ type inet_service; elements = {{ 1, 2, 3 }}; }}\n")
        with pytest.raises(MachineError):
            await nft.load("delete table inet missing\n")
        await nothing_heard(changes)
        await asyncio.to_thread(node.nft, "delete table inet ours")
        assert await heard(changes) == {Change.RULES}

    tell(node, story)


def test_a_foreign_transaction_between_two_of_ours_is_told(node: Node) -> None:
    """Expecting our own hides no other."""

    async def story(changes: KernelChanges, nft: NftProgram) -> None:
        with changes.ours():
            await asyncio.to_thread(node.nft, "add table inet one")
            await asyncio.to_thread(node.nft, "add table inet two")
        assert changes.take() == {Change.RULES}
        await nft.load("add table inet three\n")
        await nothing_heard(changes)

    tell(node, story)


def test_addresses_and_routes_are_told(node: Node) -> None:
    """A new address and a new route are changes of the network, not of rules."""

    async def story(changes: KernelChanges, _: NftProgram) -> None:
        await asyncio.to_thread(node.run, "ip", "address", "add", "192.0.2.1/32", "dev", "lo")
        assert await heard(changes) == {Change.NETWORK}
        await nothing_heard(changes)
        await asyncio.to_thread(node.run, "ip", "-6", "route", "add", "blackhole", "2001:db8::/32")
        assert await heard(changes) == {Change.NETWORK}

    tell(node, story)
