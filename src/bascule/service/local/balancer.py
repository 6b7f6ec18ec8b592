"""The running balancer: keeps the machine equal to the plan, and the plan equal to what the checks say."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from bascule.config.diagnostics import Diagnostic
from bascule.config.facts import Facts
from bascule.config.model import Configuration, EngineName
from bascule.config.names import questions
from bascule.deploy.transaction import NotTakenBack, RehearsalRefused, Step, deploy
from bascule.engines.network.links import told
from bascule.engines.nftables.foreign import Obstacle
from bascule.engines.nftables.read import kept_marks
from bascule.engines.proxy.desired import proxy_plan
from bascule.engines.proxy.engine import ProxyEngine
from bascule.engines.proxy.wire import Chosen
from bascule.health.outcome import Outcome
from bascule.health.states import HostStates
from bascule.health.supervisor import ProbeProcess
from bascule.plan.compile import Situation, States, ordered, redeal
from bascule.plan.duplicates import duplicate_words, duplicates, still_asked
from bascule.plan.explain import suppose
from bascule.plan.fullness import Member, by_member, filled, full_members, limited, still_full
from bascule.plan.least import NO_LOAD
from bascule.plan.model import HostState, MarkOwner, Plan, PlannedAddress, PlannedRoute, PoolHost, ProbeTarget, RelayPlan
from bascule.plan.orders import Orders
from bascule.plan.slots import Rankings
from bascule.plan.uplinks import led_by
from bascule.service.events import EventKind, Grade
from bascule.service.local.admin import AdminServer
from bascule.service.local.belief import Belief, believe, idle, returning
from bascule.service.local.departed import departed
from bascule.service.local.inherited import served_by_kernel, served_by_proxy
from bascule.service.local.journal import Journal
from bascule.service.local.kernel import Kernel
from bascule.service.local.leveling import CALM, NOTHING_COUNTED, PERIOD, Count, carried, count_sessions, levels, load_of
from bascule.service.local.machine import Machine
from bascule.service.local.news import fullness_news, host_news, relay_news, standing_news
from bascule.service.local.polling import Awaited
from bascule.service.local.preparation import compiled
from bascule.service.local.remarks import remark_news
from bascule.service.local.running import Running, holding
from bascule.service.local.uplinks.news import Uplinks, uplink_news
from bascule.service.local.watching import Occasion, follow_machine
from bascule.service.local.words import counted
from bascule.system.ctnetlink import Session
from bascule.system.errors import MachineError
from bascule.system.progress import Tell, silence

LONGEST_POLL: Final = 20.0
"""Seconds that a poll waits for results: within the patience of whoever asks."""

KILLED_AT_ONCE: Final = 2048
"""Sessions that are killed before the results of checks have their turn."""


class Balancer:
    """One configuration at work. `start` it, let `watch` run, and read `running` whenever."""

    def __init__(
        self, machine: Machine, proxy: ProxyEngine, prober: ProbeProcess, admin: AdminServer, journal: Journal
    ) -> None:
        self._machine = machine
        self.admin = admin
        """The admin server, which goes by what runs."""
        self._network = machine.network()
        self._kernel = Kernel(machine)
        self._proxy = proxy
        self._prober = prober
        self._journal = journal
        self._rankings = Rankings()
        self._polls: set[Awaited] = set()
        self._load = NO_LOAD
        self._full: frozenset[Member] = frozenset()
        self._fill = 0.0
        """The share of the kernel's table of sessions that was taken when a result was last judged."""
        self._count = NOTHING_COUNTED
        self._lock = asyncio.Lock()
        self._running: Running | None = None
        self._hosts = HostStates()
        self._results = asyncio.Event()
        """Something that probes found may change what is believed."""
        self.obstacles: tuple[Obstacle, ...] = ()
        """Chains of others that for certain stop what relays carry, as last seen."""
        self._trouble = ""
        self._led: frozenset[PlannedRoute] = frozenset()
        """Our routes as they were found at the start."""
        self._over = False

    @property
    def running(self) -> Running:
        """Return what runs now; a bug where nothing was started."""
        assert self._running is not None, "asked before start"
        return replace(self._running, hosts=self._hosts)

    async def kill(self, sessions: Sequence[Session]) -> None:
        """End these sessions of the kernel, at both ends. Raises MachineError."""
        for start in range(0, len(sessions), KILLED_AT_ONCE):
            async with self._lock:
                await self._kernel.kill(sessions[start : start + KILLED_AT_ONCE])

    async def refusals(self) -> Mapping[str, int]:
        """Return how many clients the kernel has refused so far, by relay. Raises MachineError."""
        return await self._kernel.refusals(self.running.plan)

    def troubles(self) -> Sequence[str]:
        """Return what the machine would not do for relays when it was last asked, and has not done since."""
        return [self._trouble] if self._trouble else []

    async def hold(self, configuration: Configuration, name: str, facts: Facts, orders: Orders, why: str) -> None:
        """Put no more into effect than the admin server, and leave the machine as it is until a `reload` succeeds.

        `why` is told as a trouble.
        """
        marks: Mapping[MarkOwner, int] = {}
        with suppress(MachineError):  # they name the sessions that go on, no more
            marks = kept_marks(await self._kernel.rules())
        self._running = holding(configuration, name, facts, orders, marks)
        self.admin.follow(self._running.plan)
        self.tell_trouble(why)

    async def start(
        self,
        configuration: Configuration,
        name: str,
        facts: Facts,
        orders: Orders,
        *,
        mine: bool = False,
        committed: Configuration | None = None,
    ) -> Sequence[Diagnostic]:
        """Put a configuration into effect, adopting what an earlier parent left: sessions, slots, workers.

        `orders` are those that administrators gave and that still stand; `mine` says that rules which are found are ours,
        whatever the configuration needs; `committed` is what comes back unless the configuration is committed, where it is
        one that is tested.

        Returns the warnings of the rehearsals. Raises RehearsalRefused and MachineError; then nothing has changed. No relay
        waits for the admin server.
        """
        rules = None if facts.no_nftables else await self._kernel.rules()
        self._led = await self._our_routes(facts)
        needed = compiled(configuration, self._situation(facts, {}, kept_marks(rules), orders, committed))
        kept = await self._kernel.kept(rules, needed)
        plan = compiled(configuration, self._situation(facts, {}, kept, orders, committed))
        if not mine:
            plan, rules = self._kernel.ours(plan, rules)
        self._kernel.claim(plan)
        live = (
            served_by_kernel(plan, rules)
            | served_by_proxy(plan, await self._proxy.observe())
            | led_by(plan.routers, self._led)
        )
        self._hosts = self._retargeted(plan, live)
        belief = Belief(states=self._hosts.states())
        plan = self._redealt(plan, belief.states)
        said = await self._deploy(plan, belief.states)
        if rules is not None:
            await self._kernel.adopt()
        self._running = Running(
            configuration=configuration,
            name=name,
            since=datetime.now(UTC),
            facts=facts,
            plan=plan,
            hosts=self._hosts,
            belief=belief,
            orders=orders,
            committed=committed,
        )
        await self._kernel.settle(self.running.plan, self.running.facts)
        await self._tell_prober()
        await self._try(self._look_around)
        self.admin.follow(plan)
        return said

    async def reload(
        self,
        configuration: Configuration,
        name: str,
        facts: Facts,
        tell: Tell = silence,
        *,
        committed: Configuration | None = None,
        back: bool = False,
    ) -> Sequence[Diagnostic]:
        """Put another configuration into effect; what it does not change stays: states of hosts, sessions, counters.

        `committed` is what comes back unless this one is committed: its admin server goes on. `back` says that this is what
        comes back, which does not wait for the admin server.

        Returns the warnings of the rehearsals. Raises RehearsalRefused and MachineError; then nothing has changed.
        """
        async with self._lock:
            if self._over:
                raise MachineError("load the configuration", "Bascule is about to end")
            before = self.running
            if before.held:
                return await self.start(configuration, name, facts, before.orders, committed=committed)
            after = replace(
                before, configuration=configuration, name=name, since=datetime.now(UTC), facts=facts, committed=committed
            )
            return await self._bring(before, after, tell, waits=not back)

    async def _bring(self, before: Running, after: Running, tell: Tell = silence, *, waits: bool) -> Sequence[Diagnostic]:
        """Bring the machine to another configuration, or to other hosts of it; `waits` for the admin server or not."""
        situation = self._situation(after.facts, before.belief.states, before.plan.marks, before.orders, after.committed)
        plan = await asyncio.to_thread(compiled, after.configuration, situation)  # a large firewall takes seconds
        belief = believe(before.belief, self._retargeted(plan), plan, self._fill)
        full, self._full = self._full, still_full(before.plan, plan, self._full)
        plan = self._redealt(plan, belief.states)
        self._kernel.claim(plan)
        try:
            said = await self.admin.beside(plan, partial(self._deploy, plan, belief.states, tell), waits=waits)
        except (MachineError, RehearsalRefused) as error:
            self._full = full
            if not before.plan.in_kernel:
                self._kernel.let_go()
            if isinstance(error, NotTakenBack):
                self.tell_trouble(f"could not {error}")  # the next glance mends it
            raise
        tell("ending the sessions of hosts that leave", 0, 0)
        self._hosts = self._retargeted(plan)
        self._running = replace(after, plan=plan, hosts=self._hosts, belief=belief)
        self._rankings.forget_all_but([relay.pool for relay in (*before.plan.relays, *plan.relays)])
        await self._tell_prober()
        await self._try(partial(self._follow_up, before))
        return said

    async def log_in_anew(self) -> None:
        """Have checks log in with the secrets as they are kept now: no plan changes by them."""
        await self._prober.set_probes(self.running.plan.probes)

    async def _tell_prober(self) -> None:
        await self.log_in_anew()
        await self._prober.set_questions(questions(self.running.configuration))

    def supposed(self, plan: Plan, *, runs: bool = False) -> Plan:
        """Return a plan, one that `runs` or may never, with every host up. It takes seconds: any thread may ask."""
        return suppose(plan, rankings=self._rankings if runs else self._rankings.apart())

    def imagined(self, configuration: Configuration, facts: Facts, committed: Configuration | None = None) -> Plan:
        """Return what a configuration would come to with every host up, when it is tested. Raises MachineError."""
        now = self.running
        return self.supposed(compiled(configuration, self._situation(facts, {}, now.plan.marks, now.orders, committed)))

    async def settle_for(self, name: str) -> None:
        """Go on with what was tested, under a name of its own: what was kept for its end goes."""
        async with self._lock:
            before = self.running
            plan = replace(before.plan, admin=before.plan.admin.alone())
            self._running = replace(before, name=name, plan=plan, committed=None)
            if plan.admin != before.plan.admin and not self._over:
                self.admin.follow(plan)
                await self._try(self._mend)

    async def _follow_up(self, before: Running) -> None:
        """Do what a new configuration brings with it once it is in effect."""
        await self._kernel.settle(self.running.plan, self.running.facts)
        await self._look_around()
        await self._end_sessions()
        leaving = departed(before.plan, self.running.plan)
        ended = await self._kernel.end(leaving)
        if ended:
            words = f"{counted(ended, 'session')} of hosts that were taken out of the configuration ended"
            self._journal.note(EventKind.SESSIONS, words, number=ended)

    async def stop(self, *, pages: bool = True) -> None:
        """Change nothing on the machine any more; what runs there goes on, but with `pages` not the admin server."""
        async with self._lock:
            self._over = True
            self._kernel.let_go()
            if pages:
                await self.admin.stop()

    async def watch(self) -> None:
        """Follow the checks and the machine until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.admin.watch())
            tasks.create_task(self._follow_checks())
            tasks.create_task(self._follow_results())
            tasks.create_task(follow_machine(self._machine.changes, self._machine.clock, self._look))
            tasks.create_task(self._follow_load())

    # --- hosts ------------------------------------------------------------------------------------------------------

    async def _follow_checks(self) -> None:
        async for target, outcome in self._prober.outcomes():
            self.heard(target, outcome)
            await asyncio.sleep(0)  # results that wait must not keep everybody else waiting

    def heard(self, target: ProbeTarget, outcome: Outcome) -> None:
        """Take one result of a probe; what it changes follows at once, together with other results that came meanwhile."""
        before = self._hosts
        self._hosts, changed = before.apply(target, outcome, self._machine.clock.monotonic())
        for news in remark_news(self.running.plan, target, before, self._hosts):
            news.tell(self._journal)
        for poll in self._polls:
            poll.heard(target, up=outcome.up)
        if changed or self.running.belief.suspicion:
            self._results.set()

    async def _follow_results(self) -> None:
        while True:
            await self._results.wait()
            self._results.clear()
            async with self._lock:
                if not self._over:
                    self._fill = await self._kernel.full(self.running.plan)
                    await self._believe()

    async def poll(self, tell: Tell = silence) -> Awaited:
        """Have every host checked now, and return how that went: when all results are in, or time is up."""
        awaited = Awaited(self.running.plan.targets, tell)
        self._polls.add(awaited)
        try:
            await self._prober.probe_now()
            await awaited.wait(LONGEST_POLL)
        finally:
            self._polls.discard(awaited)
        return awaited

    async def _believe(self) -> None:
        before = self.running
        belief = believe(before.belief, before.hosts, before.plan, self._fill)
        if belief == before.belief:
            return
        if belief.suspicion != before.belief.suspicion:
            grade = Grade.WARNING if belief.suspicion else Grade.INFO
            self._journal.note(EventKind.SUSPICION, belief.suspicion or "checks are believed again", grade=grade)
        plan = self._redealt(before.plan, belief.states)
        for news in host_news(plan, before.belief.states, belief.states, before.hosts):
            news.tell(self._journal)
        for news in (
            *relay_news(before.plan, plan),
            *standing_news(plan, before.belief.states, belief.states),
            *uplink_news(Uplinks(before.plan, before.belief.states), Uplinks(plan, belief.states), before.hosts),
        ):
            news.tell(self._journal)
        await self._turn_to(replace(before, belief=belief, plan=plan))

    async def _turn_to(self, after: Running) -> None:
        """Bring the machine to the slots of what shall run, then show it as running, and end what has ended by that."""
        try:
            await self._flip(self.running.plan, after)
            self._running = after
            await self._end_sessions()
        except (MachineError, RehearsalRefused) as error:
            self._running = after
            self._journal.note(EventKind.MACHINE, f"could not {error}; now the whole is compared", grade=Grade.WARNING)
            await self._try(self._mend)

    async def _flip(self, before: Plan, after: Running) -> None:
        """Bring the slots to the kernel and the workers, and the routes of routers to the kernel."""
        await self._kernel.flip(before, after.plan)
        if before.network != after.plan.network:
            await deploy([Step(engine, after.plan.network) for engine in self._network])
        if after.plan.of(EngineName.PROXY):
            await deploy([Step(self._proxy, proxy_plan(after.plan, after.belief.states))])

    async def _end_sessions(self) -> None:
        """End what another host can serve instead, and is not ended already."""
        ended = await self._kernel.end_doomed(self.running.plan, self.running.belief.states)
        if ended:
            words = f"{counted(ended, 'session')} of hosts that are down ended: the clients can connect again at once"
            self._journal.note(EventKind.SESSIONS, words, number=ended)

    async def _follow_load(self) -> None:
        """Deal slots anew from the sessions that are counted: by `least-states`, and past hosts that are full."""
        while True:
            await self._machine.clock.sleep(max(PERIOD, CALM * self._count.cost))
            if not levels(self.running.plan) and not limited(self.running.plan):
                continue
            try:
                self._count, proxied = await self._counted(self.running.plan)
            except MachineError:
                continue  # the deal stays as it is, and the kernel is asked again in a second
            async with self._lock:
                if not self._over:
                    await self._level(proxied)

    async def _counted(self, plan: Plan) -> tuple[Count, Counter[Member]]:
        """Return the sessions of the kernel by mark, and those of the proxy by member of a table. Raises MachineError."""
        kernel = bool(plan.of(EngineName.KERNEL))
        count = await count_sessions(self._machine.accounts, self._count) if kernel else NOTHING_COUNTED
        limits_proxy = limited(plan) and plan.of(EngineName.PROXY)
        return count, carried(plan, await self._proxy.status()) if limits_proxy else Counter()

    async def _level(self, proxied: Counter[Member]) -> None:
        before = self.running
        self._load = load_of(before.plan, self._count, self._hosts, self._machine.clock.monotonic())
        counted = by_member(before.plan, self._count.living) + proxied
        was, self._full = self._full, full_members(before.plan, counted, self._full)
        for news in fullness_news(before.plan, was, self._full):
            news.tell(self._journal)
        plan = self._redealt(before.plan, before.belief.states)
        if plan.relays != before.plan.relays:
            for news in relay_news(before.plan, plan):
                news.tell(self._journal)
            await self._turn_to(replace(before, plan=plan))

    # --- administrators ---------------------------------------------------------------------------------------------

    async def obey(self, orders: Orders) -> None:
        """Have hosts do what these orders say; the slots follow at once.

        A host that is disabled forgets what its checks said: when it comes back the next one alone decides.
        """
        async with self._lock:
            if self._over:
                return
            before = self.running
            plan = ordered(before.plan, orders)
            now = self._machine.clock.monotonic()
            back = returning(before.plan, plan, before.belief.states)
            self._hosts = self._hosts.resting(idle(plan), now).back(back, now)
            belief = believe(before.belief, self._hosts, plan, self._fill)
            plan = self._redealt(plan, belief.states)
            for news in relay_news(before.plan, plan):
                news.tell(self._journal)
            await self._turn_to(replace(before, plan=plan, belief=belief, orders=orders))

    async def flush(self, meant: Callable[[RelayPlan, PoolHost], bool]) -> int:
        """End every session of the hosts that are meant, relay by relay, at both ends; return how many lived.

        Raises MachineError.
        """
        async with self._lock:
            running = self.running
            places = [(relay, host) for relay in running.plan.relays for host in relay.pool.hosts if meant(relay, host)]
            marks = [host.mark for _, host in places if host.mark]
            serving = [host.mark for _, host in places if host.mark and running.state(host) is HostState.UP]
            ended = await self._kernel.end(marks, serving)
            for relay, host in places:
                if relay.engine is EngineName.PROXY:
                    ended += await self._proxy.kill(Chosen(host=str(host.endpoint), relay=relay.name))
            return ended

    # --- the machine ------------------------------------------------------------------------------------------------

    async def look_at_names(self) -> None:
        """Have hosts be what their names stand for now; where the machine would not, it is tried again."""
        await self._look(Occasion(rules=False, due=False))

    async def _our_routes(self, facts: Facts) -> frozenset[PlannedRoute]:
        """Return the routes that an earlier parent left. Raises MachineError."""
        arrivals, _ = self._network
        return frozenset() if facts.no_addressing else (await arrivals.observe()).our_routes()

    async def _look(self, occasion: Occasion) -> None:
        async with self._lock:
            if not self._over and not self.running.held:
                await self._try(partial(self._glance, occasion))

    async def _try(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do what the machine may refuse; the balancer goes on, says so once, and tries again at the next glance."""
        try:
            await work()
        except (MachineError, RehearsalRefused) as error:
            self.tell_trouble(f"could not {error}" if isinstance(error, MachineError) else str(error))
        else:
            self._trouble = ""

    def tell_trouble(self, trouble: str) -> None:
        """Have `troubles` tell what the machine would not do, and the journal too where it is new."""
        if trouble != self._trouble:
            self._journal.note(EventKind.MACHINE, trouble, grade=Grade.WARNING)
        self._trouble = trouble

    async def _glance(self, occasion: Occasion) -> None:
        """Look at the machine; mend what somebody else changed, and follow what has changed there."""
        before = self.running
        seen = still_asked(await self._machine.facts(before.facts.no_nftables), before.facts)
        facts = replace(seen, table_files=before.facts.table_files)  # they are read where a text is put into effect
        due = occasion.due or bool(self._trouble)
        if facts.names != self.running.facts.names:
            await self._bring(self.running, replace(self.running, facts=facts), waits=False)
        if occasion.rules or due:
            await self._mend_rules()
            await self._look_around()
        if due or replace(facts, sysctls={}) != replace(self.running.facts, sysctls={}):
            self._running = replace(self.running, facts=facts)
            lost = await self._lost()
            await self._mend()
            self._tell_duplicates(before)
            if lost:
                words = f"somebody else took {lost}: it is there again"
                self._journal.note(EventKind.MACHINE, words, grade=Grade.WARNING, state="mended")
            await self._kernel.settle(self.running.plan, self.running.facts)
        await self._end_sessions()
        if occasion.due:
            await self._network[0].again(self.duplicates())

    def duplicates(self) -> Sequence[PlannedAddress]:
        """Return the addresses of ours that another machine has too, as was seen last."""
        return duplicates(self.running.plan.network, self.running.facts)

    def _tell_duplicates(self, before: Running) -> None:
        known, now = duplicates(before.plan.network, before.facts), self.duplicates()
        for each in now:
            if each not in known:
                self._journal.note(EventKind.MACHINE, duplicate_words(each), grade=Grade.WARNING, state="duplicated")
        for each in known:
            if each not in now:
                self._journal.note(EventKind.MACHINE, f"no other machine has {each.address.ip} any more", state="free")

    async def drift(self) -> Sequence[str]:
        """Return how the machine differs from what it should be, a sentence each. Raises MachineError."""
        async with self._lock:
            if self.running.held:
                return self.troubles()
            plan, rules = self.running.plan, await self._kernel.drift(self.running.plan)
            lost = await self._lost()
            return [
                *([f"somebody else {rules}"] if rules else []),
                *([f"somebody else took {lost}"] if lost else []),
                *map(duplicate_words, self.duplicates()),
                *await self._kernel.changed_settings(plan),
            ]

    async def _lost(self) -> str:
        """Return what of ours the interfaces have no more, in words. Raises MachineError."""
        arrivals, _ = self._network
        return told(arrivals.difference(self.running.plan.network, await arrivals.observe()))

    async def look_for_obstacles(self) -> Sequence[Obstacle]:
        """Return the chains of others that stop what relays carry, for certain or perhaps. Raises MachineError."""
        if self.running.facts.no_nftables:
            return ()
        return await self._kernel.obstacles(self.running.plan)

    async def _look_around(self) -> None:
        """See what rules of others do to our relays."""
        if self.running.facts.no_nftables:
            return
        found = await self.look_for_obstacles()
        before, self.obstacles = self.obstacles, tuple(obstacle for obstacle in found if obstacle.certain)
        for obstacle in self.obstacles:
            if obstacle not in before:
                self._journal.note(EventKind.RULES, obstacle.message, grade=Grade.WARNING, state="obstructed")
        for obstacle in before:
            if obstacle not in self.obstacles:
                self._journal.note(EventKind.RULES, f"no longer so: {obstacle.message}", state="free")

    async def _mend_rules(self) -> None:
        """Put our rules back where somebody else changed them."""
        what = await self._kernel.drift(self.running.plan)
        if not what:
            return
        await self._deploy(self.running.plan, self.running.belief.states)
        await self._kernel.settle(self.running.plan, self.running.facts)
        if not self._trouble:
            words = f"somebody else {what}; they are as they should be again"
            self._journal.note(EventKind.RULES, words, grade=Grade.WARNING, state="mended")

    async def _mend(self) -> None:
        """Compile anew and make the machine equal to it."""
        before = self.running
        situation = self._situation(before.facts, before.belief.states, before.plan.marks, before.orders, before.committed)
        plan = await asyncio.to_thread(compiled, before.configuration, situation)
        plan = self._redealt(plan, before.belief.states)
        await self._deploy(plan, before.belief.states)
        self.admin.follow(plan)
        self._hosts = self._retargeted(plan)
        self._running = replace(before, plan=plan)
        await self._prober.set_probes(plan.probes)

    async def _deploy(
        self, plan: Plan, states: States, tell: Tell = silence, around: Sequence[Step] = ()
    ) -> Sequence[Diagnostic]:
        """Make the machine equal to a plan; the first step `around` goes before everything else, the others behind it."""
        arrivals, departures = (Step(engine, plan.network) for engine in self._network)
        proxy = Step(self._proxy, proxy_plan(plan, states, self.admin.open()))
        kernel = await asyncio.to_thread(self._kernel.steps, plan)
        # The kernel's rules first: an address that comes before them would have this machine itself reset its clients.
        said = await deploy([*around[:1], *kernel, arrivals, proxy, departures, *around[1:]], tell)
        for warning in said:
            self._journal.note(EventKind.MACHINE, warning.render(), grade=Grade.WARNING)
        return said

    def _redealt(self, plan: Plan, states: Mapping[ProbeTarget, HostState]) -> Plan:
        return redeal(filled(plan, self._full), states, self._rankings, self._load)

    def _retargeted(self, plan: Plan, live: Collection[ProbeTarget] = ()) -> HostStates:
        now = self._machine.clock.monotonic()
        return self._hosts.retarget(plan.targets, now, live=live).resting(idle(plan), now)

    def _situation(
        self, facts: Facts, states: States, marks: Mapping[MarkOwner, int], orders: Orders, committed: Configuration | None
    ) -> Situation:
        led = self._led if self._running is None else frozenset(self._running.plan.network.routes)
        seen = Situation(facts=facts, states=states, marks=marks, rankings=self._rankings, led=led)
        return replace(seen, orders=orders, committed=committed)
