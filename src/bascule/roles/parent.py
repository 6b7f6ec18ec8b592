"""The parent: owns the machine's part of the work, supervises the other roles, and answers at the control socket.

It parses no HTTP and imports no web code.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Final

from bascule import __version__
from bascule.config.facts import Facts
from bascule.config.model import EngineName
from bascule.deploy.transaction import RehearsalRefused
from bascule.engines.proxy.engine import ProxyEngine
from bascule.health.supervisor import ProbeProcess
from bascule.service.events import Event, EventKind, Grade
from bascule.service.failures import ExitCode, OperationFailed, Rejected
from bascule.service.local.access_log.entry import tell_end
from bascule.service.local.access_log.writer import AccessLogWriter
from bascule.service.local.administration import Administration
from bascule.service.local.balancer import Balancer, Running
from bascule.service.local.counters.sampling import Counters
from bascule.service.local.ended import EndedSessions
from bascule.service.local.gathering import Gathering
from bascule.service.local.journal import Journal
from bascule.service.local.machine import this_machine
from bascule.service.local.preparation import judge
from bascule.service.local.reloading import ConfigurationFile
from bascule.service.local.service import GOING_ON, LocalService
from bascule.service.local.session_table import SessionTable
from bascule.service.local.watches.watching import Watches
from bascule.service.offline import RunRequest
from bascule.service.server import ControlServer, open_listener, owner_or_root
from bascule.store.database import open_database
from bascule.store.orders import DatabaseOrders, OrderStore
from bascule.system.claim import claimed
from bascule.system.errors import MachineError

_FORMAT: Final = "%(asctime)s %(message)s"


def run(request: RunRequest) -> int:
    """Run a configuration in the foreground until a signal or an operation ends it, and return the exit code.

    Raises OperationFailed where the text is refused, MachineError where the machine would not; then nothing is changed.
    """
    logging.basicConfig(format=_FORMAT, datefmt="%H:%M:%S", level=logging.INFO, stream=sys.stderr)
    with claimed(request.state), closing(open_database(request.state)) as database:
        return asyncio.run(_run(request, DatabaseOrders(database), logging.getLogger("bascule")))


async def _run(request: RunRequest, store: OrderStore, log: logging.Logger) -> int:
    machine = this_machine(request.state)
    facts = await machine.facts()
    judged = judge(request.text, facts)
    configuration = judged.accepted()
    for warning in judged.diagnostics:
        log.warning("%s", warning.render(request.name))
    over = Ending()
    journal = Journal(now=_now, write=partial(_write, log))
    listener = open_listener(request.socket)
    try:
        proxy = ProxyEngine(request.socket.parent, clock=machine.clock, report=partial(_note_worker, journal))
        prober = ProbeProcess(clock=machine.clock, died=partial(_note_worker, journal))
        balancer = Balancer(machine, proxy, prober, journal)
        try:
            await balancer.start(configuration, request.name, facts, store.orders())
        except RehearsalRefused as refused:
            raise OperationFailed(Rejected(diagnostics=refused.diagnostics)) from refused
        _say_ready(journal, balancer.running, facts)
        file = ConfigurationFile(request.path, request.name, machine, balancer, journal)
        ended = EndedSessions(now=_now)
        watches = Watches(machine, balancer, journal)
        counters = Counters(machine, balancer, proxy, now=_now, looked=[watches.look_at_ports])
        access_log = AccessLogWriter(
            lambda: balancer.running.configuration.load_balancer.access_log, journal, clock=machine.clock
        )
        tell = (access_log.note, partial(tell_end, journal))
        gathering = Gathering(machine, balancer, proxy, ended, now=_now, hear=counters.hear, tell=tell)
        sessions = SessionTable(machine, balancer, proxy, ended, gathering, now=_now)
        administration = Administration(store, balancer, clock=machine.clock, now=_now, journal=journal)
        service = LocalService(
            machine,
            balancer,
            proxy,
            administration=administration,
            file=file,
            journal=journal,
            sessions=sessions,
            counters=counters,
            watches=(watches, access_log),
            end=over.end,
        )
        server = ControlServer(service, permits=owner_or_root(os.geteuid()), log=log)
        await server.start(listener)
        followed = (balancer, administration, gathering, counters, access_log, watches)
        async with _beside(*(each.watch() for each in followed), _reload_on_signal(file)):
            last_words = await over.wait()
            await balancer.stop()
        await prober.stop()
        journal.note(EventKind.PARENT, f"Bascule ends; {last_words}", state="ends")
        await server.close()
        proxy.leave_workers()
    finally:
        listener.close()
        request.socket.unlink(missing_ok=True)
    return ExitCode.FINE


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


async def _reload_on_signal(file: ConfigurationFile) -> None:
    """Read the configuration again at each SIGHUP; what comes of it is an event, and that is enough."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)
    while True:
        await asked.wait()
        asked.clear()
        with suppress(OperationFailed, MachineError):
            await file.reload()


def _write(log: logging.Logger, event: Event) -> None:
    """Write an event's line into the log."""
    log.log(logging.WARNING if event.grade is Grade.WARNING else logging.INFO, "%s", event.words)


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
