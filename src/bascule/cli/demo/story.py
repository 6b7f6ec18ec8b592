"""The demo's story: traffic, a server that dies, its return. Each act is told, and judged, by what the clients saw."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, Protocol

from bascule.cli.demo.scenery import SERVERS
from bascule.cli.demo.traffic import Round
from bascule.service.results import HostRow, HostStatus

PATIENCE: Final = 20.0
"""Seconds until the balancer must have noticed that a server died or came back."""

PACE: Final = 0.25
"""Seconds between two rounds while something happens."""

TICK: Final = 2.0
"""Seconds between two rounds once the story is told."""

_NAMED: Final = 3


class Stage(Protocol):
    """What the story is played on."""

    async def drive(self) -> Round:
        """Let every client use every service once."""
        ...

    async def host_rows(self, name: str) -> Sequence[HostRow]:
        """Return what the balancer says of a server, a row for each relay."""
        ...

    async def kill_server(self, name: str) -> None:
        """End a server without warning."""
        ...

    async def start_server(self, name: str) -> None:
        """Start a server again."""
        ...


class Screen(Protocol):
    """Who watches."""

    def say(self, line: str) -> None:
        """Print a line."""
        ...

    def glimpse(self, seen: Round) -> None:
        """Show a round that the next one replaces."""
        ...

    def show(self, seen: Round) -> None:
        """Show a round."""
        ...


@dataclass(frozen=True, slots=True)
class _Act:
    """What happened until the balancer had noticed a change, and a round more."""

    rounds: tuple[Round, ...]
    seconds: float
    """Until the balancer said so."""
    reason: str
    """The balancer's own, where it gave one."""

    @property
    def last(self) -> Round:
        return self.rounds[-1]

    @property
    def told(self) -> str:
        tried = sum(len(seen.visits) for seen in self.rounds)
        failed = sum(len(seen.failed) for seen in self.rounds)
        return f"{tried} connections meanwhile, {failed} failed"


class Story:
    """Tells the acts in their order and collects what was not as it should be."""

    def __init__(
        self, stage: Stage, screen: Screen, *, now: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._stage = stage
        self._screen = screen
        self._now = now
        self._sleep = sleep
        self.faults: list[str] = []
        """What was not as it should be, a sentence each."""

    async def tell(self) -> None:
        """Play all acts. Raises what the stage raises."""
        before = await self._all_are_up()
        victim = max(SERVERS, key=lambda server: len(before.clients_of(server)))
        await self._one_dies(victim, before)
        await self._it_returns(victim, before)

    async def go_on(self) -> None:
        """Keep the traffic going until cancelled."""
        while True:
            self._screen.show(await self._stage.drive())
            await self._sleep(TICK)

    async def _all_are_up(self) -> Round:
        seen = await self._stage.drive()
        self._screen.show(seen)
        self._blame_failures([seen])
        self._blame_clients("met more than one server", seen.split)
        whole = len(seen.servers) - len(seen.split)
        self._screen.say(
            f"{len(seen.visits)} connections, {len(seen.failed)} failed. {whole} of {len(seen.servers)} clients met one "
            f"server on all services: {_shares(seen, seen.servers)}."
        )
        return seen

    async def _one_dies(self, victim: str, before: Round) -> None:
        theirs = before.clients_of(victim)
        self._screen.say(f"{victim} is killed; {_count(theirs)} used it.")
        await self._stage.kill_server(victim)
        act = await self._until(victim, HostStatus.DOWN)
        moved = frozenset[IPv4Address]().union(*(seen.moved(before) for seen in act.rounds))
        self._blame_failures(act.rounds)
        for seen in act.rounds:
            self._blame_clients("met more than one server", seen.split)
        self._blame_clients(f"moved, though {victim} was not theirs", moved - theirs)
        self._blame_clients(f"did not move away from {victim}", theirs - act.last.moved(before))
        self._screen.say(
            f"Noticed after {act.seconds:.1f} s ({act.reason}); {act.told}. {len(moved & theirs)} of its {_count(theirs)} "
            f"moved, to {_shares(act.last, moved & theirs)}; of the others {len(moved - theirs)} moved."
        )

    async def _it_returns(self, victim: str, before: Round) -> None:
        theirs = before.clients_of(victim)
        self._screen.say(f"{victim} is started again.")
        await self._stage.start_server(victim)
        act = await self._until(victim, HostStatus.UP)
        away = act.last.moved(before)
        self._blame_failures(act.rounds)
        self._blame_clients("are not where they were", away)
        self._screen.say(
            f"Noticed after {act.seconds:.1f} s; {act.told}. {len(theirs - away)} of its {len(theirs)} clients are back; "
            f"of all clients {len(away)} are not where they were."
        )
        between = frozenset[IPv4Address]().union(*(seen.split for seen in act.rounds))
        if between:
            self._screen.say(
                f"On the way {_count(between)} met two servers: each service's check found {victim} by itself."
            )

    async def _until(self, server: str, status: HostStatus) -> _Act:
        """Drive rounds until the balancer says so of the server for every relay, and one more."""
        begin = self._now()
        rounds: list[Round] = []
        while True:
            rows = await self._stage.host_rows(server)
            seconds = self._now() - begin
            noticed = bool(rows) and all(row.status is status for row in rows)
            rounds.append(await self._stage.drive())
            self._screen.glimpse(rounds[-1])
            if noticed or seconds > PATIENCE:
                break
            await self._sleep(PACE)
        self._screen.show(rounds[-1])
        if not noticed:
            self.faults.append(f"the balancer did not find {server} {status} within {PATIENCE:.0f} s")
        reason = next((row.reason for row in rows if row.reason), "no reason given")
        return _Act(tuple(rounds), seconds, reason)

    def _blame_failures(self, rounds: Sequence[Round]) -> None:
        self._blame("failed", [str(visit) for seen in rounds for visit in seen.failed])

    def _blame_clients(self, what: str, clients: Collection[IPv4Address]) -> None:
        self._blame(what, [str(client) for client in sorted(clients)])

    def _blame(self, what: str, culprits: Sequence[str]) -> None:
        if culprits:
            more = f" and {len(culprits) - _NAMED} more" if len(culprits) > _NAMED else ""
            self.faults.append(f"{what}: {', '.join(culprits[:_NAMED])}{more}")


def _count(clients: Collection[IPv4Address]) -> str:
    return f"{len(clients)} client{'' if len(clients) == 1 else 's'}"


def _shares(seen: Round, clients: Collection[IPv4Address]) -> str:
    """Return how many of these clients each server has: `EX1 3, EX2 6`."""
    counts = Counter(server for client in clients for server in set(seen.servers[client].values()))
    return ", ".join(f"{server} {counts[server]}" for server in sorted(counts)) or "nobody"
