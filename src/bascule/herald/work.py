"""What the herald does: sends lines to syslog servers, hands over mails and posts, asks time servers."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPException
from smtplib import SMTPException
from typing import Final

from bascule.herald import mail, webhook
from bascule.herald.clocks import Offset, ask
from bascule.herald.fault import FaultError, explained
from bascule.herald.syslog.line import LONGEST_DATAGRAM, LONGEST_LINE, line
from bascule.herald.syslog.sender import Sender
from bascule.herald.wire import (
    ClockSeen,
    Delivered,
    Order,
    PostWebhook,
    Records,
    Report,
    SendMail,
    SetClocks,
    SetSyslog,
    shortened,
)
from bascule.system.clock import Clock

AT_ONCE: Final = 4
"""Mails and posts under way at once; the next wait."""

MOST_WAITING: Final = 200
"""Those that wait; the next is refused."""

PATIENCE: Final = 20.0
"""Seconds after which a mail or a post counts as not taken, whatever its thread still does."""

LAST_WORDS: Final = 0.5
"""Seconds in which syslog servers may take what waits when the parent ends."""

CLOCKS_EVERY: Final = 600.0
"""Seconds between two questions to a time server."""

Tell = Callable[[Report], Awaitable[None]]
Ask = Callable[[str], Awaitable[Offset]]


class Work:
    """Carries out orders in tasks of a group, and tells what came of them; `stop` ends all that goes on."""

    def __init__(self, tell: Tell, *, clock: Clock, tasks: asyncio.TaskGroup, ask_clock: Ask | None = None) -> None:
        self._tell = tell
        self._clock = clock
        self._tasks = tasks
        self._ask = ask_clock or partial(ask, now=lambda: datetime.now(UTC).timestamp())
        self._threads = ThreadPoolExecutor(AT_ONCE, "herald")
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._deliveries: set[asyncio.Task[None]] = set()
        self._senders: dict[str, tuple[Sender, asyncio.Task[None]]] = {}
        self._syslog: SetSyslog | None = None
        self._asking: asyncio.Task[None] | None = None

    def obey(self, order: Order) -> None:
        """Carry out an order; never waits."""
        match order:
            case SetSyslog():
                self._set_syslog(order)
            case Records():
                self._send(order)
            case SendMail():
                self._deliver(order.number, partial(mail.send, order, lambda: datetime.now(UTC)))
            case PostWebhook():
                self._deliver(order.number, partial(webhook.post, order))
            case SetClocks():
                self._set_clocks(order)

    async def stop(self) -> None:
        """End what goes on by itself; syslog servers have a moment for what waits."""
        self._set_clocks(SetClocks(servers=()))
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await asyncio.gather(*(sender.emptied() for sender, _ in self._senders.values()))
        for task in self._deliveries:
            task.cancel()
        for _, task in self._senders.values():
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    # --- syslog -------------------------------------------------------------------------------------------------------

    def _set_syslog(self, order: SetSyslog) -> None:
        self._syslog = order
        kept: dict[str, tuple[Sender, asyncio.Task[None]]] = {}
        for target in order.servers:
            known = self._senders.pop(target.host, None)
            if known is not None and known[0].target == target:
                kept[target.host] = known
                continue
            if known is not None:
                known[1].cancel()
            sender = Sender(target, clock=self._clock, report=self._tell)
            kept[target.host] = sender, self._tasks.create_task(sender.run())
        for _, task in self._senders.values():
            task.cancel()
        self._senders = kept

    def _send(self, order: Records) -> None:
        if self._syslog is None:
            return
        for sender, _ in self._senders.values():
            target = sender.target
            longest = LONGEST_DATAGRAM if target.transport == "udp" else LONGEST_LINE
            for record in order.records:
                if record.warning or record.audit or not target.warnings_only:
                    sender.add(
                        line(
                            record,
                            facility=target.facility,
                            host_name=self._syslog.host_name,
                            pid=self._syslog.pid,
                            longest=longest,
                        )
                    )

    # --- mails and posts ----------------------------------------------------------------------------------------------

    def _deliver(self, number: int, work: Callable[[], None]) -> None:
        task = self._tasks.create_task(self._delivered(number, work))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _delivered(self, number: int, work: Callable[[], None]) -> None:
        fault = ""
        if len(self._deliveries) > MOST_WAITING:
            await self._tell(Delivered(number=number, fault="too many wait already"))
            return
        try:
            async with self._turns, asyncio.timeout(PATIENCE):  # who waits for others is not late himself
                await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (OSError, FaultError, SMTPException, HTTPException, ValueError) as error:
            fault = shortened(explained(error))
        await self._tell(Delivered(number=number, fault=fault))

    # --- clocks -------------------------------------------------------------------------------------------------------

    def _set_clocks(self, order: SetClocks) -> None:
        if self._asking is not None:
            self._asking.cancel()
        self._asking = self._tasks.create_task(self._ask_clocks(order.servers)) if order.servers else None

    async def _ask_clocks(self, servers: tuple[str, ...]) -> None:
        while True:
            for host in servers:
                try:
                    seen = await self._ask(host)
                except (OSError, FaultError) as error:
                    report = ClockSeen(host=host, fault=shortened(explained(error)))
                else:
                    report = ClockSeen(host=host, offset=seen.seconds, within=seen.within)
                with suppress(OSError):  # a parent that is gone is seen where orders are awaited
                    await self._tell(report)
            await self._clock.sleep(CLOCKS_EVERY)
