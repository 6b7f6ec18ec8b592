"""Captures, one at a time, each a file that comes piece by piece."""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from bascule.config.model import Address
from bascule.plan.model import Plan
from bascule.service.capture import Capture, Captured
from bascule.service.failures import Busy, NotFound, OperationFailed
from bascule.service.local.balancer import Balancer
from bascule.service.local.capture.belonging import Belonging
from bascule.service.local.capture.headers import LONGEST_HEADERS
from bascule.service.local.capture.program import program
from bascule.service.local.capture.recording import CONTENT, Recording
from bascule.service.local.capture.sides import Side, sides
from bascule.service.local.naming import Names
from bascule.service.local.session_table import SessionTable
from bascule.service.request import Context
from bascule.system.clock import Clock
from bascule.system.packet_tap import AT_ONCE, PacketTap, Tap

_WHOLE: Final = 65535
_LOOK: Final = 0.5
"""Seconds that we wait for a packet."""
_CALM: Final = 0.1
"""Seconds between two pieces, while what comes fits into one."""


class Captures:
    """Who captures now, and how it is done."""

    def __init__(self, tap: PacketTap, balancer: Balancer, sessions: SessionTable, clock: Clock) -> None:
        self._tap = tap
        self._balancer = balancer
        self._sessions = sessions
        self._clock = clock
        self._by = ""

    async def capture(self, context: Context, request: Capture) -> AsyncGenerator[Captured]:
        """Yield piece after piece of a file.

        Raises OperationFailed where nothing is named or what nobody has, and while somebody else captures; MachineError.
        """
        plan = self._balancer.running.plan
        client, wanted = _wanted(plan, request)
        length = _WHOLE if request.full else LONGEST_HEADERS + CONTENT
        chosen = program(wanted, length)
        with self._alone(context.user):
            tap = self._tap.open(chosen, length)
            belonging = None if client is None else Belonging(self._sessions, client, request.relay, datetime.now(UTC))
            file = Recording(request, _named(plan), length)
            try:
                yield Captured(data=file.begin(), packets=0)
                until = self._clock.monotonic() + request.seconds
                while not file.ended:
                    yield await self._piece(tap, file, belonging, until)
            finally:
                tap.close()

    async def _piece(self, tap: Tap, file: Recording, belonging: Belonging | None, until: float) -> Captured:
        """Return what has come since the last piece."""
        while True:
            began = self._clock.monotonic()
            packets = await tap.packets(max(0.0, min(_LOOK, until - began)))
            data = file.written(packets if belonging is None else await belonging.chosen(packets), tap.lost())
            now = self._clock.monotonic()
            if now >= until and not file.ended:
                file.ended = "the time is over"
            if file.ended:
                return file.piece(data + file.end())
            # Whoever captures must not keep us from everything else.
            await self._clock.sleep(now - began if len(packets) == AT_ONCE else _CALM if packets else 0.0)
            if data:
                return file.piece(data)

    @contextmanager
    def _alone(self, user: str) -> Iterator[None]:
        if self._by:
            raise OperationFailed(Busy(message=f"{self._by} captures already; one at a time may"))
        self._by = user
        try:
            yield
        finally:
            self._by = ""


def _wanted(plan: Plan, request: Capture) -> tuple[Address | None, Sequence[Side]]:
    if request.client is request.relay is None:
        raise OperationFailed(NotFound(message="name a client, a relay, or both"))
    try:
        client = None if request.client is None else ip_address(request.client)
    except ValueError:
        raise OperationFailed(NotFound(message=f"{request.client} is no IP address")) from None
    unknown = Names(plan).strangers(relay=request.relay, host=None)
    if unknown:
        raise OperationFailed(NotFound(message=unknown))
    found = sides(plan, client, request.relay)
    if not found:
        raise OperationFailed(NotFound(message=f"relay {request.relay} has no packets of {request.client or 'anybody'}"))
    return client, found


def _named(plan: Plan) -> Mapping[Address, str]:
    """Return what people call the hosts."""
    hosts = [host for relay in plan.relays for host in relay.pool.hosts]
    return {host.endpoint.address: host.label for host in hosts if host.label != str(host.endpoint.address)}
