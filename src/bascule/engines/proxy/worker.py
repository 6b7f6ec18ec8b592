"""A proxy worker: one process, one thread, one epoll, which carries relays for a parent and goes on without one."""

import os
import random
import select
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from bascule.engines.proxy.carrier import Carrier
from bascule.engines.proxy.choice import Choice, Crowds, remembered_ranking
from bascule.engines.proxy.control import Control
from bascule.engines.proxy.doors import Doors
from bascule.engines.proxy.ledger import listed
from bascule.engines.proxy.pipes import MAXIMUM_PIPES, PipePool
from bascule.engines.proxy.stream import Mover
from bascule.engines.proxy.wire import AskSessions, Chosen, Ended, Holding, Place, ProxyRelay, Sessions, Status

EVENTS: Final = 256
"""Events of one round."""

UNCONTACTED: Final = 60.0
"""Seconds after which a worker that no parent has ever contacted ends."""

_OWN_DESCRIPTORS: Final = 24
"""Standard streams, epoll, control, parent, a parent that is refused, and what Python opens now and then."""


class Worker:
    """Carries the relays that its parent names, until it is told to stop or has nothing to do and nobody to do it for.

    `descriptors` is how many the process may have open; `control` is the listening socket for
    parents, who run as one of the users `parents`.
    """

    def __init__(
        self,
        control: socket.socket,
        *,
        parents: Collection[int],
        descriptors: int,
        clock: Callable[[], float],
        chance: random.Random,
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._ranking = remembered_ranking()
        self._crowds = Crowds()
        self._relays: tuple[ProxyRelay, ...] = ()
        self._stopping = False
        self._started = clock()
        pipes = min(MAXIMUM_PIPES, descriptors // 16)
        self._room = descriptors - _OWN_DESCRIPTORS - 2 * pipes
        self._epoll = select.epoll()
        self._pipes = PipePool(pipes)
        self._carrier = Carrier(self._epoll, Mover(self._pipes), descriptors=self._room, clock=clock)
        self._doors = Doors(self._epoll, welcome=self._carrier.welcome, has_room=self._carrier.has_room, clock=clock)
        self._control = Control(self._epoll, control, self, parents=parents)

    def run(self) -> None:
        """Serve until there is no more to do."""
        while not self._finished():
            self._round()

    def close(self) -> None:
        """Reset what sessions there are, and part with the parent last: it takes that for our end."""
        self._doors.close()
        self._carrier.close()
        self._pipes.close()
        self._control.close()
        self._epoll.close()

    def holding(self) -> Holding:
        """Return what the worker follows and where it listens."""
        return Holding(pid=os.getpid(), relays=self._relays, listens=tuple(place for place, _ in self._doors.held()))

    def held(self) -> Iterator[tuple[Place, socket.socket]]:
        """Yield the listening sockets."""
        return self._doors.held()

    def follow(self, relays: Sequence[ProxyRelay], arrived: dict[Place, socket.socket]) -> None:
        """Follow these relays from now on; the sockets that arrived are the worker's to use or close.

        A relay is the one that stood behind any of its doors before, whatever it is called now.
        """
        behind: dict[Place, Choice] = {}
        for relay in relays:
            known = next((choice for choice in self._doors.behind(relay.listens) if choice not in behind.values()), None)
            if known is None:
                known = Choice(relay, ranking=self._ranking, chance=self._chance, crowds=self._crowds)
            elif known.relay != relay:
                known.follow(relay)
            behind.update(dict.fromkeys(relay.listens, known))
        self._relays = tuple(relays)
        self._doors.follow(behind, arrived)
        self._carrier.leave_dead_hosts()
        self._carrier.descriptors = self._room - len(self._doors)

    def status(self) -> Status:
        """Return the counters."""
        self._carrier.count()
        return Status(
            pid=os.getpid(),
            sessions=self._carrier.sessions,
            relays=tuple(choice.counts() for choice in self._doors.choices()),
        )

    def sessions(self, asked: AskSessions) -> Sessions:
        """Return the sessions that were asked for."""
        return listed(self._carrier.living(), asked, self._clock())

    def ended(self) -> Ended:
        """Return the sessions that have ended since the last call."""
        return self._carrier.ledger.take(self._clock())

    def kill(self, chosen: Chosen) -> int:
        """Reset these sessions, and return how many there were."""
        return self._carrier.kill(chosen)

    def stop(self) -> None:
        """End when this round is over."""
        self._stopping = True

    def _round(self) -> None:
        events = self._epoll.poll(self._patience(), EVENTS)
        self._carrier.begin_round()
        for fd, mask in events:
            if not (self._carrier.serve(fd, mask) or self._doors.answer(fd)):
                self._control.answer(fd, mask)
        self._carrier.end_round()
        self._doors.resume()

    def _patience(self) -> float | None:
        """Return the seconds for which nothing need be done unless something happens; None for ever."""
        now = self._clock()
        ends = [self._carrier.next_deadline(), self._doors.resume_at()]
        if not self._control.contacted:
            ends.append(self._started + UNCONTACTED)
        due = min((end for end in ends if end is not None), default=None)
        return None if due is None else max(0.0, due - now)

    def _finished(self) -> bool:
        if self._stopping:
            return True
        if self._control.attached or self._relays or self._carrier.sessions:
            return False
        return self._control.contacted or self._clock() >= self._started + UNCONTACTED
