"""The parent: owns the machine's part of the work, supervises the other roles, and answers at the control socket.

It parses no HTTP and imports no web code.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Final

from bascule import __version__
from bascule.config.facts import Facts
from bascule.config.load import load
from bascule.config.model import EngineName
from bascule.config.names import questions
from bascule.config.table_files import files_of
from bascule.deploy.transaction import RehearsalRefused
from bascule.engines.admin.supervisor import WebProcess
from bascule.engines.proxy.engine import ProxyEngine
from bascule.engines.proxy.folder import workers_folder
from bascule.health.supervisor import ProbeProcess
from bascule.plan.orders import Orders
from bascule.roles.assembly import Core, Watching, admin_server, audited, login_book, served, sourced
from bascule.service.events import Event, EventKind, Grade
from bascule.service.failures import ExitCode, OperationFailed, Rejected
from bascule.service.local.balancer import Balancer
from bascule.service.local.deploying import Deployments
from bascule.service.local.journal import Journal
from bascule.service.local.machine import Machine, this_machine
from bascule.service.local.names.following import FollowedNames
from bascule.service.local.preparation import judge
from bascule.service.local.recognizing import recognizer
from bascule.service.local.reloading import ConfigurationFile
from bascule.service.local.running import Running
from bascule.service.local.service import GOING_ON
from bascule.service.local.starting import First, first, holding, instead
from bascule.service.local.telling import Telling
from bascule.service.offline import RunRequest
from bascule.service.server import ControlServer, nobody, open_listener
from bascule.store.accounts import DatabaseAccounts
from bascule.store.backups import last_good
from bascule.store.database import FILE, DamagedError, Database, open_database
from bascule.store.history import DatabaseHistory, History
from bascule.store.orders import DatabaseOrders
from bascule.store.secrets import DatabaseSecrets
from bascule.store.table_entries import DatabaseEntries
from bascule.system.children import STARTER, OfStarter, OwnChildren, Starts
from bascule.system.claim import claimed
from bascule.system.errors import MachineError
from bascule.system.notify import ServiceManager
from bascule.system.privacy import require_private

_FORMAT: Final = "%(asctime)s %(message)s"


def run(request: RunRequest) -> int:
    """Run a configuration in the foreground until a signal or an operation ends it, and return the exit code.

    Raises OperationFailed where the text is refused, MachineError where the machine would not; then nothing is changed.
    """
    logging.basicConfig(format=_FORMAT, datefmt="%H:%M:%S", level=logging.INFO, stream=sys.stderr)
    require_private(request.state)
    with claimed(request.state):
        try:
            require_private(request.state)  # as it is now that nobody can make it any more
            require_private(request.state / FILE)
            with closing(_opened(request.state)) as database:
                database.advice = partial(_advice, request)
                return asyncio.run(_run(request, database, logging.getLogger("bascule")))
        except DamagedError as error:
            if (advice := _advice(request)) and advice not in error.cause:
                raise MachineError(error.step, f"{error.cause}; {advice}") from error
            raise


def _opened(state: Path) -> Database:
    """Open what is kept. Raises MachineError, also where nothing is any more that once was: it would end all relays."""
    file = state / FILE
    if not file.exists() or not file.stat().st_size:
        good = last_good(state)
        if good is not None and good.revisions:
            raise DamagedError(f"open {file}", f"it is empty, and {good.path.parent} is not")
    return open_database(state)


def _advice(request: RunRequest) -> str:
    """Return what is best done where what is kept is damaged; empty where there is no backup."""
    good = last_good(request.state)
    return f"the last good backup: bascule restore {good.path} --state {request.state}" if good else ""


async def _run(request: RunRequest, database: Database, log: logging.Logger) -> int:
    history = DatabaseHistory(database) if request.text is None else None
    starts = _starts(os.environ)
    machine = this_machine(request.state, starts, DatabaseEntries(database, now=_now))
    begun, facts = await _begun(request, history, machine, log)
    over = Ending()
    journal = Journal(now=_now, write=partial(_write, log))
    listener = open_listener(request.socket)
    try:
        noted = partial(_note_worker, journal)
        proxy = ProxyEngine(workers_folder(request.socket.parent), clock=machine.clock, report=noted, starts=starts)
        secrets = DatabaseSecrets(database, draw=partial(token_hex, 4))
        prober = ProbeProcess(clock=machine.clock, died=noted, starts=starts, secret=secrets.secret)
        web = WebProcess(clock=machine.clock, died=noted, starts=starts, control=str(request.socket))
        admin = admin_server(web, machine, journal, _now)
        balancer = Balancer(machine, proxy, prober, admin, journal)
        begun = await _start(balancer, begun, history, facts, DatabaseOrders(database).orders())
        _say_ready(journal, balancer.running, facts)
        if history is not None:
            _forget_reverted(begun, history, journal)
        names = _followed_names(machine, balancer, prober, journal)
        core = Core(request, database, machine, journal, balancer, proxy, secrets, starts, _now)
        source, kept = await sourced(core, history)
        logins = login_book(core, source)
        service, followed = served(core, source, names, logins, over.end)
        recognize = recognizer(os.geteuid(), None if history is None else DatabaseAccounts(database), pages=lambda: web.pid)
        bear = nobody if logins is None else logins.borne
        server = ControlServer(service, recognize=recognize, note=partial(audited, core), bear=bear, log=log)
        await server.start(listener)
        manager = ServiceManager.of(os.environ)
        telling = Telling(manager, balancer, machine.clock)
        parts: tuple[Watching, ...] = (telling, balancer, names, *followed, *kept)
        async with _beside(*(part.watch() for part in parts), _reload_on_signal(source, journal)):
            last_words = await over.wait()
            manager.stopping()
            if isinstance(source, Deployments):
                await source.leave()
            await balancer.stop()
            journal.note(EventKind.PARENT, f"Bascule ends; {last_words}", state="ends")
        await prober.stop()
        await server.close()
        proxy.leave_workers()
    finally:
        listener.close()
        request.socket.unlink(missing_ok=True)
    return ExitCode.FINE


def _starts(environment: Mapping[str, str]) -> Starts:
    """Return who starts our processes: the starter, where he started us."""
    descriptor = environment.get(STARTER)
    if descriptor is None:
        return OwnChildren()
    return OfStarter(socket.socket(fileno=int(descriptor)), os.geteuid())


def _followed_names(machine: Machine, balancer: Balancer, prober: ProbeProcess, journal: Journal) -> FollowedNames:
    """Return who has hosts follow their names, by what the prober is told."""
    names = FollowedNames(machine.names, balancer, journal, now=_now)
    prober.tell_names_to(names.heard)
    return names


async def _begun(
    request: RunRequest, history: History | None, machine: Machine, log: logging.Logger
) -> tuple[First, Facts]:
    """Return what to start with, and the machine by which it is judged. Raises OperationFailed, MachineError."""
    texts = [load(text).configuration for text in _texts(request, history)]
    facts = await machine.facts(asked=questions(texts[0] if texts else None), files=files_of(*texts))
    begun = _first(request, history, facts)
    for warning in begun.warnings:
        log.warning("%s", warning.render(begun.name))
    return begun, facts


def _texts(request: RunRequest, history: History | None) -> Sequence[bytes]:
    """Return the texts that may be started with, the first choice first. Raises MachineError."""
    if history is None:
        return [request.text or b""]
    return [found.text for found in (history.pending(), history.newest()) if found is not None]


def _first(request: RunRequest, history: History | None, facts: Facts) -> First:
    """Return what to start with: the file, or what was committed. Raises OperationFailed, MachineError."""
    if history is not None or request.text is None:
        assert history is not None, "what was committed is kept in a history"
        return first(history, facts, _now())
    judged = judge(request.text, facts)
    return First(configuration=judged.accepted(), warnings=judged.diagnostics, name=request.name)


async def _start(balancer: Balancer, begun: First, history: History | None, facts: Facts, orders: Orders) -> First:
    """Start the balancer, and return what it runs: what was committed, where the machine refuses the deployment.

    Where it refuses that too, it runs the admin server alone and leaves the machine as it is. Raises OperationFailed and
    MachineError for a file, which has somebody who waits for it.
    """
    if begun.held:
        await balancer.hold(begun.configuration, begun.name, facts, orders, begun.held)
        return begun
    try:
        await balancer.start(
            begun.configuration, begun.name, facts, orders, mine=bool(begun.reverted), committed=begun.committed
        )
    except (RehearsalRefused, MachineError) as refused:
        if history is not None:
            why, resumed = f"the machine refused it: {refused}", begun.resumed
            other = instead(resumed, why, history, facts) if resumed else holding(begun, str(refused))
            return await _start(balancer, other, history, facts, orders)
        if isinstance(refused, MachineError):
            raise
        raise OperationFailed(Rejected(diagnostics=refused.diagnostics, name=begun.name)) from refused
    return begun


def _forget_reverted(begun: First, history: History, journal: Journal) -> None:
    """Now that what was committed runs: end the deployment that was not gone on with, and say so."""
    if begun.reverted:
        with suppress(MachineError):  # a full disk; it is forgotten when that can be written
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


def _note_worker(journal: Journal, words: str) -> None:
    """Note what is said of a process of ours: one that died, or was replaced."""
    journal.note(EventKind.WORKER, words, grade=Grade.WARNING)


def _say_ready(journal: Journal, running: Running, facts: Facts) -> None:
    """Say what runs, and once, clearly, where relays are not where they would be best."""
    if running.held:
        return
    plan = running.plan
    kernel, proxy = (len({relay.name for relay in plan.of(engine)}) for engine in (EngineName.KERNEL, EngineName.PROXY))
    if proxy and facts.no_nftables:
        words = f"nftables may not be used here: {facts.no_nftables}. The user-space proxy carries the relays instead"
        journal.note(EventKind.MACHINE, words, grade=Grade.WARNING, reason=facts.no_nftables)
    words = f"Bascule {__version__} runs {running.name}: {kernel} relays in the kernel, {proxy} in the proxy"
    journal.note(EventKind.PARENT, words, state="runs")
