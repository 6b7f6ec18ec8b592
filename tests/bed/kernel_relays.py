"""Relays in the kernel of one node, deployed from a configuration text with no balancer running.

So a test is itself the balancer: it says which hosts are up, when sessions end, and which addresses are settled.

    relays = KernelRelays(net["lb1"], tmp_path)
    relays.deploy(text)
    relays.flip(down=["EX1"])
    relays.end("EX1")
"""

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

from bascule.config.load import load
from bascule.deploy.transaction import Step, deploy
from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.engine import NftablesEngine
from bascule.engines.nftables.read import kept_marks
from bascule.engines.nftables.ruleset import Ruleset
from bascule.engines.nftables.sessions import Sessions
from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.explain import named
from bascule.plan.model import FIRST_MARK, OUR_MARKS, HostState, Plan, ProbeTarget
from bascule.plan.slots import Rankings
from bascule.service.local.machine import this_machine
from bascule.system.ctnetlink import Session
from bed.node import Node

Result = TypeVar("Result")


class KernelRelays:
    """What the balancer does to the kernel of a node, a step at a time."""

    def __init__(self, node: Node, state: Path) -> None:
        self.node = node
        self.plan = Plan()
        self.machine = this_machine(state)
        self.engine = NftablesEngine(self.machine.nft)
        self.settled: set[str] = set()
        self._rankings = Rankings()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run to its end on the node: the programs it starts and the threads it makes are there too."""
        with self.node.entered():
            return asyncio.run(work)

    def compiled(self, text: str, *, down: Collection[str] = ()) -> Plan:
        """Return the plan of a text on this node, with every host up that is not named, and with the kernel's marks."""
        return self.run(self._compiled(text, down))

    def deploy(self, text: str, *, down: Collection[str] = ()) -> None:
        """Deploy a text as the balancer does, sysctls first."""
        plan = self.compiled(text, down=down)
        steps = [Step(self.machine.settings(), plan.network), Step(self.engine, compose(plan))]
        self.run(deploy(steps))
        self.plan = plan

    def observe(self) -> Ruleset | None:
        """Return our table as the kernel has it."""
        return self.run(self.engine.observe())

    def difference(self) -> str:
        """Return the script between the plan and the kernel; empty where they agree."""
        return self.engine.difference(compose(self.plan), self.observe())

    def flip(self, *, down: Collection[str] = ()) -> bool:
        """Deal the slots anew with these hosts down, and return whether the kernel holds what it was told."""
        after = redeal(self.plan, _states(self.plan, down), self._rankings)
        before, self.plan = self.plan, after
        return self.run(self.engine.flip(before, after))

    def end(self, *hosts: str) -> int:
        """End every session of some hosts, both ends told; return how many lived."""
        marks, settled = self.marks(*hosts), {ip_address(address) for address in self.settled}
        return self.run(self._sessions().end(marks, settled))

    def end_unestablished(self, *hosts: str) -> int:
        """End the sessions of some hosts that are not established."""
        return self.run(self._sessions().end_unestablished(self.marks(*hosts)))

    def settle(self, *addresses: str) -> None:
        """Say of addresses that this node has held them for long."""
        for address in addresses:
            self.node.nft(f"add element inet bascule s_settled{_version(address)} {{ {address} timeout 600s }}")
        self.settled |= set(addresses)

    def marks(self, *hosts: str) -> list[int]:
        """Return the marks of hosts by their names."""
        pools = [relay.pool for relay in self.plan.relays]
        return [host.mark for pool in pools for host in pool.hosts if any(named(host, name) for name in hosts)]

    def states(self) -> list[Session]:
        """Return every session of ours that the kernel knows."""
        with self.node.entered():
            return list(self.machine.conntrack.sessions(FIRST_MARK, OUR_MARKS))

    def forget(self) -> None:
        """Lose every state, as the node does that takes an address over without knowing any."""
        self.node.run("conntrack", "-F")

    async def _compiled(self, text: str, down: Collection[str]) -> Plan:
        loaded = load(text)
        assert loaded.configuration is not None, loaded.diagnostics
        marks = kept_marks(await self.engine.observe())
        facts = await self.machine.facts("")
        plan = compile_plan(loaded.configuration, Situation(facts=facts, marks=marks, rankings=self._rankings))
        return redeal(plan, _states(plan, down), self._rankings)

    def _sessions(self) -> Sessions:
        return Sessions(self.machine.nft, self.machine.conntrack, self.machine.nudge)


def _states(plan: Plan, down: Collection[str]) -> Mapping[ProbeTarget, HostState]:
    hosts = [host for relay in plan.relays for host in relay.pool.hosts]
    return {
        host.target: HostState.DOWN if any(named(host, name) for name in down) else HostState.UP
        for host in hosts
        if host.target is not None
    }


def _version(address: str) -> int:
    return ip_address(address).version
