"""The admin server's part of a balancer: its steps of a deployment, and what it does when the machine will not have it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from bascule.config.diagnostics import Diagnostic
from bascule.deploy.transaction import RehearsalRefused, Step, deploy
from bascule.engines.admin.desired import Desired, Wanted, sockets_of
from bascule.engines.admin.engine import Closing, Opening, Places
from bascule.engines.admin.keys import FlawedKeysError
from bascule.engines.admin.store import KeyStore
from bascule.engines.admin.supervisor import WebProcess
from bascule.plan.model import AdminListener, AdminPlan, Endpoint, Plan
from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.service.results import AdminPlace
from bascule.system.clock import Clock
from bascule.system.errors import MachineError

AGAIN: Final = 5.0
"""Seconds until what the machine would not do is tried again."""

LOOK: Final = 60.0
"""Seconds between two looks at certificates, which others renew."""


class AdminServer:
    """Keeps the admin server where a plan has it: `follow` says which, and `watch` sees to it.

    In a deployment it may refuse what it cannot do; else nobody waits for it.
    """

    def __init__(self, web: WebProcess, keys: KeyStore, journal: Journal, *, clock: Clock) -> None:
        self._clock = clock
        self._plan = Plan()
        self._news = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._web = web
        self._keys = keys
        self._journal = journal
        self._places = Places(web)
        self._opening, self._closing = Opening(self._places), Closing(self._places)
        self._trouble = ""

    def troubles(self) -> Sequence[str]:
        """Return why administrators do not reach it everywhere; it is tried again and again."""
        return [self._trouble] if self._trouble else []

    def open(self) -> frozenset[Endpoint]:
        """Return where it listens now."""
        return frozenset(self._places.shown())

    def rows(self, plan: Plan) -> tuple[AdminPlace, ...]:
        """Return where it answers now, for people."""
        passing = {each.endpoint for each in plan.admin.listeners if each.passing}
        return tuple(
            AdminPlace(
                address="" if endpoint.address.is_unspecified else str(endpoint.address),
                version=endpoint.address.version,
                port=endpoint.port,
                until_commit=endpoint in passing,
                fingerprint=keys.fingerprint,
                ends=keys.ends,
            )
            for endpoint, keys in self._places.shown().items()
        )

    async def beside(
        self, after: Plan, deploy: Callable[[Sequence[Step]], Awaitable[Sequence[Diagnostic]]], *, waits: bool
    ) -> Sequence[Diagnostic]:
        """Have a plan deployed with our steps around it; where it does not wait for us, we follow it afterwards.

        Raises what the deployment raises, and where it waits, RehearsalRefused and MachineError of our own.
        """
        if waits:
            async with self.deployed(after) as around:
                return await deploy(around)
        said = await deploy(())
        self.follow(after)
        return said

    @asynccontextmanager
    async def deployed(self, after: Plan) -> AsyncIterator[tuple[Step, Step]]:
        """Yield the steps of a deployment: what opens what is new, before all else, and what closes the old, behind it all.

        Where the block ends well, the plan is followed from then on.
        """
        async with self._one_at_a_time:
            desired = await self._desired(self._plan, after)
            never = {each.endpoint for each in after.admin.listeners if each.passing} - self._places.shown().keys()
            desired = replace(desired, places=tuple(each for each in desired.places if each.endpoint not in never))
            yield Step(self._opening, desired), Step(self._closing, desired)
            self._plan = after
        self._news.set()

    def follow(self, plan: Plan) -> None:
        """Have it where a plan says, soon: `watch` sees to it."""
        if plan.admin != self._plan.admin:
            self._news.set()
        self._plan = plan

    async def _follow(self) -> None:
        """Be where the plan says, as far as the machine will have it; say once what it will not."""
        before = self._places.shown()
        try:
            desired, wrong = await self._opening.possible(await self._desired(self._plan, self._plan))
            trouble = "; ".join(f"{each.message} ({each.hint})" if each.hint else each.message for each in wrong)
            await deploy([Step(self._opening, desired), Step(self._closing, desired)])
        except MachineError as error:
            trouble = f"could not {error}"
        except RehearsalRefused as refused:  # somebody came between the two looks
            trouble = str(refused)
        if trouble and trouble != self._trouble:
            self._journal.note(EventKind.MACHINE, trouble, grade=Grade.WARNING)
        self._trouble = trouble
        after = self._places.shown()
        for new in dict.fromkeys(keys.fingerprint for place, keys in after.items() if before.get(place, keys) != keys):
            self._journal.note(EventKind.CONFIGURATION, f"the admin server's certificate is another one now: SHA-256 {new}")

    async def watch(self) -> None:
        """Keep it where it shall be, and its process running, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._web.watch())
            tasks.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            self._news.clear()
            async with self._one_at_a_time:
                await self._follow()
            await self._news_or(AGAIN if self._trouble else LOOK)

    async def _news_or(self, seconds: float) -> None:
        """Return when there is another plan, or after so many seconds."""
        ways = {asyncio.ensure_future(self._news.wait()), asyncio.ensure_future(self._clock.sleep(seconds))}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()

    async def stop(self) -> None:
        """End the web process, with its sessions, and close its places: it answers nowhere any more."""
        async with self._one_at_a_time:
            self._plan = Plan()
            await self._web.stop()
            self._places.close()

    async def _desired(self, before: Plan, after: Plan) -> Desired:
        plan = after.admin
        places = await asyncio.to_thread(lambda: tuple(self._wanted(each, plan) for each in plan.listeners))
        proxied = sockets_of(after.relays)
        return Desired(places=places, proxied=proxied, ours=proxied | sockets_of(before.relays))

    def _wanted(self, listener: AdminListener, plan: AdminPlan) -> Wanted:
        try:
            keys = self._keys.own(plan.names) if listener.certificate is None else self._keys.named(listener.certificate)
        except FlawedKeysError as error:
            return Wanted(listener.endpoint, None, str(error), listener.span)
        except MachineError as error:
            return Wanted(listener.endpoint, None, f"the admin server has no certificate: could not {error}", listener.span)
        return Wanted(listener.endpoint, keys, span=listener.span)
