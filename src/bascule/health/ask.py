"""Probes one host once, whatever its check."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from datetime import datetime
from random import Random
from typing import assert_never

from bascule.config.model import HttpCheck, IcmpCheck, MailCheck, RpcCheck, ScriptCheck, SendCheck, TcpCheck, TlsCheck
from bascule.config.vdirs import ExchangeCheck
from bascule.health.caller import SMTP_PORT, Caller
from bascule.health.certificates import certificate_remarks
from bascule.health.findings import MOST_REMARKS, Findings, Remark
from bascule.health.logins import Logins
from bascule.health.outcome import Outcome
from bascule.health.probes import exchange, http, icmp, mail, rpc, script, send, tcp, tls
from bascule.health.reasons import MaintenanceError, ProbeError
from bascule.plan.model import Probe
from bascule.system.clock import Clock

_LATE = 0.25
"""Seconds by which a timeout may come late. More, and it was this process that stood still, not the host."""


async def ask(
    probe: Probe,
    *,
    random: Random,
    tls_context: ssl.SSLContext,
    clock: Clock,
    now: Callable[[], datetime],
    logins: Logins,
    smtp_port: int = SMTP_PORT,
) -> Outcome:
    """Probe a host once and say what came of it, within the check's timeout; never raises for what a server does.

    `now` tells the time that certificates are judged by, `logins` when test mailboxes log in; at `smtp_port` a host is
    asked whether it is in maintenance.
    """
    caller = Caller(
        endpoint=probe.target.endpoint,
        source=probe.source,
        random=random,
        tls=tls_context,
        ttl=probe.target.ttl,
        smtp_port=smtp_port,
    )
    timeout = probe.target.timing.timeout
    started = clock.monotonic()

    def outcome(reason: str, *, up: bool = False, ours: bool = False, maintenance: bool = False) -> Outcome:
        findings = _findings(caller, now(), maintenance=maintenance)
        return Outcome(up=up, reason=reason, seconds=clock.monotonic() - started, ours=ours, findings=findings)

    try:
        if (shown := await _within(timeout, _answer(probe, caller, logins))) is not None:
            return outcome(shown, up=True)
    except MaintenanceError as error:
        return outcome(error.reason, maintenance=True)
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


def _findings(caller: Caller, now: datetime, *, maintenance: bool) -> Findings:
    """Return what was seen besides the answer."""
    certificate = caller.certificate
    remarks = [Remark(about=about, words=words) for about, words in caller.remarks.items()]
    if certificate is not None:
        remarks += certificate_remarks(certificate, caller.server_name, now)
    return Findings(
        remarks=tuple(remarks[:MOST_REMARKS]),
        pages=tuple(caller.pages),
        certificate=certificate,
        maintenance=maintenance,
    )


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


async def _answer(probe: Probe, caller: Caller, logins: Logins) -> str:
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
        case ExchangeCheck() as check:
            return await exchange.probe(check, caller, probe.target.timing.timeout)
        case SendCheck() as check:
            return await send.probe(check, caller)
        case MailCheck() as check:
            return await mail.probe(check, caller, logins, probe.target)
        case RpcCheck() as check:
            return await rpc.probe(check, caller)
        case ScriptCheck() as check:
            return await script.probe(check, caller)
        case never:
            assert_never(never)
