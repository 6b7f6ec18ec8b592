"""`check smtp`, `check imap` and `check pop3`: the server greets, and hears goodbye.

Goodbye matters: Exchange logs an error for every session that ends without one.
"""

import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from bascule.config.model import MailCheck, MailProtocol
from bascule.health.caller import Caller
from bascule.health.conversation import Conversation
from bascule.health.logins import Logins
from bascule.health.maintenance import says_shut, told_by_smtp
from bascule.health.probes.mail_login import log_in
from bascule.health.reasons import MaintenanceError, ProbeError, quote, tls_words
from bascule.plan.model import ProbeTarget

_SMTP_REPLY: Final = re.compile(rb"([2-5][0-9][0-9])([ -]|$)")
"""RFC 5321, 4.2: three digits, then a hyphen where another line follows."""

_SMTP_READY: Final = 220
_TOO_MANY: Final = re.compile(r"421[ -]4\.3\.2 The maximum number of concurrent ")

_LOGIN: Final = "login"
_STARTTLS: Final[Mapping[MailProtocol, tuple[bytes, bytes]]] = MappingProxyType(
    {
        MailProtocol.SMTP: (b"STARTTLS\r\n", b"220"),
        MailProtocol.IMAP: (b"s STARTTLS\r\n", b"S OK"),
        MailProtocol.POP3: (b"STLS\r\n", b"+OK"),
    }
)
"""What asks for TLS, and how the answer begins that grants it."""

_FAREWELLS: Final[Mapping[MailProtocol, bytes]] = MappingProxyType(
    {MailProtocol.SMTP: b"QUIT\r\n", MailProtocol.IMAP: b"a LOGOUT\r\n", MailProtocol.POP3: b"QUIT\r\n"}
)
_SMTP_TRANSIENT: Final = range(400, 500)

_SMTP: Final = 0.8
"""Share of a check's timeout for SMTP to tell of maintenance; a service that is shut hangs up at once."""


async def probe(check: MailCheck, caller: Caller, logins: Logins, target: ProbeTarget) -> str:
    """Wait for the greeting, judge it, go on as far as is asked, and leave politely. Raises ProbeError, OSError."""
    async with caller.conversation(tls=check.tls) as conversation:
        caller.awaited = "greeting"
        greeting = await _greeting(check, conversation, caller, target.timing.timeout)
        if check.starttls:
            caller.awaited = "answer to STARTTLS"
            await _start_tls(check.protocol, conversation, caller)
        caller.proven = greeting
        if check.user:
            await _visit(check, conversation, caller, logins, target)
        await conversation.farewell(_FAREWELLS[check.protocol])
    return caller.proven


async def _greeting(check: MailCheck, conversation: Conversation, caller: Caller, within: float) -> str:
    """Return the greeting of a server that is up; SMTP is asked why there is none from IMAP or POP3.

    Exchange's POP3 and IMAP4 are of no service in maintenance, and do not say that it is.
    """
    try:
        return await _GREETINGS[check.protocol](conversation, caller)
    except (OSError, ProbeError):
        shut = "" if check.protocol is MailProtocol.SMTP else await told_by_smtp(caller, within * _SMTP)
        if shut:
            raise MaintenanceError(f"in Exchange maintenance: no greeting, and SMTP said {shut}") from None
        raise


async def _start_tls(protocol: MailProtocol, conversation: Conversation, caller: Caller) -> None:
    """RFC 3207, RFC 3501, 6.2.1, RFC 2595, 4."""
    command, good = _STARTTLS[protocol]
    await conversation.send(command)
    line = await conversation.line()
    if not line.upper().startswith(good):
        raise ProbeError(f"refused STARTTLS with {quote(line)}")
    caller.awaited = "TLS handshake"
    try:
        caller.look_at_certificate(await conversation.start_tls(caller.tls), "")
    except ssl.SSLError as error:
        raise ProbeError(f"TLS handshake failed: {tls_words(error)}") from error
    except ConnectionError as error:
        raise ProbeError("TLS handshake failed: connection closed") from error


async def _visit(check: MailCheck, conversation: Conversation, caller: Caller, logins: Logins, target: ProbeTarget) -> None:
    """Have the test mailbox log in where that is due; however that ends, the host is up."""
    if logins.due(target):
        logins.note(target, "no answer")
        caller.remark(_LOGIN, f"the test mailbox {check.user} cannot log in: no answer")
        logins.note(target, await _login(check, conversation, caller))
    caller.remarks.pop(_LOGIN, None)
    if failure := logins.failure(target):
        caller.remark(_LOGIN, f"the test mailbox {check.user} cannot log in: {failure}")


async def _login(check: MailCheck, conversation: Conversation, caller: Caller) -> str:
    """Return why the mailbox could not log in; empty where it could."""
    if not check.password:
        return "its password is not kept here: write it into the text again"
    if caller.certificate is None:
        return "the server showed no certificate"
    try:
        return await log_in(check, conversation)
    except OSError as error:
        return ProbeError.from_os(error).reason
    except ProbeError as error:
        return error.reason


async def _smtp(conversation: Conversation, caller: Caller) -> str:
    """Judge the greeting, then the answer to EHLO: Exchange in maintenance may say 421 to either."""
    code, greeting = await _smtp_reply(conversation)
    if code != _SMTP_READY:
        raise _refusal("greeted with", greeting)
    caller.awaited = "answer to EHLO"
    await conversation.send(f"EHLO {conversation.literal}\r\n".encode())
    code, reply = await _smtp_reply(conversation)
    if code in _SMTP_TRANSIENT:  # a 5yz refuses our name or the verb, not the service
        raise _refusal("answered EHLO with", reply)
    return f"greeted with {greeting}"


def _refusal(how: str, said: str) -> ProbeError:
    """Return the failure that a refusal means: `Service not active` is what Exchange says in maintenance."""
    if says_shut(said.encode()):
        return MaintenanceError(f"in Exchange maintenance: {how} {said}")
    if _TOO_MANY.match(said):
        return ProbeError(f"{how} {said}: its receive connector wants a higher MaxInboundConnectionPerSource")
    return ProbeError(f"{how} {said}")


async def _smtp_reply(conversation: Conversation) -> tuple[int, str]:
    """Return code and first line of a reply, which may have many lines."""
    line = first = await conversation.line()
    while reply := _SMTP_REPLY.match(line):
        if reply[2] != b"-":
            return int(reply[1]), quote(first)
        line = await conversation.line()
    raise ProbeError(f'spoke no SMTP but "{quote(line)}"')


async def _imap(conversation: Conversation, _: Caller) -> str:
    """RFC 9051, 7.1: `* OK` and `* PREAUTH` greet, `* BYE` turns away."""
    line = await conversation.line()
    words = line.upper().split(None, 2)[:2]
    if words in ([b"*", b"OK"], [b"*", b"PREAUTH"]):
        return f"greeted with {quote(line)}"
    if words == [b"*", b"BYE"]:
        raise ProbeError(f"greeted with {quote(line)}")
    raise ProbeError(f'spoke no IMAP but "{quote(line)}"')


async def _pop3(conversation: Conversation, _: Caller) -> str:
    """RFC 1939, 4: `+OK` greets, `-ERR` turns away."""
    line = await conversation.line()
    if line.startswith(b"+OK"):
        return f"greeted with {quote(line)}"
    if line.startswith(b"-ERR"):
        raise ProbeError(f"greeted with {quote(line)}")
    raise ProbeError(f'spoke no POP3 but "{quote(line)}"')


_GREETINGS: Final[Mapping[MailProtocol, Callable[[Conversation, Caller], Awaitable[str]]]] = MappingProxyType(
    {MailProtocol.SMTP: _smtp, MailProtocol.IMAP: _imap, MailProtocol.POP3: _pop3}
)
