"""The agent: pysnmp answers, from the last picture; and sends the traps."""

import asyncio
import shutil
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_network
from typing import Any, Final

from pysnmp.carrier.asyncio.dgram.udp import DOMAIN_NAME as UDP
from pysnmp.carrier.asyncio.dgram.udp import UdpAsyncioTransport
from pysnmp.carrier.asyncio.dgram.udp6 import DOMAIN_NAME as UDP6
from pysnmp.carrier.asyncio.dgram.udp6 import Udp6AsyncioTransport
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import cmdrsp
from pysnmp.entity.rfc3413.context import SnmpContext
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    NotificationType,
    ObjectIdentity,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    send_notification,
)
from pysnmp.proto.rfc1902 import Gauge32, Integer32, ObjectIdentifier, OctetString, TimeTicks
from pysnmp.proto.rfc1905 import endOfMibView, noSuchObject
from pysnmp.smi.instrum import AbstractMibInstrumController

from bascule.herald.fault import explained
from bascule.herald.snmp.guard import Guard
from bascule.herald.snmp.objects import NOTICES, Gauge, Name, Objects, Ticks, Value, objects, trap_objects
from bascule.herald.snmp.wire import Fault, Picture, Settings, Target, Trap
from bascule.herald.wire import shortened

_UP_TIME: Final[Name] = (1, 3, 6, 1, 2, 1, 1, 3, 0)
_EVERYTHING: Final = (1, 3, 6, 1)
_VERSION_1: Final = 0
_AREA: Final = "readers"
_BEGAN: Final = 1_577_836_800
"""2020-01-01: boots of the engine are counted in seconds since then, so that they only grow (RFC 3414, 2.2)."""

MOST_TRAPS: Final = 1_000
"""That wait; of more the oldest are lost."""


class _Answers(AbstractMibInstrumController):  # type: ignore[misc]  # pysnmp has no types
    """What pysnmp asks for the value of a name."""

    def __init__(self) -> None:
        self.objects = Objects({})
        self._began = time.monotonic()

    def read_variables(self, *varbinds: Any, **_: Any) -> list[Any]:
        found = ((name, self._value(tuple(name))) for name, _ in varbinds)
        return [(name, noSuchObject if value is None else _typed(value)) for name, value in found]

    def read_next_variables(self, *varbinds: Any, **_: Any) -> list[Any]:
        found = [(name, self._after(tuple(name))) for name, _ in varbinds]
        return [
            (name, endOfMibView) if behind is None else (ObjectIdentifier(behind[0]), _typed(behind[1]))
            for name, behind in found
        ]

    def _value(self, name: Name) -> Value | None:
        return self._up_time() if name == _UP_TIME else self.objects.value(name)

    def _after(self, name: Name) -> tuple[Name, Value] | None:
        behind = self.objects.after(name)
        if name < _UP_TIME and (behind is None or behind[0] > _UP_TIME):
            return _UP_TIME, self._up_time()
        return behind

    def _up_time(self) -> Ticks:
        return Ticks(int((time.monotonic() - self._began) * 100) % 2**32)


class _Guarded:
    """What a transport does with a datagram: nothing, where its sender may not ask, or it trips the library."""

    guard: Guard
    _callback_function: Callable[..., None] | None

    def datagram_received(self, datagram: bytes, transportAddress: Any) -> None:  # noqa: N803 - the library's name
        """Read it, if it may be."""
        if self._callback_function is None or not self.guard.admits(transportAddress[0], len(datagram)):
            return
        try:
            self._callback_function(self, transportAddress, datagram)
        except Exception:  # noqa: BLE001 - pysnmp meets what strangers send with exceptions of every kind
            return


class _Udp(_Guarded, UdpAsyncioTransport):  # type: ignore[misc]  # pysnmp has no types
    pass


class _Udp6(_Guarded, Udp6AsyncioTransport):  # type: ignore[misc]  # pysnmp has no types
    pass


class Agent:
    """Answers at sockets that it is given; `report` hears of traps that cannot be sent."""

    def __init__(
        self, settings: Settings, doors: Sequence[socket.socket], report: Callable[[Fault], Awaitable[None]]
    ) -> None:
        self._settings = settings
        self._report = report
        self._answers = _Answers()
        self._traps: asyncio.Queue[Trap] = asyncio.Queue(MOST_TRAPS)
        self._failing: set[str] = set()
        self._sending = _engine(settings)
        engine = _engine(settings)
        guard = Guard([ip_network(source) for source in settings.sources], time.monotonic)
        for door in doors:
            version4 = door.family == socket.AF_INET
            transport = _Udp() if version4 else _Udp6()
            transport.guard = guard
            config.add_transport(engine, UDP if version4 else UDP6, transport.open_server_mode(sock=door))
        _admit(engine, settings)
        context = SnmpContext(engine)
        context.unregister_context_name(OctetString(b""))
        context.register_context_name(OctetString(b""), self._answers)
        for responder in (cmdrsp.GetCommandResponder, cmdrsp.NextCommandResponder, cmdrsp.BulkCommandResponder):
            responder(engine, context)
        self._engine = engine

    def show(self, picture: Picture) -> None:
        """Answer by this from now on."""
        self._answers.objects = objects(picture, self._settings.name)

    def trap(self, trap: Trap) -> None:
        """Have a trap sent, soon; never waits."""
        if self._traps.full():
            self._traps.get_nowait()
        self._traps.put_nowait(trap)

    async def send_traps(self) -> None:
        """Send traps as they come, until cancelled."""
        while True:
            trap = await self._traps.get()
            for target in self._settings.targets:
                await self._send(trap, target)

    def close(self) -> None:
        """Answer nobody any more."""
        for engine in (self._engine, self._sending):
            engine.close_dispatcher()

    async def _send(self, trap: Trap, target: Target) -> None:
        settings = self._settings
        who = _user(settings) if settings.user else CommunityData(settings.community, mpModel=1)  # noqa: S508 - the operator may choose
        kind = Udp6TransportTarget if ":" in target.host else UdpTransportTarget
        told = NotificationType(ObjectIdentity(".".join(map(str, NOTICES[trap.about]))))
        told.add_varbinds(*((".".join(map(str, name)), OctetString(words.encode())) for name, words in trap_objects(trap)))
        try:
            where = await kind.create((target.host, target.port), timeout=1, retries=0)
            fault, _, _, _ = await send_notification(self._sending, who, where, ContextData(), "trap", told)
        except Exception as error:  # noqa: BLE001 - pysnmp wraps what goes wrong in exceptions of every kind
            fault = explained(error)
        if fault and target.host not in self._failing:
            self._failing.add(target.host)
            await self._report(Fault(host=target.host, words=shortened(str(fault))))
        elif not fault:
            self._failing.discard(target.host)


def _engine(settings: Settings) -> Any:
    """Return an engine of pysnmp, whose name stays and whose boots grow.

    It would keep its boots in a folder of everybody's, under a name that anybody can foresee: it is given one of its own,
    which goes at once.
    """
    private, before = tempfile.mkdtemp(prefix="bascule-snmp-"), tempfile.tempdir
    tempfile.tempdir = private
    try:
        engine = SnmpEngine(OctetString(settings.engine))
    finally:
        tempfile.tempdir = before
        shutil.rmtree(private, ignore_errors=True)
    engine.message_processing_subsystems.pop(_VERSION_1)  # nobody needs it any more
    (boots,) = engine.get_mib_builder().import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineBoots")
    boots.syntax = boots.syntax.clone(max(1, int(time.time()) - _BEGAN))
    return engine


def _admit(engine: Any, settings: Settings) -> None:
    """Have an engine answer the community and the user, and nobody else."""
    if settings.community:
        config.add_v1_system(engine, _AREA, settings.community)
        config.add_vacm_user(engine, 2, _AREA, "noAuthNoPriv", _EVERYTHING)
    if settings.user:
        config.add_v3_user(
            engine,
            settings.user,
            config.USM_AUTH_HMAC192_SHA256,
            settings.password,
            config.USM_PRIV_CFB128_AES,
            settings.password,
        )
        config.add_vacm_user(engine, 3, settings.user, "authPriv", _EVERYTHING)


def _user(settings: Settings) -> Any:
    return UsmUserData(
        settings.user,
        authKey=settings.password,
        privKey=settings.password,
        authProtocol=config.USM_AUTH_HMAC192_SHA256,
        privProtocol=config.USM_PRIV_CFB128_AES,
    )


def _typed(value: Value) -> Any:
    match value:
        case str():
            return OctetString(value.encode())
        case Gauge(number):
            return Gauge32(number)
        case Ticks(number):
            return TimeTicks(number)
        case int():
            return Integer32(value)
    return ObjectIdentifier(value)
