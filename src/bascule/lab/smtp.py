"""SMTP as a simulated Exchange server speaks it: takes messages, counts them and throws them away (RFC 5321)."""

import asyncio
import ssl
from base64 import b64decode
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from bascule.lab.components import Component
from bascule.lab.machine import Machine
from bascule.lab.wire import Wire

MAXIMUM_MESSAGE: Final = 10 * 1024 * 1024
"""Bytes of a message, as EHLO says."""

MAXIMUM_RECIPIENTS: Final = 500
"""Recipients of a message."""

_SHUT: Final = "421 4.3.2 Service not active"


async def serve_smtp(machine: Machine, wire: Wire, *, context: ssl.SSLContext | None = None) -> None:
    """Hold one conversation; where too many are there already, or in maintenance, say so and hang up."""
    who = (wire.port, wire.peer)
    if not machine.limits.smtp_admits(already=machine.sources.all(), from_here=machine.sources.of(who)):
        await wire.say(f"421 4.3.2 {machine.release.too_many}")
        return
    wire.patience = machine.limits.smtp_idle
    try:
        with machine.sources.held(who):
            async with asyncio.timeout(machine.limits.smtp_session):
                await _converse(machine, wire, context)
    except TimeoutError:
        await wire.say("421 4.4.1 Connection timed out")


async def _converse(machine: Machine, wire: Wire, context: ssl.SSLContext | None) -> None:
    if _is_shut(machine):
        await wire.say(_SHUT)
        return
    ready = format_datetime(datetime.now(UTC))
    await wire.say(f"220 {machine.fqdn} Microsoft ESMTP MAIL Service ready at {ready}")
    envelope = _Envelope()
    while not _is_shut(machine):
        command, _, argument = (await wire.line()).partition(" ")
        match command.upper():
            case "QUIT":
                await wire.say("221 2.0.0 Service closing transmission channel")
                return
            case "HELO":
                envelope = _Envelope()
                await wire.say(f"250 {machine.fqdn} Hello [{wire.peer}]")
            case "EHLO":
                envelope = _Envelope()
                offers = _offers(wire, context)
                await wire.say(f"250-{machine.fqdn} Hello [{wire.peer}]", f"250-SIZE {MAXIMUM_MESSAGE}", *offers)
            case "STARTTLS" if context is not None and not wire.encrypted:
                await wire.say("220 2.0.0 SMTP server ready")
                await wire.start_tls(context)
            case "AUTH" if wire.encrypted and argument.upper() == "LOGIN":
                await wire.say(await _logged_in(machine, wire))
            case "DATA" if envelope.recipients:
                await wire.say(await _take(machine, wire))
                envelope = _Envelope()
            case other:
                await wire.say(envelope.answer(other, argument))
    await wire.say(_SHUT)


def _is_shut(machine: Machine) -> bool:
    return not machine.components.active(Component.FRONTEND_TRANSPORT)


def _offers(wire: Wire, context: ssl.SSLContext | None) -> tuple[str, ...]:
    """Return the extensions that EHLO tells of: before TLS, TLS; in it, to log in."""
    offered = ("250-STARTTLS",) if context is not None and not wire.encrypted else ()
    return ("250-PIPELINING", *offered, *(("250-AUTH LOGIN",) if wire.encrypted else ()), "250 8BITMIME")


async def _logged_in(machine: Machine, wire: Wire) -> str:
    """Ask for name and password, and return the answer to them."""
    given = []
    for prompt in ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"):
        await wire.say(prompt)
        given.append(b64decode(await wire.line()).decode("utf-8", "replace"))
    admitted = machine.admits(given[0], given[1])
    return "235 2.7.0 Authentication successful" if admitted else "535 5.7.3 Authentication unsuccessful"


class _Envelope:
    """What MAIL and RCPT have said so far."""

    def __init__(self) -> None:
        self.sender = ""
        self.recipients = 0

    def answer(self, command: str, argument: str) -> str:
        match command:
            case "MAIL" if argument.upper().startswith("FROM:"):
                self.sender, self.recipients = argument, 0
                return "250 2.1.0 Sender OK"
            case "RCPT" if not argument.upper().startswith("TO:"):
                return "501 5.5.4 Invalid arguments"
            case "RCPT" if self.sender and self.recipients < MAXIMUM_RECIPIENTS:
                self.recipients += 1
                return "250 2.1.5 Recipient OK"
            case "RCPT" if self.sender:
                return "452 4.5.3 Too many recipients"
            case "RSET":
                self.sender, self.recipients = "", 0
                return "250 2.0.0 Resetting"
            case "NOOP":
                return "250 2.0.0 OK"
            case "MAIL" | "RCPT" | "DATA":
                return "503 5.5.2 Bad sequence of commands"
            case _:
                return "500 5.3.3 Unrecognized command"


async def _take(machine: Machine, wire: Wire) -> str:
    """Read a message to its lone dot, and return the answer to it. Raises ValueError when it is too long."""
    await wire.say("354 Start mail input; end with <CRLF>.<CRLF>")
    size = 0
    while (line := await wire.line()) != ".":
        size += len(line) + 2
        if size > MAXIMUM_MESSAGE:
            raise ValueError(f"a message of more than {MAXIMUM_MESSAGE} bytes")
    machine.receive()
    return f"250 2.6.0 [InternalId={machine.queued_messages}, Hostname={machine.fqdn}] Queued mail for delivery"
