"""The worker processes, as their parent sees them: found or started, watched, replaced when they die, left alone."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from bascule.engines.proxy.desired import WorkerState
from bascule.engines.proxy.elder import PATTERN, number_of, socket_name
from bascule.engines.proxy.elders import Elders
from bascule.engines.proxy.line import NOBODY, LinkLostError
from bascule.engines.proxy.link import Link
from bascule.engines.proxy.steering import share_out
from bascule.engines.proxy.wire import AskSessions, Chosen, Ended, Place, ProxyRelay, Sessions, Status
from bascule.system.children import Started, Starts
from bascule.system.clock import Clock
from bascule.system.errors import MachineError

FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 10.0
"""Seconds between attempts to replace a worker: doubled from the first to the longest."""

STEADY: Final = 60.0
"""Seconds that a worker must have lived for the next pause to be the first again."""

START_POLLS: Final = 500
START_POLL: Final = 0.02
"""A worker that is started is asked so often, at so many seconds, whether it listens: ten seconds."""

Answer = TypeVar("Answer")


class Worker:
    """One worker: where to find it, the listening sockets that it shall have, and what it shall carry."""

    def __init__(self, number: int, path: Path) -> None:
        self.number = number
        self.path = path
        self.link: Link | None = None
        self.pid = 0
        self.process: Started | None = None
        """What we know of it where we started it."""
        self.listeners: dict[Place, socket.socket] = {}
        """Our own copies, which a replacement inherits."""
        self.handed: frozenset[Place] = frozenset()
        """What of them the worker has."""
        self.relays: tuple[ProxyRelay, ...] = ()
        self.watch: asyncio.Task[None] | None = None


class Fleet:
    """The workers of one runtime directory. `report` hears, in a sentence, what an operator should know."""

    def __init__(self, directory: Path, *, starts: Starts, report: Callable[[str], None], clock: Clock, log: Path) -> None:
        self._directory = directory
        self._starts = starts
        self._report = report
        self._clock = clock
        self._log = log
        self._workers: dict[int, Worker] = {}
        self.elders = Elders(report)
        """Those of another version."""

    # --- what is there -----------------------------------------------------------------------------------------------

    async def adopt(self) -> None:
        """Connect to every worker that is there and not ours yet, of whatever version. Raises MachineError."""
        for path in sorted(self._directory.glob(PATTERN)):
            number = number_of(path)
            if number and path.name != socket_name(number):
                await self.elders.meet(path)
            elif number and number not in self._workers:
                worker = Worker(number, path)
                if await self._connect(worker):
                    self._keep(worker)

    async def states(self) -> Mapping[int, WorkerState]:
        """Return what each worker says that it holds; for one that is being replaced, what its replacement will get."""
        return {worker.number: await self._state(worker) for worker in tuple(self._workers.values())}

    async def status(self) -> Sequence[Status]:
        """Return the counters of every worker that answers."""
        return await self._asked(Link.status)

    async def sessions(self, asked: AskSessions) -> Sequence[Sessions]:
        """Return the sessions of every worker that answers, as many of each as were asked for."""
        return await self._asked(lambda link: link.sessions(asked))

    async def ended(self) -> Sequence[Ended]:
        """Return a portion of the sessions that have ended in every worker that answers."""
        return await self._asked(Link.ended)

    async def kill(self, chosen: Chosen) -> int:
        """Have every worker reset these sessions, and return how many there were."""
        return sum(await self._asked(lambda link: link.kill(chosen)))

    async def _asked(self, question: Callable[[Link], Awaitable[Answer]]) -> Sequence[Answer]:
        """Return the answer of every worker that gives one."""
        answers = []
        for worker in tuple(self._workers.values()):
            if worker.link is not None:
                with suppress(LinkLostError):
                    answers.append(await question(worker.link))
        return answers

    # --- changes -----------------------------------------------------------------------------------------------------

    async def start(self, numbers: Sequence[int]) -> None:
        """Start workers, all at once. Raises MachineError; those that did start then stay, with nothing to do."""
        started = await asyncio.gather(*(self._start(number) for number in numbers), return_exceptions=True)
        for outcome in started:
            if outcome is not None:
                raise outcome

    async def follow(self, number: int, relays: tuple[ProxyRelay, ...], opened: Mapping[Place, socket.socket]) -> None:
        """Have a worker carry these relays, with these listening sockets more; they are the fleet's from now on.

        One that is being replaced gets them when it is there. What a worker of another version and this number listened
        at, it inherits.
        """
        worker = self._workers[number]
        worker.relays = relays
        for place, listener in (*opened.items(), *self.elders.inheritance(number)):
            if worker.listeners.setdefault(place, listener) is not listener:
                listener.close()
        wanted = {place for relay in relays for place in relay.listens}
        for place in worker.listeners.keys() - wanted:
            # Our copy goes first, so that the worker, which lets in who waits there, closes the last one.
            worker.listeners.pop(place).close()
        if worker.link is not None:
            with suppress(LinkLostError):  # its watch replaces it, and hands over the same
                await self._hand_over(worker, worker.link)

    def share_out(self, relays: Sequence[ProxyRelay]) -> None:
        """Have each client meet one worker where a relay counts what it has; elsewhere as the kernel sees fit.

        Raises MachineError.
        """
        for relay in relays:
            for place in relay.listens:
                listeners = [worker.listeners[place] for worker in self._workers.values() if place in worker.listeners]
                try:
                    share_out(listeners, by_client=bool(relay.source_sessions or relay.source_rate))
                except OSError as error:
                    raise MachineError(f"share out the clients of {place}", error.strerror or str(error)) from error

    async def release(self, number: int) -> None:
        """Have a worker take no new client and let it end with its last session."""
        await self.follow(number, (), {})
        self._forget(self._workers.pop(number))

    async def stop(self) -> int:
        """End every worker and its sessions, and return how many there were."""
        ended = len(self._workers) + len(self.elders)
        for worker in tuple(self._workers.values()):
            self._unwatch(worker)
            if worker.link is not None:
                with suppress(LinkLostError):
                    await worker.link.stop()
            self._reap(worker)
            self._forget(self._workers.pop(worker.number))
        await self.elders.stop()
        return ended

    def leave(self) -> None:
        """Let go of every worker; they go on."""
        while self._workers:
            self._forget(self._workers.popitem()[1])
        self.elders.leave()

    def _forget(self, worker: Worker) -> None:
        self._unwatch(worker)
        self._part(worker)
        if worker.link is not None:
            worker.link.close()
        for listener in worker.listeners.values():
            listener.close()

    async def _state(self, worker: Worker) -> WorkerState:
        if worker.link is not None:
            with suppress(LinkLostError):
                holding = await worker.link.observe()
                return WorkerState(relays=holding.relays, listens=frozenset(holding.listens))
        return WorkerState(relays=worker.relays, listens=frozenset(worker.listeners))

    # --- one worker --------------------------------------------------------------------------------------------------

    async def _connect(self, worker: Worker) -> bool:
        """Connect to a worker that may be there; False where none is. Raises MachineError."""
        try:
            link, holding, listeners = await Link.open(worker.path)
        except NOBODY:
            return False
        except OSError as error:
            raise MachineError(f"connect to the proxy worker at {worker.path}", error.strerror or str(error)) from error
        worker.link, worker.pid = link, holding.pid
        worker.relays = worker.relays or holding.relays
        worker.handed = frozenset(listeners)
        for place, listener in listeners.items():
            if place in worker.listeners:
                listener.close()
            else:
                worker.listeners[place] = listener
        return True

    async def _start(self, number: int) -> None:
        """Start a worker, or take back one that we released and that still has sessions."""
        worker = Worker(number, self._directory / socket_name(number))
        if not await self._connect(worker):
            await self._spawn(worker)
        self._keep(worker)

    async def _spawn(self, worker: Worker) -> None:
        """Start the process of a worker and connect to it. Raises MachineError."""
        step, parent = f"start proxy worker {worker.number}", self._starts.parent
        orders = [] if parent is None else ["--parent", str(parent)]
        self._part(worker)
        try:
            started = await self._starts.start("proxy", ["--socket", str(worker.path), *orders], log=self._log)
        except MachineError as error:
            raise MachineError(step, error.cause) from error
        worker.process, worker.pid = started, started.pid
        for _ in range(START_POLLS):
            if await self._connect(worker):
                return
            if started.ended:
                raise MachineError(step, "it ended" if started.status is None else f"it ended with status {started.status}")
            await self._clock.sleep(START_POLL)
        raise MachineError(step, "it does not listen")

    def _part(self, worker: Worker) -> None:
        """Bury a process that has ended; one that lives goes on, and the kernel buries it after us."""
        if worker.process is not None:
            self._reap(worker)
            worker.process.close()
            worker.process = None

    async def _hand_over(self, worker: Worker, link: Link) -> None:
        """Have a worker hold and carry what it shall. Raises LinkLostError."""
        missing = {place: listener for place, listener in worker.listeners.items() if place not in worker.handed}
        await link.follow(worker.relays, missing)
        worker.handed = frozenset(worker.listeners)

    def _reap(self, worker: Worker) -> int | None:
        """Return the exit status of a worker that we started and that has ended, else None."""
        return None if worker.process is None else worker.process.status

    # --- watching ----------------------------------------------------------------------------------------------------

    def _keep(self, worker: Worker) -> None:
        self._workers[worker.number] = worker
        worker.watch = asyncio.create_task(self._keep_alive(worker), name=f"watch proxy worker {worker.number}")

    def _unwatch(self, worker: Worker) -> None:
        if worker.watch is not None:
            worker.watch.cancel()
            worker.watch = None

    async def _keep_alive(self, worker: Worker) -> None:
        """Replace the worker whenever it is lost, until we no longer watch it."""
        pause = FIRST_PAUSE
        while worker.link is not None:
            born = self._clock.monotonic()
            await worker.link.lost.wait()
            if self._clock.monotonic() - born >= STEADY:
                pause = FIRST_PAUSE
            worker.link, worker.handed = None, frozenset()
            self._report(f"proxy worker {worker.number} (process {worker.pid}) does not answer any more")
            while worker.link is None:
                await self._clock.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                await self._replace(worker)

    async def _replace(self, worker: Worker) -> None:
        lost = worker.pid
        self._reap(worker)
        try:
            if not await self._connect(worker):
                await self._spawn(worker)
            if worker.link is not None:
                await self._hand_over(worker, worker.link)
        except (MachineError, LinkLostError) as error:
            worker.link = None
            self._report(f"proxy worker {worker.number} could not be replaced yet: {error}")
            return
        if worker.pid == lost:
            self._report(f"proxy worker {worker.number} (process {lost}) answers again")
        else:
            self._report(f"proxy worker {worker.number} is now process {worker.pid}; the sessions of {lost} ended with it")
