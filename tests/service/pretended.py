"""A service that does nothing, and says so: for whoever speaks to one over a real socket."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime

from bascule.config.diagnostics import Diagnostic, Span
from bascule.service.capture import Capture, Captured
from bascule.service.catalogue import operation_of
from bascule.service.deployment import ShowRevision
from bascule.service.failures import OperationFailed, Rejected
from bascule.service.firewall import FirewallRules, ShowFirewall
from bascule.service.logins import LoggedIn, LogIn, Login, ShowLogin
from bascule.service.operations import (
    Clear,
    Explain,
    Monitor,
    OrderHost,
    Poll,
    Reload,
    ShowRelays,
    Status,
    Stop,
)
from bascule.service.permissions import Role
from bascule.service.request import Answer, Context, Request
from bascule.service.results import (
    Cleared,
    Events,
    Explained,
    HostOrdered,
    Level,
    Polled,
    Relays,
    Reloaded,
    RevisionText,
    StatusReport,
    Stopped,
)
from bascule.service.service import ByMethods
from bascule.system.errors import MachineError
from bed.payloads import filled

REPORT = StatusReport(
    level=Level.OK,
    sentence="1 relay serves clients",
    version="0",
    pid=1,
    configuration="a.conf",
    since=datetime(2026, 1, 1, tzinfo=UTC),
    relays=1,
    relays_active=1,
    hosts=1,
    hosts_up=1,
)
REJECTED = Rejected(diagnostics=(Diagnostic.error(Span(1, 2, 3), "no client of that address"),))


class PretendedService(ByMethods):
    """Answers without any work, and remembers who asked for the status.

    What has no method here is answered by the least that its answer may be, of outlandish strings.
    """

    def __init__(self) -> None:
        self.asked_by: list[Context] = []
        self.following = 0

    async def ask(self, context: Context, request: Request[Answer], /) -> Answer:
        """Answer as the method would or, without one, anything."""
        if hasattr(self, operation_of(request).method):
            return await super().ask(context, request)
        answer: Answer = filled(operation_of(request).result, full=False)
        return answer

    async def follow(self, context: Context, request: Request[Answer], /) -> AsyncGenerator[Answer, None]:
        """Answer as the method would or, without one, once."""
        if not hasattr(self, operation_of(request).method):
            yield await self.ask(context, request)
            return
        async with contextlib.aclosing(super().follow(context, request)) as answers:
            async for answer in answers:
                yield answer

    async def status(self, context: Context, _: Status, /) -> StatusReport:
        """Answer, and keep the context."""
        self.asked_by.append(context)
        return REPORT

    async def show_relays(self, _: Context, __: ShowRelays, /) -> Relays:
        """Meet a machine that would not."""
        raise MachineError("read the sets", "no such table")

    async def show_firewall(self, _: Context, __: ShowFirewall, /) -> FirewallRules:
        """Have a bug."""
        raise ZeroDivisionError

    async def monitor(self, _: Context, request: Monitor, /) -> AsyncIterator[Events]:
        """Count up, quickly at first, and wait for ever after as many answers as were asked for."""
        self.following += 1
        try:
            for number in range(request.last):
                yield Events(lost=number)
            await asyncio.Event().wait()
        finally:
            self.following -= 1

    async def capture(self, _: Context, request: Capture, /) -> AsyncIterator[Captured]:
        """Have captured two pieces; a client is nobody's."""
        if request.client is not None:
            raise MachineError("capture packets", "Operation not permitted")
        yield Captured(data=b"one ", packets=1)
        yield Captured(data=b"two", packets=2, lost=1, ended="the time is over")

    async def poll(self, context: Context, _: Poll, /) -> Polled:
        """Have found every host up."""
        context.tell("checking hosts", 0, 2)
        return Polled(checks=2, up=2)

    async def show_revision(self, _: Context, __: ShowRevision, /) -> RevisionText:
        """Have none of that number."""
        raise OperationFailed(REJECTED)

    async def reload(self, _: Context, __: Reload, /) -> Reloaded:
        """Refuse the text, which has a name."""
        raise OperationFailed(Rejected(diagnostics=REJECTED.diagnostics, name="a.conf"))

    async def explain(self, _: Context, __: Explain, /) -> Explained:
        """Refuse what was asked."""
        raise OperationFailed(REJECTED)

    async def order_host(self, _: Context, request: OrderHost, /) -> HostOrdered:
        """Pretend to have done it."""
        return HostOrdered(sentence=f"{request.action} {request.host}")

    async def clear(self, _: Context, __: Clear, /) -> Cleared:
        """Pretend to have cleared."""
        return Cleared(done=("ended 2 sessions",))

    async def stop(self, _: Context, __: Stop, /) -> Stopped:
        """Take a moment to answer."""
        await asyncio.sleep(0.2)
        return Stopped(sentence="stopped")

    async def login(self, _: Context, request: LogIn, /) -> LoggedIn:
        """Let everybody in."""
        return LoggedIn(token="token", name=request.name, role=Role.VIEWER)

    async def show_login(self, context: Context, _: ShowLogin, /) -> Login:
        """Say who asks."""
        return Login(name=context.user, role=context.role, until=context.until)
