"""Tells those whom the configuration names what happens here: follows the journal, and has the herald do the talking."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Final, Protocol

from msgspec import structs

from bascule.config.outward import Alert, Outward
from bascule.herald.wire import ClockSeen, Delivered, Order, Report, SyslogState, shortened
from bascule.service.alerts import AlertTried, TriedRow, TryAlert
from bascule.service.events import Event, EventKind, Grade
from bascule.service.failures import NotFound, OperationFailed
from bascule.service.local.journal import REMEMBERED, Journal
from bascule.service.local.outward.alerts.desk import Desk, Letter, Why
from bascule.service.local.outward.alerts.notices import notice
from bascule.service.local.outward.alerts.post import Post, Sender
from bascule.service.local.outward.certificate import AdminCertificate
from bascule.service.local.outward.clocks import Clocks
from bascule.service.local.outward.lacking import lacking_addresses
from bascule.service.local.outward.records import batches, clocks_order, named_clocks, syslog_order
from bascule.service.local.running import Running
from bascule.service.local.words import counted
from bascule.system.children import Starts
from bascule.system.clock import Clock
from bascule.system.companion import Companion
from bascule.system.time_state import synchronised

TICK: Final = 1.0
"""Seconds between two looks at the configuration, and at what is due."""

TESTED: Final = 25.0
"""Seconds that a test may take: within the patience of whoever asks."""


class Runs(Protocol):
    """The balancer, as far as telling others concerns it."""

    @property
    def running(self) -> Running:
        """Return what runs now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What telling is done with."""

    clock: Clock
    now: Callable[[], datetime]
    starts: Starts
    secret: Callable[[str], str]
    """Knows passwords and the addresses of webhooks, by the labels that the text has for them."""
    died: Callable[[str], None]
    """Hears how the herald ended unasked."""
    certificate: Callable[[], datetime | None]
    """Tells when the admin server's certificate ends."""


class Telling:
    """Tells while `watch` runs."""

    def __init__(self, balancer: Runs, journal: Journal, around: Around) -> None:
        self._balancer = balancer
        self._journal = journal
        self._around = around
        self._configured = Outward()
        self._machine = ""
        self._desks: dict[str, Desk] = {}
        self._faults: dict[str, str] = {}
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._post = Post(journal, around.clock, self._order)
        self._clocks = Clocks(journal, synchronised)
        self._certificate = AdminCertificate(journal, around.certificate, around.now)
        self._herald: Companion[Report] = Companion(
            "herald",
            Report,
            clock=around.clock,
            starts=around.starts,
            died=around.died,
            greet=self._greeting,
            heard=self._heard,
        )

    def findings(self) -> Sequence[str]:
        """Return who cannot be told, and what else needs an eye."""
        faults = [f"syslog server {host}: {fault}" for host, fault in self._faults.items()]
        lacking = lacking_addresses(self._configured, self._around.secret)
        return [*faults, *lacking, *self._post.findings(), *self._certificate.findings(), *self._clocks.findings()]

    async def watch(self) -> None:
        """Go on until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._herald.watch())
            tasks.create_task(self._follow_configuration())
            tasks.create_task(self._hand_over())
            tasks.create_task(self._feed_alerts())
            tasks.create_task(self._feed_syslog())

    async def test(self, request: TryAlert) -> AlertTried:
        """Send a test, and say what came of it. Raises OperationFailed where there is no such alert."""
        self._look()
        alerts = [each for each in self._configured.alerts if request.name in {None, each.name}]
        if not alerts:
            there = ", ".join(f'"{each.name}"' for each in self._configured.alerts)
            known = f"there is {there}" if there else 'write `alert "NAME" { … }` in the `system` block'
            what = "the configuration that runs has no alert" + ("" if request.name is None else f' "{request.name}"')
            raise OperationFailed(NotFound(message=f"{what}: {known}"))
        letter = Letter(why=Why.TEST)
        answers = {
            target: answer for alert in alerts for target, answer in self._post.test(letter, alert, self._sender()).items()
        }
        if answers:
            await asyncio.wait(answers.values(), timeout=TESTED)
        rows = [
            TriedRow(alert=target.alert, to=target.shown, fault=answer.result() if answer.done() else "it takes too long")
            for target, answer in answers.items()
        ]
        return AlertTried(rows=tuple(rows))

    # --- what is configured -------------------------------------------------------------------------------------------

    async def _follow_configuration(self) -> None:
        while True:
            self._look()
            self._certificate.look()
            self._post.look({alert.name: alert for alert in self._configured.alerts}, self._sender())
            now, local = self._around.clock.monotonic(), self._local()
            for desk in self._desks.values():
                for letter in desk.due(now, quiet=desk.quiet(local)):
                    self._post.send(letter, desk.alert, self._sender())
            await self._around.clock.sleep(TICK)

    def _look(self) -> None:
        """Go by what runs now."""
        system = self._balancer.running.configuration.system
        machine = system.host_name or socket.gethostname()
        if (system.outward, machine) == (self._configured, self._machine):
            return
        self._configured, self._machine = system.outward, machine
        outward = system.outward
        alerts = {alert.name: alert for alert in outward.alerts}
        self._desks = {name: self._desk(alert) for name, alert in alerts.items()}
        self._post.forget(alerts)
        self._faults = {host: fault for host, fault in self._faults.items() if host in map(str, _hosts(outward))}
        self._clocks.follow(named_clocks(outward))
        self._herald.want(wanted=bool(outward.syslog or outward.alerts or outward.clocks))
        for order in self._settings():
            self._order(order)

    def _desk(self, alert: Alert) -> Desk:
        """Return the desk of an alert; what it knows and holds back stays."""
        desk = self._desks.get(alert.name) or Desk(alert)
        desk.alert = alert
        return desk

    def _sender(self) -> Sender:
        return Sender(machine=self._machine, mail=self._configured.mail, secret=self._around.secret)

    def _local(self) -> datetime:
        return self._around.now().astimezone()

    # --- the herald ---------------------------------------------------------------------------------------------------

    def _settings(self) -> Sequence[Order]:
        return [syslog_order(self._configured, self._machine, os.getpid()), clocks_order(self._configured)]

    def _greeting(self) -> Sequence[Order]:
        """Return what a new herald must know; what waits for him in the queue says no more."""
        while not self._orders.empty():
            self._orders.get_nowait()
        return [*self._settings(), *self._post.outstanding()]

    def _order(self, order: Order) -> None:
        """Have a herald who lives do something; one who begins is told all of it anyway."""
        if self._herald.pid is not None:
            self._orders.put_nowait(order)

    async def _hand_over(self) -> None:
        while True:
            await self._herald.running()
            await self._herald.tell(await self._orders.get())

    def _heard(self, report: Report) -> None:
        """Take what the herald says, who reads what strangers answer: its words are made fit to be shown."""
        report = structs.replace(report, fault=shortened(report.fault))
        match report:
            case SyslogState():
                self._syslog_heard(report)
            case Delivered():
                self._post.heard(report)
            case ClockSeen() if isfinite(report.offset) and isfinite(report.within):
                self._clocks.heard(report)

    def _syslog_heard(self, state: SyslogState) -> None:
        if state.host not in map(str, _hosts(self._configured)):
            return
        if state.fault:
            self._faults[state.host] = state.fault
            words = (
                f"syslog server {state.host} gets nothing: {state.fault}; it is tried again, and what comes meanwhile waits"
            )
            self._journal.note(EventKind.TELLING, words, grade=Grade.WARNING, state="fails", reason=state.fault)
            return
        self._faults.pop(state.host, None)
        lost = f"; {counted(state.lost, 'line')} lost" if state.lost else ""
        words = f"syslog server {state.host} gets what happens again{lost}"
        grade = Grade.WARNING if state.lost else Grade.INFO
        self._journal.note(EventKind.TELLING, words, grade=grade, state="works", number=state.lost)

    # --- the journal --------------------------------------------------------------------------------------------------

    async def _feed_alerts(self) -> None:
        with self._journal.reader() as reader:
            self._take(self._journal.last(REMEMBERED))
            while True:
                self._take((await reader.next()).events)

    def _take(self, events: Sequence[Event]) -> None:
        self._look()
        now, local = self._around.clock.monotonic(), self._local()
        for found in filter(None, map(notice, events)):
            for desk in self._desks.values():
                desk.take(found, now, quiet=desk.quiet(local))

    async def _feed_syslog(self) -> None:
        with self._journal.reader(audit=True) as reader:
            waiting: Sequence[Event] = self._journal.last(REMEMBERED)
            try:
                while True:
                    if self._configured.syslog:
                        await self._herald.running()
                        await self._send(waiting)
                    happened = await reader.next()
                    if happened.lost:
                        words = f"{counted(happened.lost, 'event')} lost before they could be sent to syslog servers"
                        self._journal.note(EventKind.TELLING, words, grade=Grade.WARNING, number=happened.lost)
                    waiting = happened.events
            finally:
                await self._send(reader.taken().events)

    async def _send(self, events: Sequence[Event]) -> None:
        if self._configured.syslog:
            for batch in batches(events):
                await self._herald.tell(batch)


def _hosts(outward: Outward) -> Iterator[object]:
    return (server.host for server in outward.syslog)
