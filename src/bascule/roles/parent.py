"""The parent: owns the machine's part of the work, supervises the other roles, and answers at the control socket.

It parses no HTTP and imports no web code.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from bascule import __version__
from bascule.config.facts import Facts
from bascule.config.load import load
from bascule.config.model import EngineName
from bascule.config.names import NOTHING_TO_ASK, Questions, questions
from bascule.deploy.transaction import RehearsalRefused
from bascule.engines.proxy.engine import ProxyEngine
from bascule.health.supervisor import ProbeProcess
from bascule.plan.orders import Orders
from bascule.service.events import Event, EventKind, Grade
from bascule.service.failures import ExitCode, OperationFailed, Rejected
from bascule.service.local.access_log.entry import tell_end
from bascule.service.local.access_log.writer import AccessLogWriter
from bascule.service.local.account_book import AccountBook
from bascule.service.local.administration import Administration
from bascule.service.local.backups import Backups
from bascule.service.local.balancer import Balancer, Running
from bascule.service.local.copies import WorkingCopies
from bascule.service.local.counters.sampling import Counters
from bascule.service.local.deploying import Deployments
from bascule.service.local.ended import Ended, EndedSessions
from bascule.service.local.gathering import Gathering
from bascule.service.local.journal import Journal
from bascule.service.local.machine import Machine, this_machine
from bascule.service.local.names.following import FollowedNames
from bascule.service.local.passwords import Passwords
from bascule.service.local.preparation import judge
from bascule.service.local.published import PublishedText
from bascule.service.local.recognizing import recognizer
from bascule.service.local.reloading import ConfigurationFile
from bascule.service.local.rows import SessionCounts
from bascule.service.local.service import GOING_ON, LocalService
from bascule.service.local.session_counts import session_counts
from bascule.service.local.session_table import SessionTable
from bascule.service.local.starting import First, first, instead
from bascule.service.local.watches.watching import Watches
from bascule.service.offline import RunRequest
from bascule.service.peer import Peer
from bascule.service.server import ControlServer, open_listener
from bascule.store.accounts import DatabaseAccounts
from bascule.store.audit import Audit, DatabaseAudit, Deed
from bascule.store.backups import Backup, last_good
from bascule.store.copies import DatabaseCopies
from bascule.store.database import FILE, DamagedError, Database, open_database
from bascule.store.history import DatabaseHistory, History
from bascule.store.orders import DatabaseOrders
from bascule.system.claim import claimed
from bascule.system.errors import MachineError

_FORMAT: Final = "%(asctime)s %(message)s"


def run(request: RunRequest) -> int:
    """Run a configuration in the foreground until a signal or an operation ends it, and return the exit code.

    Raises OperationFailed where the text is refused, MachineError where the machine would not; then nothing is changed.
    """
    logging.basicConfig(format=_FORMAT, datefmt="%H:%M:%S", level=logging.INFO, stream=sys.stderr)
    with claimed(request.state):
        try:
            with closing(_opened(request.state)) as database:
                return asyncio.run(_run(request, database, logging.getLogger("bascule")))
        except DamagedError as error:
            good = last_good(request.state)
            if good is None:
                raise
            raise MachineError(error.step, f"{error.cause}; the last good backup: {_back_to(good, request)}") from error


def _opened(state: Path) -> Database:
    """Open what is kept. Raises MachineError, also where nothing is any more that once was: it would end all relays."""
    file = state / FILE
    if not file.exists() or not file.stat().st_size:
        good = last_good(state)
        if good is not None and good.revisions:
            raise DamagedError(f"open {file}", f"it is empty, and {good.path.parent} is not")
    return open_database(state)


def _back_to(backup: Backup, request: RunRequest) -> str:
    return f"bascule restore {backup.path} --state {request.state}"


async def _run(request: RunRequest, database: Database, log: logging.Logger) -> int:
    history = DatabaseHistory(database) if request.text is None else None
    machine = this_machine(request.state)
    begun, facts = await _begun(request, history, machine, log)
    over = Ending()
    journal = Journal(now=_now, write=partial(_write, log))
    listener = open_listener(request.socket)
    try:
        proxy = ProxyEngine(request.socket.parent, clock=machine.clock, report=partial(_note_worker, journal))
        prober = ProbeProcess(clock=machine.clock, died=partial(_note_worker, journal))
        balancer = Balancer(machine, proxy, prober, journal)
        begun = await _start(balancer, begun, history, facts, DatabaseOrders(database).orders())
        _say_ready(journal, balancer.running, facts)
        source: ConfigurationFile | Deployments
        kept: tuple[Watching, ...] = ()
        if history is None:
            source = ConfigurationFile(request.path, request.name, machine, balancer, journal)
        else:
            _forget_reverted(begun, history, journal)
            count = partial(session_counts, machine=machine, proxy=proxy)
            source, backups = await _deployments(
                request, database, balancer=balancer, machine=machine, journal=journal, count=count
            )
            kept = (source, backups)
        names = _followed_names(machine, balancer, prober, journal)
        watches = Watches(machine, balancer, journal)
        counters = Counters(machine, balancer, proxy, now=_now, looked=[watches.look_at_ports])
        access_log = AccessLogWriter(
            lambda: balancer.running.configuration.load_balancer.access_log, journal, clock=machine.clock
        )
        told = (access_log.note, partial(tell_end, journal))
        gathering, sessions = _session_table(machine, balancer, proxy, counters, told)
        administration = Administration(DatabaseOrders(database), balancer, clock=machine.clock, now=_now, journal=journal)
        audit = DatabaseAudit(database)
        service = LocalService(
            machine,
            balancer,
            proxy,
            administration=administration,
            audit=audit,
            source=source,
            journal=journal,
            sessions=sessions,
            counters=counters,
            watches=(watches, access_log, names),
            end=over.end,
        )
        recognize = recognizer(os.geteuid(), None if history is None else DatabaseAccounts(database))
        server = ControlServer(service, recognize=recognize, note=partial(_audited, audit), log=log)
        await server.start(listener)
        followed: tuple[Watching, ...] = (balancer, administration, gathering, counters, access_log, watches, names, *kept)
        async with _beside(*(each.watch() for each in followed), _reload_on_signal(source, journal)):
            last_words = await over.wait()
            if isinstance(source, Deployments):
                await source.leave()
            await balancer.stop()
        await prober.stop()
        journal.note(EventKind.PARENT, f"Bascule ends; {last_words}", state="ends")
        await server.close()
        proxy.leave_workers()
    finally:
        listener.close()
        request.socket.unlink(missing_ok=True)
    return ExitCode.FINE


async def _deployments(
    request: RunRequest,
    database: Database,
    *,
    balancer: Balancer,
    machine: Machine,
    journal: Journal,
    count: Callable[[Running], Awaitable[SessionCounts]],
) -> tuple[Deployments, Backups]:
    """Return what carries deployments, and what keeps a copy of everything each day."""
    history = DatabaseHistory(database)
    accounts = AccountBook(DatabaseAccounts(database), Passwords(), now=_now)
    copies = WorkingCopies(DatabaseCopies(database), history, machine, accounts, now=_now)
    backups = Backups(request.state, machine.clock, journal, now=_now)
    files = (await _published(request, history, journal), backups)
    deployments = Deployments(
        *(history, balancer, machine, journal), copies=copies, accounts=accounts, followers=files, count=count, now=_now
    )
    return deployments, backups


def _session_table(
    machine: Machine, balancer: Balancer, proxy: ProxyEngine, counters: Counters, tell: Sequence[Callable[[Ended], None]]
) -> tuple[Gathering, SessionTable]:
    """Return who hears of sessions that end, and what is known of sessions by that."""
    ended = EndedSessions(now=_now)
    gathering = Gathering(machine, balancer, proxy, ended, now=_now, hear=counters.hear, tell=tell)
    return gathering, SessionTable(machine, balancer, proxy, ended, gathering, now=_now)


async def _published(request: RunRequest, history: History, journal: Journal) -> PublishedText:
    """Return the file of the committed text for people, which is there from now on."""
    assert request.published is not None, "whoever keeps revisions has a place for the last of them"
    published = PublishedText(request.published, journal)
    newest = await asyncio.to_thread(history.newest)
    if newest is not None:
        await published.look(newest.text)
    return published


def _followed_names(machine: Machine, balancer: Balancer, prober: ProbeProcess, journal: Journal) -> FollowedNames:
    """Return who has hosts follow their names, by what the prober is told."""
    names = FollowedNames(machine.names, balancer, journal, now=_now)
    prober.tell_names_to(names.heard)
    return names


async def _begun(
    request: RunRequest, history: History | None, machine: Machine, log: logging.Logger
) -> tuple[First, Facts]:
    """Return what to start with, and the machine by which it is judged. Raises OperationFailed, MachineError."""
    facts = await machine.facts(asked=_asked(request, history))
    begun = _first(request, history, facts)
    for warning in begun.warnings:
        log.warning("%s", warning.render(begun.name))
    return begun, facts


def _asked(request: RunRequest, history: History | None) -> Questions:
    """Return what name servers are to be asked before the start, where nobody ever told. Raises MachineError."""
    if history is None:
        return questions(load(request.text or b"").configuration)
    last = history.pending() or history.newest()
    return NOTHING_TO_ASK if last is None else questions(load(last.text).configuration)


def _first(request: RunRequest, history: History | None, facts: Facts) -> First:
    """Return what to start with: the file, or what was committed. Raises OperationFailed, MachineError."""
    if history is not None or request.text is None:
        assert history is not None, "what was committed is kept in a history"
        return first(history, facts, _now())
    judged = judge(request.text, facts)
    return First(configuration=judged.accepted(), warnings=judged.diagnostics, name=request.name)


async def _start(balancer: Balancer, begun: First, history: History | None, facts: Facts, orders: Orders) -> First:
    """Start the balancer, and return what it runs: what was committed, where the machine refuses the deployment.

    Raises OperationFailed and MachineError.
    """
    try:
        await balancer.start(begun.configuration, begun.name, facts, orders, mine=bool(begun.reverted))
    except (RehearsalRefused, MachineError) as refused:
        if history is not None and begun.resumed is not None:
            other = instead(begun.resumed, f"the machine refused it: {refused}", history, facts)
            return await _start(balancer, other, history, facts, orders)
        if isinstance(refused, MachineError):
            raise
        raise OperationFailed(Rejected(diagnostics=refused.diagnostics, name=begun.name)) from refused
    return begun


def _forget_reverted(begun: First, history: History, journal: Journal) -> None:
    """Now that what was committed runs: end the deployment that was not gone on with, and say so. Raises MachineError."""
    if begun.reverted:
        history.keep(None)
        journal.note(EventKind.CONFIGURATION, begun.reverted, grade=Grade.WARNING, state="reverted")


def _now() -> datetime:
    return datetime.now(UTC)


class Ending:
    """The end of a parent, which a signal or an operation brings; whichever is first has the last words."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._words: asyncio.Future[str] = loop.create_future()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.end, GOING_ON)

    def end(self, words: str) -> None:
        """Have the parent end."""
        if not self._words.done():
            self._words.set_result(words)

    async def wait(self) -> str:
        """Return the last words when it is time."""
        return await self._words


class Watching(Protocol):
    """Whatever goes on beside the control socket."""

    async def watch(self) -> None:
        """Go on until cancelled."""
        ...


@asynccontextmanager
async def _beside(*work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Have work go on meanwhile; a fault there ends the parent, and with it becomes visible."""
    async with asyncio.TaskGroup() as tasks:
        going_on = [tasks.create_task(each) for each in work]
        yield
        for task in going_on:
            task.cancel()


async def _reload_on_signal(source: ConfigurationFile | Deployments, journal: Journal) -> None:
    """Read the file again at each SIGHUP; what comes of it is an event, and that is enough."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)
    while True:
        await asked.wait()
        asked.clear()
        if isinstance(source, Deployments):
            journal.note(EventKind.CONFIGURATION, "SIGHUP changes nothing: what was committed runs", state="refused")
            continue
        with suppress(OperationFailed, MachineError):
            await source.reload()


def _write(log: logging.Logger, event: Event) -> None:
    """Write an event's line into the log."""
    log.log(logging.WARNING if event.grade is Grade.WARNING else logging.INFO, "%s", event.words)


async def _audited(audit: Audit, peer: Peer, words: str, refused: str) -> None:
    """Keep who did what."""
    told = refused.encode(errors="replace").decode()
    deed = Deed(at=_now(), user=peer.user, uid=peer.uid, pid=peer.pid, words=words, refused=told)
    await asyncio.to_thread(audit.note, deed)


def _note_worker(journal: Journal, words: str) -> None:
    """Note what is said of a process of ours: one that died, or was replaced."""
    journal.note(EventKind.WORKER, words, grade=Grade.WARNING)


def _say_ready(journal: Journal, running: Running, facts: Facts) -> None:
    """Say what runs, and once, clearly, where relays are not where they would be best."""
    plan = running.plan
    kernel, proxy = (len({relay.name for relay in plan.of(engine)}) for engine in (EngineName.KERNEL, EngineName.PROXY))
    if proxy and facts.no_nftables:
        words = f"nftables may not be used here: {facts.no_nftables}. The user-space proxy carries the relays instead"
        journal.note(EventKind.MACHINE, words, grade=Grade.WARNING, reason=facts.no_nftables)
    words = f"Bascule {__version__} runs {running.name}: {kernel} relays in the kernel, {proxy} in the proxy"
    journal.note(EventKind.PARENT, words, state="runs")
