"""The proxy engine: makes the worker processes carry what a plan gives to the proxy."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from heapq import nlargest
from itertools import chain
from operator import attrgetter
from pathlib import Path

from bascule.config.diagnostics import Diagnostic
from bascule.engines.proxy.counts import Lasting, ProxyCounts
from bascule.engines.proxy.desired import Changes, Observed, Opening, ProxyPlan, as_before, difference
from bascule.engines.proxy.fleet import Fleet
from bascule.engines.proxy.listening import listening_socket, objection
from bascule.engines.proxy.wire import AskSessions, Chosen, Ended, Order, Place, Sessions
from bascule.system.children import Starts
from bascule.system.clock import Clock
from bascule.system.errors import MachineError


class ProxyEngine:
    """Carries relays in processes of their own, which outlive this one.

    `directory` holds the workers' sockets and must be the caller's own; `report` hears of workers that die and return;
    `starts` starts them; `log` takes what they say before they die, which nobody hears otherwise.
    """

    name = "proxy"

    def __init__(
        self,
        directory: Path,
        *,
        report: Callable[[str], None],
        clock: Clock,
        starts: Starts,
        log: Path = Path(os.devnull),
    ) -> None:
        self._fleet = Fleet(directory, starts=starts, report=report, clock=clock, log=log)
        self._adopted = False
        self._lasting = Lasting()

    async def observe(self) -> Observed:
        """Return what the workers hold; those that an earlier parent left are found first. Raises MachineError."""
        if not self._adopted:
            await self._fleet.adopt()
            self._adopted = True
        return Observed(workers=await self._fleet.states(), elders=self._fleet.elders.states())

    def difference(self, desired: ProxyPlan, observed: Observed) -> Changes:
        """Return what must change; false where nothing must."""
        return difference(desired, observed)

    async def rehearse(self, changes: Changes) -> Sequence[Diagnostic]:
        """Return why listening sockets could not be opened."""
        places = {opening.place: opening for opening in changes.openings if not opening.ours_elsewhere}
        objections = (
            objection(place, opening.relay, opening.span, comes=opening.comes) for place, opening in places.items()
        )
        return [diagnostic for diagnostic in objections if diagnostic is not None]

    async def apply(self, changes: Changes) -> None:
        """Make the changes. Raises MachineError; every worker then carries what it carried."""
        opened = _opened(changes.openings)
        try:
            await self._fleet.start(changes.start)
        except MachineError:
            _close(opened)
            raise
        for number in changes.follow:
            await self._fleet.follow(number, changes.relays, opened.pop(number, {}))
        for number in changes.release:
            await self._fleet.release(number)
        self._fleet.share_out(changes.relays)
        if changes.retire:
            await self._fleet.elders.retire()

    async def restore(self, snapshot: Observed) -> None:
        """Have the workers carry what was observed before; those of another version go on. Raises MachineError."""
        await self.apply(replace(difference(as_before(snapshot), await self.observe()), retire=False))

    async def status(self) -> ProxyCounts:
        """Return the counters of all workers together, with what those that are gone had counted when last asked."""
        return self._lasting.merged(await self._fleet.status())

    async def sessions(self, asked: AskSessions) -> Sessions:
        """Return the sessions of all workers, the foremost of them where there are more than were asked for."""
        answers = await self._fleet.sessions(asked)
        key = attrgetter("age") if asked.order is Order.AGE else lambda session: session.from_client + session.from_host
        first = nlargest(asked.limit, chain.from_iterable(answer.sessions for answer in answers), key=key)
        return Sessions(total=sum(answer.total for answer in answers), sessions=tuple(first))

    async def ended(self) -> Ended:
        """Return a portion of the sessions that have ended in each worker; ask again while it has `PORTION` or more."""
        answers = await self._fleet.ended()
        sessions = tuple(chain.from_iterable(answer.sessions for answer in answers))
        return Ended(sessions=sessions, lost=sum(answer.lost for answer in answers))

    async def kill(self, chosen: Chosen) -> int:
        """Reset these sessions, at both ends, and return how many there were."""
        return await self._fleet.kill(chosen)

    async def stop_workers(self) -> int:
        """Reset all sessions and end the workers, and return how many there were. Raises MachineError.

        Those that were left, and those of another version that carry their last sessions, are among them.
        """
        await self._fleet.adopt()
        return await self._fleet.stop()

    def leave_workers(self) -> None:
        """Let go of the workers: they carry on without a parent."""
        self._fleet.leave()


def _opened(openings: Sequence[Opening]) -> dict[int, dict[Place, socket.socket]]:
    """Return listening sockets for all of them, by worker. Raises MachineError, with none left open."""
    opened: dict[int, dict[Place, socket.socket]] = {}
    try:
        for opening in openings:
            opened.setdefault(opening.worker, {})[opening.place] = listening_socket(opening.place)
    except OSError as error:
        _close(opened)
        raise MachineError(f"listen on {opening.place} for relay {opening.relay}", error.strerror or str(error)) from error
    return opened


def _close(opened: Mapping[int, Mapping[Place, socket.socket]]) -> None:
    for listeners in opened.values():
        for listener in listeners.values():
            listener.close()
