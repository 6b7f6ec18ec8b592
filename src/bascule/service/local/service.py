"""The operations of a running parent, done."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from msgspec import structs

from bascule import __version__
from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Severity
from bascule.engines.nftables.engine import NftablesEngine
from bascule.engines.nftables.ruleset import FAMILY, TABLE
from bascule.engines.proxy.engine import ProxyEngine
from bascule.plan.duplicates import duplicate_words
from bascule.plan.orders import Duty
from bascule.service import deployment, operations, results
from bascule.service.affinity import AffinityReport, AskAffinity
from bascule.service.alerts import AlertTried, TryAlert
from bascule.service.archives import BackupPart, BackupRows, FetchBackup, ShowBackups
from bascule.service.audit import AuditLog
from bascule.service.capture import Capture, Captured
from bascule.service.certificates import CertificateKept, UploadCertificate
from bascule.service.checking import Checked
from bascule.service.events import EventKind
from bascule.service.exchange_health import ExchangeHealth, ShowExchange
from bascule.service.failures import Busy, Conflict, OperationFailed
from bascule.service.firewall import FirewallRules, ShowFirewall
from bascule.service.local.administration import Administration
from bascule.service.local.affinity import affinity
from bascule.service.local.archives import backup_parts, backup_rows
from bascule.service.local.audit_rows import audit_rows
from bascule.service.local.balancer import Balancer
from bascule.service.local.capture.capturing import Captures
from bascule.service.local.certificates import keep_certificate
from bascule.service.local.clearing import clear_machine
from bascule.service.local.counters.rows import counter_rows
from bascule.service.local.counters.sampling import Counters
from bascule.service.local.deploying import Deployments
from bascule.service.local.doctor import Evidence, examine
from bascule.service.local.exchange_health import exchange_health
from bascule.service.local.explaining import explained, known_of
from bascule.service.local.firewall_rows import firewall_rows, walk_rows
from bascule.service.local.journal import Journal
from bascule.service.local.leveling import CALM
from bascule.service.local.logins.book import LoginBook, no_accounts
from bascule.service.local.machine import Machine
from bascule.service.local.measuring import Measuring
from bascule.service.local.metrics import require_reader
from bascule.service.local.network_rows import interface_rows, route_rows
from bascule.service.local.outward.telling import Telling
from bascule.service.local.people import PeopleService
from bascule.service.local.preparation import Use, judge_here
from bascule.service.local.reloading import ConfigurationFile
from bascule.service.local.remarks import remark_findings, resting_hosts
from bascule.service.local.reported import engine_uses, level_of
from bascule.service.local.restoring import Restoring
from bascule.service.local.rows import SessionCounts, count_hosts, count_relays, full_hosts, order_row, relay_rows
from bascule.service.local.running import Running
from bascule.service.local.session_counts import session_counts
from bascule.service.local.session_table import SessionTable
from bascule.service.local.sticky import StickyClients
from bascule.service.local.tables import AddressTables
from bascule.service.local.telling import how_it_goes
from bascule.service.local.trying import tried
from bascule.service.local.uplinks.rows import router_rows, uplink_findings
from bascule.service.local.words import counted
from bascule.service.measured import MeasuredHistory
from bascule.service.metrics import ShowMetrics
from bascule.service.network import Interfaces, Routes, ShowInterfaces, ShowRoutes
from bascule.service.request import Context
from bascule.service.restoring import BackupContents, BackupUploaded, RestoreBackup, Restored, ShowBackup, UploadBackup
from bascule.service.service import ByMethods
from bascule.service.sessions import SessionOrder
from bascule.service.tables import ChangeTable, ShowTables, TableChanged, Tables
from bascule.store.audit import Audit
from bascule.system.surroundings import interface_states, route_states

_LATELY: Final = timedelta(days=1)
_MOST_RECENT: Final = 8
"""Changes that `status` tells; `show log` has all of them."""

_WATCHED: Final = 2.0
"""Seconds between two looks at the counters for one who watches them."""

_RECENT: Final = 1.0
"""Seconds that a look may be old for one who asks for a recent one."""

GOING_ON: Final = (
    "kernel rules and proxy workers stay: relays go on without health checks (take everything away with: bascule clear)"
)
LEFT: Final = "what it could not take away is told by the one who cleared"
CLEARED: Final = "nothing of it is left on this machine but its files"


class Watch(Protocol):
    """Whoever has an eye on something."""

    def findings(self) -> Sequence[str]:
        """Return what needs an eye now, a sentence each."""
        ...


class LocalService(ByMethods, PeopleService):
    """Answers for one balancer; `end` has the parent end once the answer is sent, with last words on what goes on."""

    def __init__(
        self,
        machine: Machine,
        balancer: Balancer,
        proxy: ProxyEngine,
        *,
        administration: Administration,
        audit: Audit,
        source: ConfigurationFile | Deployments,
        journal: Journal,
        sessions: SessionTable,
        counters: Counters,
        measuring: Measuring,
        tables: AddressTables,
        logins: LoginBook | None,
        captures: Captures,
        telling: Telling,
        restoring: Restoring | None,
        watches: Sequence[Watch],
        end: Callable[[str], None],
    ) -> None:
        super().__init__(balancer, source, logins)
        self._machine = machine
        self._balancer = balancer
        self._proxy = proxy
        self._administration = administration
        self._audit = audit
        self._source = source
        self._journal = journal
        self._sessions = sessions
        self._counters = counters
        self._measuring = measuring
        self._tables = tables
        self._captures = captures
        self._telling = telling
        self._restoring = restoring
        self._watches = watches
        self._sticky = StickyClients(machine.nft)
        self._end = end

    async def status(self, _: Context, __: operations.Status, /) -> results.StatusReport:
        """Say how it goes, from what the checks and the kernel say now."""
        running = self._balancer.running
        relays, active = count_relays(running)
        hosts, up = count_hosts(running)
        findings = (*self._findings(running), *await self._crowds(running))
        resting = tuple(resting_hosts(running.plan, running.belief.states, running.hosts))
        down = max(0, hosts - up - len(resting))
        return results.StatusReport(
            level=results.Level.DOWN if running.held else level_of(relays, active, down, findings),
            sentence=how_it_goes(relays, active, hosts, up, failing=bool(self._balancer.troubles()), held=running.held),
            version=__version__,
            pid=os.getpid(),
            configuration=running.name,
            since=running.since,
            relays=relays,
            relays_active=active,
            hosts=hosts,
            hosts_up=up,
            engines=tuple(engine_uses(running)),
            findings=findings,
            maintenance=resting,
            admin=self._balancer.admin.rows(running.plan),
            pending=self._source.pending if isinstance(self._source, Deployments) else None,
            orders=tuple(order_row(order) for order in running.orders if order.duty is not Duty.SERVES),
            recent=tuple(
                results.Recent(at=event.time, words=event.words) for event in self._journal.changes(_LATELY, _MOST_RECENT)
            ),
        )

    async def doctor(self, _: Context, __: operations.AskDoctor, /) -> results.DoctorReport:
        """Gather the evidence as it is now, and examine it."""
        running = self._balancer.running
        suspicion = running.belief.suspicion
        evidence = Evidence(
            plan=running.plan,
            ownership=Ownership(running.configuration, running.facts),
            troubles=self._balancer.troubles(),
            doubts=(
                *([suspicion] if suspicion else []),
                *await self._sticky.crowds(running.plan),
                *self._watched(),
                *full_hosts(running.plan),
                *uplink_findings(running),
                *remark_findings(running.plan, running.hosts),
                *map(duplicate_words, self._balancer.duplicates()),
            ),
            obstacles=await self._balancer.look_for_obstacles(),
            meetings=await self._sessions.meetings(),
        )
        return results.DoctorReport(findings=tuple(examine(evidence)))

    async def show_relays(self, _: Context, request: operations.ShowRelays, /) -> results.Relays:
        """List relays with their hosts, and the sessions that the kernel and the workers have."""
        running, now = self._balancer.running, self._machine.clock.monotonic()
        if request.recent:
            look = (await self._counters.recent(_RECENT))[0]
            counts: SessionCounts = {(key.relay, key.host): number for key, number in look.sessions.items()}
        else:
            counts = await session_counts(running, self._machine, self._proxy)
        shown = relay_rows(running, counts, now, most=request.most, only=request.relay)
        return structs.replace(shown, routers=tuple(router_rows(running, now)))

    async def show_exchange(self, _: Context, __: ShowExchange, /) -> ExchangeHealth:
        """Draw the picture of what the probes last heard."""
        now = self._machine.clock.monotonic()
        return exchange_health(self._balancer.running, monotonic=now, now=datetime.now(UTC))

    async def show_firewall(self, _: Context, request: ShowFirewall, /) -> FirewallRules:
        """Say what each rule is, and what caused it."""
        running = self._balancer.running
        if running.plan.firewall is not None and not request.kernel:
            counted = await self._machine.nft.counters(FAMILY, TABLE) if request.counters else {}
            return FirewallRules(walk=tuple(walk_rows(running.plan.firewall, counted)))
        if request.walk:
            return FirewallRules()
        refusal = running.facts.no_nftables
        rules = await NftablesEngine(self._machine.nft).observe() if running.plan.in_kernel else None
        return firewall_rows(rules, running.plan, refusal and f"nftables may not be used here: {refusal}")

    async def show_interfaces(self, _: Context, __: ShowInterfaces, /) -> Interfaces:
        """Read them from the kernel."""
        running = self._balancer.running
        return interface_rows(await asyncio.to_thread(interface_states), running.configuration, running.facts.given)

    async def show_routes(self, _: Context, __: ShowRoutes, /) -> Routes:
        """Read them from the kernel."""
        return route_rows(await asyncio.to_thread(route_states), self._balancer.running.plan)

    async def show_tables(self, _: Context, request: ShowTables, /) -> Tables:
        """List them."""
        return await self._tables.listed(request)

    async def change_table(self, context: Context, request: ChangeTable, /) -> TableChanged:
        """Change one."""
        return await self._tables.change(request, context.user)

    async def alert_test(self, _: Context, request: TryAlert, /) -> AlertTried:
        """Have a test sent."""
        return await self._telling.test(request)

    async def show_log(self, _: Context, request: operations.ShowLog, /) -> results.Events:
        """List what the journal has kept."""
        return results.Events(events=tuple(self._journal.last(request.last)))

    async def monitor(self, _: Context, request: operations.Monitor, /) -> AsyncIterator[results.Events]:
        """Yield what the journal has kept, then what comes."""
        with self._journal.reader(sessions=request.sessions) as reader:
            yield results.Events(events=tuple(self._journal.last(request.last)))
            while True:
                yield await reader.next()

    async def poll(self, context: Context, _: operations.Poll, /) -> results.Polled:
        """Check everything now."""
        came = await self._balancer.poll(context.tell)
        return results.Polled(checks=came.checks, up=came.up, late=came.missing)

    async def reload(self, context: Context, _: operations.Reload, /) -> results.Reloaded:
        """Read the configuration again."""
        if isinstance(self._source, Deployments):
            words = "this Bascule runs what was committed, not a file: use `bascule deploy FILE`"
            raise OperationFailed(Conflict(message=words))
        return await self._source.reload(context.tell)

    async def deploy(self, context: Context, request: deployment.Deploy, /) -> results.Deployed:
        """Put a configuration into effect for a time."""
        deployments = self._deployments()
        meant = await deployments.copies.meant(request, context.user)
        return await deployments.deploy(meant, context.user, context.tell, role=context.role)

    async def show_drift(self, _: Context, __: operations.ShowDrift, /) -> results.Drift:
        """Compare now; what is ours is mended by itself within seconds."""
        return results.Drift(differences=tuple(await self._balancer.drift()))

    async def show_audit(self, _: Context, request: operations.ShowAudit, /) -> AuditLog:
        """List what is kept of it."""
        return await asyncio.to_thread(audit_rows, self._audit, request)

    async def copy_load(self, context: Context, request: deployment.LoadCopy, /) -> results.Loaded:
        """Keep a text as a working copy."""
        return await self._deployments().copies.load(request, context.user)

    async def copy_show(self, context: Context, _: deployment.ShowCopy, /) -> results.CopyText:
        """Return a working copy."""
        return await self._deployments().copies.show(context.user)

    async def copy_discard(self, context: Context, _: deployment.DiscardCopy, /) -> results.Discarded:
        """Forget a working copy."""
        return await self._deployments().copies.discard(context.user)

    async def compare(self, context: Context, request: deployment.Compare, /) -> results.Compared:
        """Say what one configuration changes over another."""
        return await self._deployments().compare(request, context.user)

    async def check(self, context: Context, request: deployment.CheckText, /) -> Checked:
        """Judge a text, or the working copy."""
        text = request.text
        if text is None:
            text = (await self._deployments().copies.show(context.user)).text.encode()
        judged, _ = await judge_here(text, self._machine, self._balancer.running.facts.no_nftables, Use.DEPLOYED)
        return Checked(diagnostics=judged.diagnostics)

    async def show_backups(self, _: Context, __: ShowBackups, /) -> BackupRows:
        """Look into the state folder."""
        return await backup_rows(self._machine.state)

    async def backup_fetch(self, _: Context, request: FetchBackup, /) -> AsyncIterator[BackupPart]:
        """Yield one, part by part."""
        async for part in backup_parts(self._machine.state, request.name):
            yield part

    async def backup_upload(self, _: Context, request: UploadBackup, /) -> BackupUploaded:
        """Take a part of one."""
        return await self._backups().upload(request)

    async def show_backup(self, context: Context, request: ShowBackup, /) -> BackupContents:
        """Look into one."""
        return await self._backups().look(request, context)

    async def backup_restore(self, context: Context, request: RestoreBackup, /) -> Restored:
        """Take one over."""
        return await self._backups().restore(request, context)

    def _backups(self) -> Restoring:
        """Return who restores backups. Raises OperationFailed where a file alone is run."""
        if self._restoring is None:
            raise no_accounts(self._balancer.running.name)
        return self._restoring

    async def certificate_upload(self, _: Context, request: UploadCertificate, /) -> CertificateKept:
        """Keep it in the state folder."""
        return await asyncio.to_thread(keep_certificate, self._machine.state, request, datetime.now(UTC))

    async def commit(self, context: Context, _: deployment.Commit, /) -> results.Deployed:
        """Keep what is deployed."""
        return await self._deployments().commit(context.user, context.tell)

    async def cancel(self, context: Context, _: deployment.Cancel, /) -> results.Deployed:
        """Take back what is deployed."""
        return await self._deployments().cancel(context.user, context.tell)

    async def show_revisions(self, _: Context, request: deployment.ShowRevisions, /) -> results.Revisions:
        """List what was committed."""
        return await self._deployments().revisions(request.limit)

    async def show_revision(self, _: Context, request: deployment.ShowRevision, /) -> results.RevisionText:
        """Return one of them."""
        return await self._deployments().revision(request.number)

    def _deployments(self) -> Deployments:
        """Return where deployments are kept. Raises OperationFailed where a file alone is run."""
        if isinstance(self._source, Deployments):
            return self._source
        words = f"this Bascule runs {self._balancer.running.name} alone: change that file, then `bascule reload`"
        raise OperationFailed(Conflict(message=words))

    async def explain(self, context: Context, request: operations.Explain, /) -> results.Explained:
        """Walk the running plan for each client, or the one that the working copy makes."""
        running, members = self._balancer.running, await self._tables.overloaded()
        if request.working_copy:
            text = (await self._deployments().copies.show(context.user)).text.encode()
            return await tried(text, request, self._machine, self._balancer, members)
        known = known_of(running.plan, running.configuration, running.facts, members)
        return await asyncio.to_thread(explained, running.plan, running.belief.states, request, known)

    async def show_sessions(self, _: Context, request: operations.ShowSessions, /) -> results.Sessions:
        """List the sessions of the kernel and the workers."""
        if request.sort is SessionOrder.NONE and request.client is request.host is request.relay is None:
            look = (await self._counters.recent(_RECENT))[0]
            return await self._sessions.some(request.limit, total=sum(look.sessions.values()))
        return await self._sessions.listed(request)

    async def show_counters(self, _: Context, request: operations.ShowCounters, /) -> results.Counters:
        """Look at what was carried until now."""
        look, rates = await (self._counters.recent(_RECENT) if request.recent else self._counters.now())
        rows = tuple(counter_rows(self._balancer.running, look, rates, most=request.most, only=request.relay))
        return results.Counters(since=self._counters.since, rows=rows, notes=tuple(self._sessions.missing()))

    async def show_metrics(self, context: Context, request: ShowMetrics, /) -> results.Metrics:
        """Say what was counted last, so that asking often costs little."""
        running = self._balancer.running
        require_reader(request.source, running.configuration.system.metrics)
        look = self._counters.last or (await self._counters.now())[0]
        rows = tuple(counter_rows(running, look, {}))
        return results.Metrics(
            status=await self.status(context, operations.Status()),
            relays=relay_rows(running, {}, self._machine.clock.monotonic()),
            counters=results.Counters(since=self._counters.since, rows=rows),
        )

    async def show_history(self, _: Context, request: operations.ShowHistory, /) -> MeasuredHistory:
        """Read what was measured."""
        return await self._measuring.history(request)

    async def watch_counters(self, context: Context, _: operations.WatchCounters, /) -> AsyncIterator[results.Counters]:
        """Look every few seconds; less often where a look takes long."""
        clock = self._machine.clock
        while True:
            began = clock.monotonic()
            yield await self.show_counters(context, operations.ShowCounters())
            await clock.sleep(max(_WATCHED, CALM * (clock.monotonic() - began)))

    async def kill(self, context: Context, request: operations.Kill, /) -> results.Killed:
        """End sessions of the kernel and the workers; an event says whose."""
        killed = await self._sessions.kill(request)
        named = {"client": request.client, "host": request.host, "relay": request.relay, "session": request.id}
        whose = ", ".join(f"{what} {name}" for what, name in named.items() if name is not None) or "all"
        words = f"{counted(killed.sessions, 'session')} ended by {context.user} ({whose})"
        self._journal.note(EventKind.SESSIONS, words, number=killed.sessions)
        return killed

    async def client(self, _: Context, request: operations.AskClient, /) -> results.ClientReport:
        """Gather everything about one client."""
        return await self._sessions.client(request)

    async def exchange_affinity(self, _: Context, request: AskAffinity, /) -> AffinityReport:
        """Hold the plan and the sessions that live against each other."""
        running = self._balancer.running
        known = known_of(running.plan, running.configuration, running.facts, await self._tables.overloaded())
        return await affinity(running, known, self._sessions, request)

    async def who(self, _: Context, request: operations.Who, /) -> results.Whose:
        """Look for an address and port among sessions that live and that have ended."""
        return await self._sessions.who(request)

    async def show_sticky(self, _: Context, request: operations.ShowSticky, /) -> results.Sticky:
        """Read the kernel's maps of clients."""
        return await self._sticky.listed(self._balancer.running.plan, request)

    async def forget_sticky(self, _: Context, request: operations.ForgetSticky, /) -> results.Forgotten:
        """Take clients out of the kernel's maps."""
        return await self._sticky.forget(self._balancer.running.plan, request)

    async def order_host(self, context: Context, request: operations.OrderHost, /) -> results.HostOrdered:
        """Carry out an administrator's order about a host."""
        return await self._administration.give(request, context.user)

    def capture(self, context: Context, request: Capture, /) -> AsyncIterator[Captured]:
        """Capture packets."""
        return self._captures.capture(context, request)

    async def clear(self, context: Context, _: operations.Clear, /) -> results.Cleared:
        """Stop following the machine, then take everything away; the pages may wait for the answer."""
        await self._balancer.stop(pages=False)
        kernel = self._balancer.running.plan.in_kernel or self._balancer.running.held
        cleared = await clear_machine(self._machine, self._proxy, kernel=kernel, tell=context.tell)
        self._end(LEFT if cleared.left else CLEARED)
        return cleared

    async def stop(self, _: Context, __: operations.Stop, /) -> results.Stopped:
        """End the parent alone; not while a deployment waits, which nobody would take back then."""
        if isinstance(self._source, Deployments) and (waiting := self._source.pending):
            words = f"a deployment of {waiting.author} waits for its commit: commit or cancel it first"
            raise OperationFailed(Busy(message=words))
        self._end(GOING_ON)
        return results.Stopped(sentence=GOING_ON)

    def _watched(self) -> Sequence[str]:
        return [words for watch in self._watches for words in watch.findings()]

    def _findings(self, running: Running) -> Sequence[results.Finding]:
        doubts = [running.belief.suspicion] if running.belief.suspicion else []
        warnings = [
            *doubts,
            *self._watched(),
            *(obstacle.message for obstacle in self._balancer.obstacles),
            *full_hosts(running.plan),
            *remark_findings(running.plan, running.hosts),
            *uplink_findings(running),
            *map(duplicate_words, self._balancer.duplicates()),
        ]
        return [
            *(results.Finding(severity=Severity.WARNING, message=words) for words in warnings),
            *(results.Finding(severity=Severity.ERROR, message=trouble) for trouble in self._troubles()),
        ]

    def _troubles(self) -> Sequence[str]:
        deployments = self._source.troubles() if isinstance(self._source, Deployments) else []
        return [*self._balancer.troubles(), *self._balancer.admin.troubles(), *deployments]

    async def _crowds(self, running: Running) -> Sequence[results.Finding]:
        crowds = await self._sticky.crowds(running.plan)
        return [results.Finding(severity=Severity.WARNING, message=crowd) for crowd in crowds]
