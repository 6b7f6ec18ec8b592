"""SNMP as the parent sees it: opens the socket, and has the SNMP process know how it goes and what to tell."""

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final, Protocol

from bascule import __version__
from bascule.config.kinds.kept import community, password
from bascule.config.outward import Outward, Snmp
from bascule.herald.snmp.wire import (
    MOST_HOSTS,
    MOST_RELAYS,
    MOST_TABLES,
    MOST_TARGETS,
    Fault,
    Host,
    Order,
    Picture,
    Relay,
    Report,
    Settings,
    Table,
    Target,
    Trap,
)
from bascule.herald.wire import shortened
from bascule.service.events import Event, EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.service.local.outward.lacking import lacking_community, lacking_user
from bascule.service.local.rows import SessionCounts, count_hosts, relay_rows
from bascule.service.local.running import Running
from bascule.service.local.telling import how_it_goes
from bascule.service.results import RelayRow, RelayStatus
from bascule.system.children import Starts
from bascule.system.clock import Clock
from bascule.system.companion import Companion
from bascule.system.errors import MachineError

TICK: Final = 5.0
"""Seconds between two pictures where nothing happens."""

PAUSE: Final = 1.0
"""Seconds between two pictures at least, however much happens."""

COUNTED: Final = 30.0
"""Seconds between two counts of sessions."""

_ABOUT: Final = {EventKind.HOST: "host", EventKind.TABLE: "table", EventKind.RELAY: "relay"}
_MACHINE_ID: Final = Path("/etc/machine-id")
_LONGEST: Final = 1_000


class Runs(Protocol):
    """The balancer, as far as SNMP concerns it."""

    @property
    def running(self) -> Running:
        """Return what runs now."""
        ...

    def troubles(self) -> object:
        """Return what the machine would not do; empty where it does all."""
        ...


class SnmpAgent:
    """Answers while `watch` runs and the configuration says so. `count` counts sessions, and raises MachineError."""

    def __init__(
        self,
        balancer: Runs,
        journal: Journal,
        *,
        clock: Clock,
        starts: Starts,
        secret: Callable[[str], str],
        count: Callable[[Running], Awaitable[SessionCounts]],
    ) -> None:
        self._balancer = balancer
        self._journal = journal
        self._clock = clock
        self._secret = secret
        self._count = count
        self._configured: Snmp | None = None
        self._machine = ""
        self._known = ("", "")
        """The community and the user's password of the process that runs."""
        self._counts: SessionCounts = Counter()
        self._counted = float("-inf")
        self._fault = ""
        self._process: Companion[Report] = Companion(
            "snmp",
            Report,
            clock=clock,
            starts=starts,
            died=self._died,
            greet=self._greeting,
            heard=self._heard,
            given=self._doors,
        )

    def findings(self) -> Sequence[str]:
        """Return why nobody is answered, or a user is not; nothing where all is well."""
        snmp = self._configured
        if snmp is None:
            return []
        asked = Outward(snmp=snmp)
        lacking = (*lacking_user(asked, self._secret), *lacking_community(asked, self._secret))
        return [words for words in (self._fault, *lacking) if words]

    async def watch(self) -> None:
        """Go on until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._process.watch())
            tasks.create_task(self._follow())
            tasks.create_task(self._feed())

    async def _follow(self) -> None:
        while True:
            system = self._balancer.running.configuration.system
            snmp, machine = system.outward.snmp, system.host_name or socket.gethostname()
            known = ("", "") if snmp is None else (self._community_of(snmp), self._password_of(snmp))
            if (snmp, machine, known) != (self._configured, self._machine, self._known):
                self._configured, self._machine, self._known, self._fault = snmp, machine, known, ""
                self._process.want(wanted=snmp is not None)
                self._process.renew()
            if snmp is not None:
                await self._count_sessions()
                await self._process.tell(self._picture())
            await self._clock.sleep(TICK)

    async def _count_sessions(self) -> None:
        if self._clock.monotonic() - self._counted >= COUNTED:
            self._counted = self._clock.monotonic()
            with suppress(MachineError):  # the next count tells
                self._counts = await self._count(self._balancer.running)

    async def _feed(self) -> None:
        with self._journal.reader() as reader:
            while True:
                events = [event for event in (await reader.next()).events if event.event in _ABOUT]
                if not events or self._configured is None:
                    continue
                await self._process.tell(self._picture())
                for event in events if self._configured.traps else ():
                    await self._process.tell(trap(event))
                await self._clock.sleep(PAUSE)

    # --- the process --------------------------------------------------------------------------------------------------

    def _doors(self) -> Sequence[socket.socket]:
        """Open the sockets. Raises MachineError."""
        snmp = self._configured
        assert snmp is not None, "it runs where the text has snmp"
        places: list[IPv4Address | IPv6Address] = (
            [snmp.address] if snmp.address is not None else [IPv6Address(0), IPv4Address(0)]
        )
        opened: list[socket.socket] = []
        try:
            opened += (door for place in places if (door := _door(place, snmp.port)) is not None)
        except OSError as error:
            for door in opened:
                door.close()
            raise MachineError("open the port of SNMP", f"UDP port {snmp.port}: {error.strerror}") from error
        self._fault = ""
        return opened

    def _greeting(self) -> Sequence[Order]:
        snmp = self._configured
        assert snmp is not None, "it runs where the text has snmp"
        password_, community_ = self._password_of(snmp), self._community_of(snmp)
        told = snmp.traps[:MOST_TARGETS] if password_ or community_ else ()
        settings = Settings(
            name=self._machine,
            engine=engine_id(self._machine),
            community=community_,
            user=snmp.user if password_ else "",
            password=password_,
            sources=tuple(map(str, snmp.sources)),
            targets=tuple(Target(host=str(each.host), port=each.port) for each in told),
        )
        return [settings, self._picture()]

    def _password_of(self, snmp: Snmp) -> str:
        """Return the password of the user; empty where there is no user, or none is kept."""
        return password(snmp.user, snmp.password, self._secret)

    def _community_of(self, snmp: Snmp) -> str:
        """Return the community; empty where there is none, or it is kept nowhere."""
        return community(snmp.community, self._secret)

    def _died(self, words: str) -> None:
        fault = f"SNMP answers nobody: {words}"
        if fault != self._fault:
            self._journal.note(EventKind.TELLING, fault, grade=Grade.WARNING, state="fails", reason=words)
        self._fault = fault

    def _heard(self, fault: Fault) -> None:
        why = shortened(fault.words)
        words = f"a trap did not get to {shortened(fault.host)}: {why}"
        self._journal.note(EventKind.TELLING, words, grade=Grade.WARNING, state="fails", reason=why)

    def _picture(self) -> Picture:
        running = self._balancer.running
        rows = relay_rows(running, self._counts, self._clock.monotonic()).relays
        active = sum(relay.status is RelayStatus.ACTIVE for relay in rows)
        failing = bool(self._balancer.troubles())
        sentence = how_it_goes(len(rows), active, *count_hosts(running), failing=failing, held=running.held)
        return picture(rows, running.name, sentence)


def picture(rows: Sequence[RelayRow], configuration: str, sentence: str) -> Picture:
    """Return how it goes, as far as the MIB tells it."""
    tables = [(relay, table) for relay in rows for table in relay.tables]
    hosts = [(relay, table, host) for relay, table in tables for host in table.hosts]
    return Picture(
        version=__version__,
        configuration=configuration,
        sentence=sentence,
        relays=tuple(
            Relay(number=each.id, name=each.name, status=each.status, sessions=each.sessions) for each in rows[:MOST_RELAYS]
        ),
        tables=tuple(
            Table(number=table.id, name=table.name, relay=relay.name, hosts=len(table.hosts), up=table.hosts_up)
            for relay, table in tables[:MOST_TABLES]
        ),
        hosts=tuple(
            Host(
                number=host.id,
                name=host.name,
                address=host.address,
                relay=relay.name,
                table=table.name,
                status=host.status,
                reason=host.reason[:_LONGEST],
                sessions=host.sessions,
            )
            for relay, table, host in hosts[:MOST_HOSTS]
        ),
    )


def trap(event: Event) -> Trap:
    """Return an event as a trap tells it."""
    return Trap(
        about=_ABOUT[event.event],
        relay=event.relay,
        table=event.table,
        host=event.host,
        state=event.state,
        words=event.words[:_LONGEST],
    )


def engine_id(machine: str) -> bytes:
    """Return the name of our engine (RFC 3411, 5): the same as long as the machine is."""
    try:
        known = _MACHINE_ID.read_text().strip()
    except OSError:
        known = machine
    digest = sha256(f"bascule snmp {known}".encode()).digest()
    return (32473 | 0x8000_0000).to_bytes(4, "big") + b"\x05" + digest[:16]  # 5: octets of our own choice


def _door(place: IPv4Address | IPv6Address, port: int) -> socket.socket | None:
    """Return a socket that is bound there; None where the machine has no IPv6. Raises OSError."""
    version6 = isinstance(place, IPv6Address)
    try:
        door = socket.socket(socket.AF_INET6 if version6 else socket.AF_INET, socket.SOCK_DGRAM)
    except OSError:
        if version6 and place.is_unspecified:
            return None
        raise
    try:
        if version6:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        door.bind((str(place), port))
    except OSError:
        door.close()
        if version6 and place.is_unspecified:
            return None
        raise
    return door
