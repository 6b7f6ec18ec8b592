"""The sessions of the kernel and of the proxy as one table: listed, ended, and looked up."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import islice
from typing import Final

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.model import Address
from bascule.engines.proxy.engine import ProxyEngine
from bascule.engines.proxy.wire import AskSessions, Chosen, Order, Place
from bascule.exchange.affinity import Encounter
from bascule.service.failures import NotFound, OperationFailed
from bascule.service.local.answers import Count, Counting, Meeting, trusted
from bascule.service.local.balancer import Balancer
from bascule.service.local.ended import Ended, EndedSessions
from bascule.service.local.explaining import explained, known_of
from bascule.service.local.gathering import Gathering
from bascule.service.local.idleness import Patience
from bascule.service.local.kernel_sessions import KernelSessions, Wanted
from bascule.service.local.limits import limits_of
from bascule.service.local.machine import Machine
from bascule.service.local.session_rows import kernel_ended, kernel_row, proxy_row
from bascule.service.operations import AskClient, Explain, Kill, ShowSessions, Who
from bascule.service.results import ClientReport, Explanation, Killed, Sessions, Whose
from bascule.service.sessions import MAXIMUM_LISTED, SessionOrder, SessionRow
from bascule.system.ctnetlink import Session

_REPORTED: Final = 1000
"""Sessions of each kind that are looked up at once."""

_SLACK: Final = timedelta(seconds=5)
"""By how much the clocks of a host and of this node may differ."""


class SessionTable:
    """Every session that a balancer carries; `now` tells the time, with its zone."""

    def __init__(
        self,
        machine: Machine,
        balancer: Balancer,
        proxy: ProxyEngine,
        ended: EndedSessions,
        gathering: Gathering,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._machine = machine
        self._balancer = balancer
        self._proxy = proxy
        self._ended = ended
        self._now = now
        self._gathering = gathering

    def missing(self) -> Iterator[str]:
        """Yield why some ended sessions may be counted and told by nobody."""
        return self._ended.missing()

    async def listed(self, request: ShowSessions) -> Sessions:
        """Return the foremost sessions of those that were asked for, and how many there are.

        Raises OperationFailed for a name that nobody has, MachineError.
        """
        return await self._listed(self._wanted(request.client, request.host, request.relay), request.sort, request.limit)

    async def some(self, limit: int, *, total: int) -> Sessions:
        """Return any of `total` sessions, which takes no longer where these are very many. Raises MachineError."""
        kernel, patience = self._kernel(), self._patience()
        met = await asyncio.to_thread(lambda: list(islice(kernel.living(Wanted()), limit)))
        answer = await self._proxy.sessions(AskSessions(chosen=_chosen(Wanted()), order=Order.AGE, limit=limit))
        now = self._now()
        rows = [*self._kernel_rows(met, patience), *(proxy_row(each, now) for each in answer.sessions)][:limit]
        return Sessions(sessions=tuple(rows), total=max(total, len(rows)))

    async def kill(self, request: Kill) -> Killed:
        """End sessions at both ends.

        Raises OperationFailed where nothing is named, what nobody has, or one session that has ended; MachineError.
        """
        if not request.all and request.client is request.host is request.relay is request.id is None:
            raise OperationFailed(
                NotFound(message="name a client, a host, a relay or a session; every session ends with --all")
            )
        if request.id is None:
            wanted = self._wanted(request.client, request.host, request.relay)
        else:  # a worker may carry it to its end for a relay that the plan has no more
            client = None if request.client is None else _address(request.client)
            wanted = Wanted(client=client, host=request.host, relay=request.relay, id=request.id)
        kernel = self._kernel()
        doomed = await asyncio.to_thread(lambda: list(kernel.living(wanted)))
        if doomed:
            await self._balancer.kill(doomed)
        ended = len(doomed) + await self._proxy.kill(_chosen(wanted))
        if request.id is not None and not ended:
            raise OperationFailed(NotFound(message=f"session {request.id} lives no more: it has ended already"))
        return Killed(sessions=ended)

    async def client(self, request: AskClient) -> ClientReport:
        """Return everything about one client. Raises OperationFailed for what is no address, MachineError."""
        client = _address(request.address)
        living = await self._listed(Wanted(client=client), SessionOrder.AGE, MAXIMUM_LISTED)
        ended = [*await self._remembered(client), *self._ended.of_client(client)]
        ended.sort(key=lambda each: each.at, reverse=True)
        everything: Sequence[SessionRow | Ended] = (*living.sessions, *ended)
        return ClientReport(
            address=str(client),
            services=await asyncio.to_thread(lambda: tuple(self._services(client))),
            sessions=living.sessions[:_REPORTED],
            total=living.total,
            ended=tuple(each.row() for each in ended[:_REPORTED]),
            ended_total=len(ended),
            from_client=sum(each.from_client for each in everything),
            from_host=sum(each.from_host for each in everything),
            limits=tuple(await limits_of(self._machine.nft, self._balancer.running.plan, client, living.sessions)),
            notes=tuple(self._ended.notes()),
        )

    async def towards_hosts(self, client: Address, relay: str | None, since: datetime) -> Collection[tuple[str, str]]:
        """Return our end and the host's of a client's sessions, in one relay or all, that live or ended since.

        Raises MachineError.
        """
        living = await self._listed(Wanted(client=client, relay=relay), SessionOrder.AGE, MAXIMUM_LISTED)
        ended = [*await self._remembered(client), *self._ended.of_client(client)]
        rows = [*living.sessions, *(each.row() for each in ended if each.at >= since.timestamp())]
        return {(row.source, row.address) for row in rows if relay in (None, row.relay)}

    async def who(self, request: Who) -> Whose:
        """Return whose session a host saw come from an address and port. Raises OperationFailed, MachineError."""
        source, now = _address(request.source), self._now()
        kernel, patience = self._kernel(), self._patience()
        found = await asyncio.to_thread(kernel.from_source, source, request.port)
        answer = await self._proxy.sessions(AskSessions())
        await self._gathering.ask_workers()
        here = Place(str(source), request.port)
        rows = [
            *self._kernel_rows([session for session in found if session.living], patience),
            *(proxy_row(each, now) for each in answer.sessions if each.source == here),
            *(each.row() for each in self._endings([session for session in found if not session.living], patience)),
            *(each.row() for each in self._ended.from_source(source, request.port)),
        ]
        rows = [row for row in rows if request.at is None or _lived(row, request.at)]
        rows.sort(key=lambda row: row.ended or now, reverse=True)
        return Whose(sessions=tuple(rows[:_REPORTED]), notes=tuple(self._ended.notes()))

    async def meetings(self) -> Mapping[Meeting, Count]:
        """Return how connections to the hosts of redirects went lately. Raises MachineError."""
        running = self._balancer.running
        monotonic, now = self._machine.clock.monotonic(), self._now().timestamp()
        trust = trusted(running.plan, running.hosts, monotonic=monotonic, now=now)
        if not trust:
            return {}
        counting = Counting(self._gathering.names(), Ownership(running.configuration, running.facts), trust)
        kernel, since = self._kernel(), counting.since
        await asyncio.to_thread(lambda: counting.living(kernel.begun(since)))
        counting.ended(self._ended.since(since))
        return counting.counts()

    async def encounters(self) -> tuple[Sequence[Encounter], int]:
        """Return who is with whom now, and how many sessions of the proxy are left out. Raises MachineError."""
        kernel, names = self._kernel(), self._gathering.names()

        def count() -> Counter[tuple[bytes, int]]:
            return Counter((session.client, session.mark) for session in kernel.living(Wanted()))

        owned = ((client, names.owner(mark), number) for (client, mark), number in (await asyncio.to_thread(count)).items())
        met = [Encounter(ip_address(client), each.relay, each.host, n) for client, each, n in owned if each is not None]
        answer = await self._proxy.sessions(AskSessions())
        proxied = Counter((each.client.address, each.relay, each.label) for each in answer.sessions if each.label)
        met += [Encounter(ip_address(client), relay, host, n) for (client, relay, host), n in proxied.items()]
        return met, answer.total - len(answer.sessions)

    async def _listed(self, wanted: Wanted, order: SessionOrder, limit: int) -> Sessions:
        kernel, patience = self._kernel(), self._patience()
        order = SessionOrder.AGE if order is SessionOrder.NONE else order
        total, first = await asyncio.to_thread(kernel.foremost, wanted, order, limit)
        asked = AskSessions(chosen=_chosen(wanted), order=Order(order), limit=limit)
        answer, now = await self._proxy.sessions(asked), self._now()
        rows = [*self._kernel_rows(first, patience), *(proxy_row(each, now) for each in answer.sessions)]
        rows.sort(key=_carried if order is SessionOrder.BYTES else _age)
        return Sessions(sessions=tuple(rows[:limit]), total=total + answer.total)

    async def _remembered(self, client: Address) -> Sequence[Ended]:
        """Return a client's sessions that have ended and are in no record yet."""
        kernel, patience = self._kernel(), self._patience()
        await self._gathering.ask_workers()
        return [*self._endings(await asyncio.to_thread(kernel.remembered, client), patience)]

    def _services(self, client: Address) -> Iterator[Explanation]:
        """Yield who would take a client at each place that it can connect to."""
        running = self._balancer.running
        known = known_of(running.plan, running.configuration, running.facts)
        for relay in running.plan.relays:
            if relay.version == client.version:
                for listen in relay.listens:
                    to, protocol = str(listen.address), str(listen.transport)
                    question = Explain(clients=(str(client),), port=listen.port, to=to, protocol=protocol)
                    yield from explained(running.plan, running.belief.states, question, known).explanations

    def _kernel(self) -> KernelSessions:
        return KernelSessions(self._machine.conntrack, self._gathering.names())

    def _patience(self) -> Patience:
        return Patience(self._machine.sysctls)

    def _kernel_rows(self, sessions: Sequence[Session], patience: Patience) -> Iterator[SessionRow]:
        names = self._gathering.names()
        owned = ((session, names.owner(session.mark)) for session in sessions)
        return (kernel_row(session, owner, patience) for session, owner in owned if owner is not None)

    def _endings(self, sessions: Sequence[Session], patience: Patience) -> Iterator[Ended]:
        names, now = self._gathering.names(), self._now()
        ended = (kernel_ended(session, names, patience, now) for session in sessions)
        return (each for each in ended if each is not None)

    def _wanted(self, client: str | None, host: str | None, relay: str | None) -> Wanted:
        unknown = self._gathering.names().strangers(relay=relay, host=host)
        if unknown:
            raise OperationFailed(NotFound(message=unknown))
        return Wanted(client=None if client is None else _address(client), host=host, relay=relay)


def _chosen(wanted: Wanted) -> Chosen:
    """Return which sessions are meant, as workers know it."""
    client = None if wanted.client is None else str(wanted.client)
    return Chosen(client=client, host=wanted.host, relay=wanted.relay, id=wanted.id)


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise OperationFailed(NotFound(message=f"{text} is no IP address")) from None


def _age(row: SessionRow) -> datetime:
    return row.since or datetime.min.replace(tzinfo=UTC)


def _carried(row: SessionRow) -> int:
    return -row.from_client - row.from_host


def _lived(row: SessionRow, at: datetime) -> bool:
    """Tell whether a session may have lived at a time."""
    return (row.since is None or row.since - _SLACK <= at) and (row.ended is None or at <= row.ended + _SLACK)
