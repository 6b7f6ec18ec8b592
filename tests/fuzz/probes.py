"""Hostile servers for every probe.

A server says something like its protocol, damaged, in pieces, slowly or without end, in TLS or in what only looks like it,
and ends in one way or another. It is a finding when a probe raises, takes longer than its timeout, reads without bound,
gives a reason that is not one printable line, or blames this machine.
"""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import trustme

from bascule.config.model import (
    Check,
    HttpCheck,
    IcmpCheck,
    MailCheck,
    MailProtocol,
    RpcCheck,
    RpcPorts,
    ScriptCheck,
    SendCheck,
    TcpCheck,
    Timing,
    TlsCheck,
)
from bascule.config.rpc_ports import services
from bascule.config.vdirs import ExchangeCheck, Vdir
from bascule.dcerpc.interfaces import EMSMDB, NSPI
from bascule.dcerpc.mapping import tower
from bascule.health.ask import ask
from bascule.health.caller import lenient_tls
from bascule.health.logins import Logins
from bascule.health.probes import icmp
from bascule.lab.endpoint_mapper import map_results
from bascule.plan.model import Endpoint, Probe, ProbeTarget
from bascule.system.clock import SystemClock
from bed.loopback import Loopback, resets
from bed.rpc import HERE, accepted, response
from fuzz.damage import damaged, pieces
from fuzz.target import Target

WITHOUT_SERVER: Final = frozenset({IcmpCheck, ScriptCheck})
"""Checks that meet no server here: single packets are thrown at the one beside the servers; the other asks a program of the
operator's, whose output its own tests make hostile."""
TOGETHER: Final = 16
"""Servers of one input: most of the time goes into waiting."""
TIMEOUT: Final = 0.3
LATE: Final = 5.0
"""Seconds that a probe may take: far more than its timeout, as this machine may be busy."""
MOST_READ: Final = 32 * 1024 * 1024
"""Bytes that a server can get rid of, those in the kernel's buffers included."""
FLOOD: Final = 65536
"""Bytes that a flood says at once, where a piece is no longer: what is measured is the memory of probes, not of servers."""
LONGEST_REASON: Final = 1000

_TEXTS: Final = ("x", "a*b?c", "[!a", "a\nb\tc", "\x1b[2J", "é" * 40, '"', "x" * 4096)
_HEADS: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 503 Busy\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    b"220-mail.example.com\r\n220 ready\r\n250-PIPELINING\r\n250 8BITMIME\r\n221 bye\r\n",
    b"421 in maintenance\r\n",
    b"* OK [CAPABILITY IMAP4rev1] ready\r\n* BYE\r\na OK done\r\n",
    b"* PREAUTH\r\n",
    b"+OK ready\r\n+OK bye\r\n",
    b"-ERR no\r\n",
    accepted() + response(map_results([], 8)) + response(map_results([], 8), call=3),
    accepted() + response(map_results([tower(EMSMDB, HERE, 1), tower(NSPI, HERE, 1)], 8), flags=1) + response(b"", flags=2),
    b"",
)
_LIKE_TLS: Final = (
    b"\x16\x03\x03\x00\x40",
    b"\x15\x03\x03\x00\x02\x02\x28",
    b"\x16\x03\x03\xff\xff",
    b"\x17\x03\x03\x00\x01\x00",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A probe, and the server that it meets."""

    check: Check
    said: Sequence[bytes]
    pause: float
    """Seconds between two pieces."""
    end: str
    """`close`, `reset`, `wait` for the client, or `flood` with the last piece."""
    tls: bool
    damage: int | None
    """The seed of what is damaged in the bytes of TLS; None leaves them whole."""


@asynccontextmanager
async def opened() -> AsyncIterator[Target[Sequence[Case]]]:
    """Make a certificate, and keep what the event loop is left with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("mail.example.com").configure_cert(context)
    uncaught: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: uncaught.append(context))
    yield Target(cases, _tried(context, uncaught))


def cases(chance: random.Random) -> Sequence[Case]:
    """Return some probes and their servers."""
    return [_case(chance) for _ in range(TOGETHER)]


def _case(chance: random.Random) -> Case:
    text, other = chance.choice(_TEXTS), chance.choice(_TEXTS)
    vdirs = tuple(chance.sample(list(Vdir), chance.choice((1, 2, len(Vdir)))))
    checks: Sequence[Check] = (
        TcpCheck(),
        TlsCheck(),
        ExchangeCheck(vdirs=vdirs, required=vdirs[:1], server=chance.choice(("", "EX1"))),
        HttpCheck(tls=chance.random() < 0.5, path=f"/{other}", host=chance.choice(("", "mail.example.com")), expect=text),
        HttpCheck(tls=False, path="/", codes=((200, 299),)),
        SendCheck(send=chance.choice(("", other)), expect=text, tls=chance.random() < 0.2),
        RpcCheck(service=chance.choice(("", "emsmdb", "nspi"))),
        *(MailCheck(protocol=protocol, tls=chance.random() < 0.2) for protocol in MailProtocol),
        *(MailCheck(protocol=protocol, tls=True, user="u", password="secret") for protocol in MailProtocol),
        MailCheck(protocol=chance.choice(list(MailProtocol)), starttls=True),
    )
    check = chance.choice(checks)
    data = damaged(chance, chance.choice(_HEADS) * chance.choice((1, 1, 1, 2000)))
    if chance.random() < 0.1:
        data = chance.choice(_LIKE_TLS) + data
    return Case(
        check=check,
        said=pieces(chance, data),
        pause=chance.choice((0, 0, 0, 0.01, 0.1)),
        end=chance.choice(("close", "close", "reset", "wait", "flood")),
        tls=chance.random() < (0.9 if isinstance(check, TlsCheck) or getattr(check, "tls", False) else 0.05),
        damage=chance.choice((None, chance.getrandbits(32))),
    )


def _tried(context: ssl.SSLContext, uncaught: Sequence[object]) -> Callable[[Sequence[Case]], Awaitable[None]]:
    lenient = lenient_tls()

    async def tried(what: Sequence[Case]) -> None:
        servers = Loopback()
        try:
            async with asyncio.TaskGroup() as tasks:
                for case in what:
                    tasks.create_task(_probed(case, servers, context, lenient))
        finally:
            await servers.close()
        assert not uncaught, uncaught
        _echoes(what)

    return tried


async def _probed(case: Case, servers: Loopback, context: ssl.SSLContext, lenient: ssl.SSLContext) -> None:
    """Ask one server, and judge what came of it."""
    server = _Server(case, context)
    endpoint: Endpoint = await servers.serve(server.script)
    check = _here(case.check, endpoint.port)
    target = ProbeTarget(endpoint=endpoint, check=check, timing=Timing(timeout=TIMEOUT))
    probe, clock = Probe(target=target), SystemClock()
    chance, now, logins = random.Random(7), partial(datetime.now, UTC), Logins(clock)
    outcome = await ask(probe, random=chance, tls_context=lenient, clock=clock, now=now, logins=logins, smtp_port=1)
    assert outcome.seconds < LATE, (case, outcome)
    assert outcome.reason.isprintable(), (case, outcome)
    assert 0 < len(outcome.reason) < LONGEST_REASON, (case, outcome)
    assert not outcome.ours or "path and host" in outcome.reason or "busy" in outcome.reason, (case, outcome)
    assert server.sent < MOST_READ, (case, outcome, server.sent)


def _here(check: Check, port: int) -> Check:
    """Return a check that calls no port but that of its server, whatever that says."""
    if not isinstance(check, RpcCheck):
        return check
    ports = tuple(RpcPorts(service, port, port) for service in services(check))
    return replace(check, mapper=port, ports=ports)


class _Server:
    """Says what a case has it say, to one client."""

    def __init__(self, case: Case, context: ssl.SSLContext) -> None:
        self._case = case
        self._context = context
        self.sent = 0

    async def script(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak, and end."""
        case = self._case
        say = await self._secured(reader, writer) if case.tls else self._plain(writer)
        for piece in case.said:
            await say(piece)
            await asyncio.sleep(case.pause)
        if case.end == "flood":
            last = case.said[-1] if case.said else b"x"
            while True:
                await say(last * max(1, min(100, FLOOD // max(1, len(last)))))
                await asyncio.sleep(0)
        if case.end == "wait":
            while await reader.read(65536):
                pass
        if case.end == "reset":
            await resets(reader, writer)

    def _plain(self, writer: asyncio.StreamWriter) -> Callable[[bytes], Awaitable[None]]:
        async def say(data: bytes) -> None:
            writer.write(data)
            await writer.drain()
            self.sent += len(data)

        return say

    async def _secured(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Callable[[bytes], Awaitable[None]]:
        """Shake hands and return how to speak; what goes out is damaged now and then. Raises OSError where that fails."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._context.wrap_bio(incoming, outgoing, server_side=True)
        say = self._plain(writer)
        chance = None if self._case.damage is None else random.Random(self._case.damage)

        async def flush() -> None:
            data = outgoing.read()
            await say(damaged(chance, data) if chance is not None and chance.random() < 0.3 else data)

        while True:
            try:
                tls.do_handshake()
                await flush()
                break
            except ssl.SSLWantReadError:
                await flush()
                if not (data := await reader.read(65536)):
                    raise ConnectionResetError from None
                incoming.write(data)

        async def say_secretly(data: bytes) -> None:
            tls.write(data)
            await flush()

        return say_secretly


def _echoes(what: Sequence[Case]) -> None:
    """Assert that no packet is taken for the answer to an echo whose content it does not have."""
    echo = icmp._Echo(8, 0, 7, b"0123456789abcdef")
    for packet in (piece for case in what for piece in case.said):
        bare = icmp._without_ip_header(packet)
        assert echo.answered_by(bare) == (bare[:1] == b"\x00" and bare[8:] == echo.payload)
    assert echo.answered_by(icmp._without_ip_header(b"\x45" + bytes(19) + b"\x00" + bytes(7) + echo.payload))
