"""Probes one host once, whatever its check."""

import asyncio
import ssl
from collections.abc import Coroutine
from random import Random
from typing import assert_never

from bascule.config.model import HttpCheck, IcmpCheck, MailCheck, RpcCheck, ScriptCheck, SendCheck, TcpCheck, TlsCheck
from bascule.health.caller import Caller
from bascule.health.outcome import Outcome
from bascule.health.probes import http, icmp, mail, rpc, script, send, tcp, tls
from bascule.health.reasons import ProbeError
from bascule.plan.model import Probe
from bascule.system.clock import Clock

_LATE = 0.25
"""Seconds by which a timeout may come late. More, and it was this process that stood still, not the host."""


async def ask(probe: Probe, *, random: Random, tls_context: ssl.SSLContext, clock: Clock) -> Outcome:
    """Probe a host once and say what came of it, within the check's timeout; never raises for what a server does."""
    caller = Caller(
        endpoint=probe.target.endpoint, source=probe.source, random=random, tls=tls_context, ttl=probe.target.ttl
    )
    timeout = probe.target.timing.timeout
    started = clock.monotonic()

    def outcome(reason: str, *, up: bool = False, ours: bool = False) -> Outcome:
        return Outcome(up=up, reason=reason, seconds=clock.monotonic() - started, ours=ours)

    try:
        if (shown := await _within(timeout, _answer(probe, caller))) is not None:
            return outcome(shown, up=True)
    except ProbeError as error:
        return outcome(error.reason, ours=error.ours)
    except OSError as error:
        failure = ProbeError.from_os(error)
        return outcome(failure.reason, ours=failure.ours)
    if caller.proven:
        return outcome(caller.proven, up=True)
    late = clock.monotonic() - started - timeout
    if late > _LATE:
        return outcome(f"this machine was busy: the timeout came {late:.1f} s late", ours=True)
    return outcome(f"no {caller.awaited} within {timeout:g} s")


async def _within(seconds: float, answer: Coroutine[None, None, str]) -> str | None:
    """Return the answer, None where none came in time; one that came while this process stood still is taken yet.

    Raises what the answer does. (`asyncio.timeout` would throw an answer away that lies there when the timeout comes late.)
    """
    answering = asyncio.create_task(answer)
    try:
        await asyncio.wait([answering], timeout=seconds)
        return answering.result() if answering.done() else None
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)


async def _answer(probe: Probe, caller: Caller) -> str:
    """Return what showed that the host is up. Raises ProbeError, OSError."""
    match probe.target.check:
        case IcmpCheck():
            return await icmp.probe(caller)
        case TcpCheck():
            return await tcp.probe(caller)
        case TlsCheck():
            return await tls.probe(caller)
        case HttpCheck() as check:
            return await http.probe(check, caller)
        case SendCheck() as check:
            return await send.probe(check, caller)
        case MailCheck() as check:
            return await mail.probe(check, caller)
        case RpcCheck() as check:
            return await rpc.probe(check, caller)
        case ScriptCheck() as check:
            return await script.probe(check, caller)
        case never:
            assert_never(never)
