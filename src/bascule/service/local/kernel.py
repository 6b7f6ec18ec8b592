"""The kernel's part of a balancer: its rules, its settings, its sessions, and the claim to them."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from bascule.config.facts import Facts
from bascule.config.model import EngineName, OnDown
from bascule.deploy.transaction import Step
from bascule.engines.engine import Engine
from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.engine import NftablesEngine
from bascule.engines.nftables.foreign import OURS, Obstacle, obstacles
from bascule.engines.nftables.read import kept_marks
from bascule.engines.nftables.ruleset import Ruleset
from bascule.engines.nftables.sessions import Sessions
from bascule.engines.nftables.settling import Settling
from bascule.plan.compile import owners
from bascule.plan.model import HostState, MarkOwner, Plan, ProbeTarget
from bascule.service.local.doom import doomed
from bascule.service.local.leveling import carried_marks
from bascule.service.local.machine import Machine
from bascule.system.claim import only_one_here
from bascule.system.ctnetlink import Session
from bascule.system.errors import MachineError

NO_RULES: Final = Ruleset()
"""Our table with nothing in it: it is never deleted while a Bascule runs."""


class Kernel:
    """Relays in the kernel of one network namespace, for one process. Every method may raise MachineError."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._settings = machine.settings()
        self._nftables = NftablesEngine(machine.nft)
        self._sessions = Sessions(machine.nft, machine.conntrack, machine.nudge)
        self._settling = Settling(machine.nft, machine.clock)
        self._claims = ExitStack()
        self._claimed = False
        self._found = False
        """Rules of ours were there at the start: what the plan does not need of them goes."""
        self._ended: frozenset[int] = frozenset()
        """Marks of hosts that are down, whose sessions have been ended since."""

    # --- rules ------------------------------------------------------------------------------------------------------

    async def rules(self) -> Ruleset | None:
        """Return our rules as they are now; None where there are none."""
        return await self._nftables.observe()

    def ours(self, plan: Plan, rules: Ruleset | None) -> tuple[Plan, Ruleset | None]:
        """Return a plan and the rules that were found, without those of another Bascule.

        Where the plan has nothing there, and we never changed a setting, rules that are there are not ours to touch.
        """
        if plan.of(EngineName.KERNEL) or plan.firewall is not None or self._settings.before():
            self._found = rules is not None
            return plan, rules
        return replace(plan, marks={}), None

    def claim(self, plan: Plan) -> None:
        """Take the kernel's relays of this network namespace, if the plan needs them and we do not have them."""
        if (plan.in_kernel or self._found) and not self._claimed:
            self._claims.enter_context(only_one_here())
            self._claimed = True

    def let_go(self) -> None:
        """Give the claim back; what is in the kernel goes on."""
        self._claims.close()
        self._claimed = False

    def steps(self, plan: Plan) -> Sequence[Step]:
        """Return the kernel's steps of a deployment; none where the plan has nothing there, and never had."""
        if not plan.in_kernel and not self._claimed:
            return ()
        rules: Engine[Ruleset | None, Ruleset | None, str] = self._nftables
        return Step(self._settings, plan.network), Step(rules, compose(plan) or NO_RULES)

    async def flip(self, before: Plan, after: Plan) -> None:
        """Bring the slots of one plan to those of another that differs in them alone."""
        if before.relays != after.relays and not await self._nftables.flip(before, after):
            raise MachineError("change the slots", "our rules were changed by somebody else")

    async def drift(self, plan: Plan) -> str:
        """Return what somebody else did to our rules, in words; empty where they are as they should be."""
        if not plan.in_kernel:
            return ""
        seen = await self._nftables.observe()
        if not await asyncio.to_thread(lambda: self._nftables.difference(compose(plan), seen)):
            return ""
        return "took our table away" if seen is None else "changed our rules"

    async def changed_settings(self, plan: Plan) -> Sequence[str]:
        """Return the kernel settings that are not what a plan needs, a sentence each."""
        if not plan.in_kernel:
            return []
        seen = await self._settings.observe()
        wrong = self._settings.difference(plan.network, seen)
        return [f"{name} is {seen.now.get(name, 'not there')}, not {value}" for name, value in wrong.items()]

    async def obstacles(self, plan: Plan) -> Sequence[Obstacle]:
        """Return the chains of others that stop what relays carry, for certain or perhaps."""
        listing = await self._machine.nft.others(OURS)
        return await asyncio.to_thread(obstacles, listing, plan)

    async def kept(self, rules: Ruleset | None, plan: Plan) -> Mapping[MarkOwner, int]:
        """Return the marks to keep: those that a plan needs, and those that a session still carries.

        All of them where that would be none: a table that marks nothing is one that we would leave as it is.
        """
        kept = kept_marks(rules)
        wanted = owners(plan)
        if wanted >= kept.keys():
            return kept
        carried = await asyncio.to_thread(carried_marks, self._machine.accounts)
        return {owner: mark for owner, mark in kept.items() if owner in wanted or mark in carried} or kept

    async def full(self, plan: Plan) -> float:
        """Return the share of the table of sessions that is taken, 0 to 1; where that cannot be told, it has room."""
        if not plan.of(EngineName.KERNEL):
            return 0.0
        try:
            return (await asyncio.to_thread(self._machine.accounts.statistics)).full
        except MachineError:
            return 0.0

    async def refusals(self, plan: Plan) -> Mapping[str, int]:
        """Return how many clients were refused so far, by relay, for whatever reason."""
        if not plan.of(EngineName.KERNEL):
            return {}
        return {relay: sum(reasons.values()) for relay, reasons in (await self._nftables.refusals(plan)).items()}

    # --- sessions ---------------------------------------------------------------------------------------------------

    async def adopt(self) -> None:
        """Go on with the settled addresses of an earlier process."""
        await self._settling.adopt()

    async def settle(self, plan: Plan, facts: Facts) -> None:
        """Settle the addresses that were held long enough, and let go those that are held no more."""
        if plan.marks:
            await self._settling.renew(plan, [held.ip for _, held in facts.addresses()])

    async def end_doomed(self, plan: Plan, states: Mapping[ProbeTarget, HostState]) -> int:
        """End the sessions of dead hosts that another can serve instead, once; return how many lived.

        What fails is tried again at the next call.
        """
        doom = doomed(plan, states)
        self._ended &= doom.keys()
        due = {mark: fate for mark, fate in doom.items() if mark not in self._ended}
        ended = await self.end([mark for mark, fate in due.items() if fate is OnDown.RESET])
        keep = [mark for mark, fate in due.items() if fate is OnDown.KEEP]
        ended += await self._sessions.end_unestablished(keep) if keep else 0
        self._ended = frozenset(doom)
        return ended

    async def end(self, marks: Sequence[int], serving: Collection[int] = ()) -> int:
        """End the sessions with these marks at both ends; `serving` are those of hosts that go on to take clients.

        Returns how many lived.
        """
        settled = self._settling.settled
        closed = [mark for mark in marks if mark not in serving]
        ended = await self._sessions.end(closed, settled) if closed else 0
        return ended + (await self._sessions.end_living([*serving], settled) if serving else 0)

    async def kill(self, sessions: Sequence[Session]) -> None:
        """End these sessions alone, at both ends."""
        await self._sessions.kill(sessions, self._settling.settled)
