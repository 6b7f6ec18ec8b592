"""Puts together what a parent does beside its balancer: deployments, the service, and all that goes on meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from bascule.engines.admin.store import KeyStore
from bascule.engines.admin.supervisor import WebProcess
from bascule.engines.proxy.engine import ProxyEngine
from bascule.service.events import EventKind, Grade
from bascule.service.local.access_log.entry import tell_end
from bascule.service.local.access_log.writer import AccessLogWriter
from bascule.service.local.account_book import AccountBook
from bascule.service.local.admin import AdminServer
from bascule.service.local.administration import Administration
from bascule.service.local.administrators import Administrators
from bascule.service.local.backups import Backups
from bascule.service.local.balancer import Balancer
from bascule.service.local.capture.capturing import Captures
from bascule.service.local.copies import WorkingCopies
from bascule.service.local.counters.sampling import Counters
from bascule.service.local.deploying import Deployments
from bascule.service.local.early import EarlyText
from bascule.service.local.ended import EndedSessions
from bascule.service.local.firewall_log import FirewallLog
from bascule.service.local.gathering import Gathering
from bascule.service.local.journal import Journal
from bascule.service.local.logins.asking import ask
from bascule.service.local.logins.book import LoginBook
from bascule.service.local.logins.codes import Codes
from bascule.service.local.logins.directory import DirectoryLogins
from bascule.service.local.logins.token_book import TokenBook
from bascule.service.local.machine import Machine
from bascule.service.local.measuring import Measuring
from bascule.service.local.names.following import FollowedNames
from bascule.service.local.outward.snmp import SnmpAgent
from bascule.service.local.outward.telling import Around, Telling
from bascule.service.local.passwords import Passwords
from bascule.service.local.published import PublishedText
from bascule.service.local.reloading import ConfigurationFile
from bascule.service.local.restoring import Restoring
from bascule.service.local.service import LocalService
from bascule.service.local.session_counts import session_counts
from bascule.service.local.session_table import SessionTable
from bascule.service.local.soundness import Soundness
from bascule.service.local.tables import AddressTables, ForgottenTables
from bascule.service.local.watches.watching import Watches
from bascule.service.offline import RunRequest
from bascule.service.peer import Peer
from bascule.store.accounts import DatabaseAccounts
from bascule.store.audit import DatabaseAudit, Deed
from bascule.store.copies import DatabaseCopies
from bascule.store.database import Database
from bascule.store.history import History
from bascule.store.orders import DatabaseOrders
from bascule.store.second_factors import DatabaseSecondFactors
from bascule.store.secrets import Secrets
from bascule.store.table_entries import DatabaseEntries
from bascule.store.tokens import DatabaseTokens
from bascule.system.children import Starts
from bascule.system.packet_tap import KernelPacketTap


class Watching(Protocol):
    """Whatever goes on beside the control socket."""

    async def watch(self) -> None:
        """Go on until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Core:
    """What every part of a parent is made with."""

    request: RunRequest
    database: Database
    machine: Machine
    journal: Journal
    balancer: Balancer
    proxy: ProxyEngine
    secrets: Secrets
    starts: Starts
    now: Callable[[], datetime]


def admin_server(web: WebProcess, machine: Machine, journal: Journal, now: Callable[[], datetime]) -> AdminServer:
    """Return the admin server of a web process."""
    return AdminServer(web, KeyStore(machine.state, now=now), journal, clock=machine.clock)


async def sourced(core: Core, history: History | None) -> tuple[ConfigurationFile | Deployments, Sequence[Watching]]:
    """Return where configurations come from, the file alone or deployments, and what goes on beside that."""
    request, journal = core.request, core.journal
    if history is None:
        return ConfigurationFile(request.path, request.name, core.machine, core.balancer, journal), ()
    accounts = AccountBook(
        *(DatabaseAccounts(core.database), Passwords()),
        now=core.now,
        secrets=core.secrets,
    )
    backups = Backups(request.state, core.machine.clock, journal, now=core.now)
    early = EarlyText(request.state, core.balancer, history, journal, core.machine.clock)
    deployments = Deployments(
        *(history, core.balancer, core.machine, journal),
        copies=WorkingCopies(DatabaseCopies(core.database), history, core.machine, accounts, now=core.now),
        accounts=accounts,
        administrators=Administrators(),
        followers=(
            await _published(request, history, journal),
            early,
            backups,
            ForgottenTables(DatabaseEntries(core.database, now=core.now)),
        ),
        count=partial(session_counts, machine=core.machine, proxy=core.proxy),
        now=core.now,
    )
    return deployments, (deployments, backups, early)


def served(
    core: Core,
    source: ConfigurationFile | Deployments,
    names: FollowedNames,
    logins: LoginBook | None,
    end: Callable[[str], None],
) -> tuple[LocalService, Sequence[Watching]]:
    """Return who answers operations, and what has to go on for that; `end` ends the parent."""
    machine, balancer, proxy, journal, now = core.machine, core.balancer, core.proxy, core.journal, core.now
    watches = Watches(machine, balancer, journal)
    counters = Counters(machine, balancer, proxy, now=now, looked=[watches.look_at_ports])
    measuring = Measuring(core.request.state, counters, balancer, journal, clock=machine.clock, now=now)
    access_log = AccessLogWriter(
        lambda: balancer.running.configuration.load_balancer.access_log, journal, clock=machine.clock
    )
    soundness = Soundness(core.database, machine.clock, journal)
    ended = EndedSessions(now=now)
    tell = (access_log.note, partial(tell_end, journal))
    gathering = Gathering(machine, balancer, proxy, ended, now=now, hear=counters.hear, tell=tell)
    orders = DatabaseOrders(core.database)
    firewall_log = FirewallLog(machine.packets, balancer, journal, clock=machine.clock)
    telling = Telling(
        balancer,
        journal,
        Around(
            clock=machine.clock,
            now=now,
            starts=core.starts,
            secret=core.secrets.secret,
            died=partial(_herald_died, journal),
            certificate=lambda: min((row.ends for row in balancer.admin.rows(balancer.running.plan)), default=None),
        ),
    )
    snmp = SnmpAgent(
        balancer,
        journal,
        clock=machine.clock,
        starts=core.starts,
        secret=core.secrets.secret,
        count=partial(session_counts, machine=machine, proxy=proxy),
    )
    administration = Administration(orders, balancer, clock=machine.clock, now=now, journal=journal)
    sessions = SessionTable(machine, balancer, proxy, ended, gathering, now=now)
    service = LocalService(
        *(machine, balancer, proxy),
        administration=administration,
        audit=DatabaseAudit(core.database),
        source=source,
        journal=journal,
        sessions=sessions,
        counters=counters,
        measuring=measuring,
        logins=logins,
        tables=AddressTables(
            DatabaseEntries(core.database, now=now),
            balancer,
            machine.nft,
            journal,
            administrators=Administrators(),
            now=now,
        ),
        captures=Captures(KernelPacketTap(), balancer, sessions, machine.clock),
        telling=telling,
        restoring=restoring(core, source, logins),
        watches=(watches, access_log, names, soundness, firewall_log, telling, snmp),
        end=end,
    )
    followed = (administration, gathering, counters, measuring, access_log, watches, soundness, firewall_log, telling, snmp)
    return service, followed


def restoring(core: Core, source: ConfigurationFile | Deployments, logins: LoginBook | None) -> Restoring | None:
    """Return who restores backups; None where a file alone is run, which keeps nothing."""
    if not isinstance(source, Deployments) or logins is None:
        return None
    return Restoring(
        *(core.database, core.request.state),
        deployments=source,
        balancer=core.balancer,
        logins=logins,
        secrets=core.secrets,
        journal=core.journal,
        now=core.now,
    )


def login_book(core: Core, source: ConfigurationFile | Deployments) -> LoginBook | None:
    """Return who logs in to the pages; None where a file alone is run, which has no accounts."""
    if not isinstance(source, Deployments):
        return None
    clock, now = core.machine.clock.monotonic, core.now
    directory = DirectoryLogins(
        lambda: core.balancer.running.configuration.system.directory,
        partial(ask, core.starts),
        clock=clock,
        note=partial(_directory_noted, core.journal),
    )
    return LoginBook(
        *(source.accounts, Passwords(), clock),
        codes=Codes(DatabaseSecondFactors(core.database), clock, now=now),
        tokens=TokenBook(DatabaseTokens(core.database), source.accounts, now=now),
        now=now,
        directory=directory,
    )


async def audited(core: Core, peer: Peer, words: str, refused: str) -> None:
    """Keep who did what. Raises MachineError."""
    told = refused.encode(errors="replace").decode()
    deed = Deed(at=core.now(), user=peer.user, uid=peer.uid, pid=peer.pid, words=words, refused=told)
    await asyncio.to_thread(DatabaseAudit(core.database).note, deed)
    core.journal.deed(words, user=peer.user, refused=told)


def _herald_died(journal: Journal, words: str) -> None:
    told = f"{words}; what was on its way to syslog servers may be lost"
    journal.note(EventKind.WORKER, told, grade=Grade.WARNING)


def _directory_noted(journal: Journal, words: str, bad: bool) -> None:  # noqa: FBT001 - it is called as a `Note`
    journal.note(EventKind.DIRECTORY, words, grade=Grade.WARNING if bad else Grade.INFO)


async def _published(request: RunRequest, history: History, journal: Journal) -> PublishedText:
    """Return the file of the committed text for people, which is there from now on."""
    assert request.published is not None, "whoever keeps revisions has a place for the last of them"
    published = PublishedText(request.published, journal)
    newest = await asyncio.to_thread(history.newest)
    if newest is not None:
        await published.look(newest.text)
    return published
