"""`check smtp`, `check imap` and `check pop3`: the server greets, and hears goodbye.

Goodbye matters: Exchange logs an error for every session that ends without one.
"""

import re
from typing import Final

from bascule.config.model import MailCheck, MailProtocol
from bascule.health.caller import Caller
from bascule.health.conversation import Conversation
from bascule.health.reasons import ProbeError, quote

_SMTP_REPLY: Final = re.compile(rb"([2-5][0-9][0-9])([ -]|$)")
"""RFC 5321, 4.2: three digits, then a hyphen where another line follows."""

_SMTP_READY: Final = 220
_SMTP_TRANSIENT: Final = range(400, 500)


async def probe(check: MailCheck, caller: Caller) -> str:
    """Wait for the greeting, judge it, and leave politely. Raises ProbeError, OSError."""
    async with caller.conversation(tls=check.tls) as conversation:
        caller.awaited = "greeting"
        match check.protocol:
            case MailProtocol.SMTP:
                caller.proven = await _smtp(conversation, caller)
                await conversation.farewell(b"QUIT\r\n")
            case MailProtocol.IMAP:
                caller.proven = await _imap(conversation)
                await conversation.farewell(b"a LOGOUT\r\n")
            case MailProtocol.POP3:
                caller.proven = await _pop3(conversation)
                await conversation.farewell(b"QUIT\r\n")
    return caller.proven


async def _smtp(conversation: Conversation, caller: Caller) -> str:
    """Judge the greeting, then the answer to EHLO: Exchange in maintenance may say 421 to either."""
    code, greeting = await _smtp_reply(conversation)
    if code != _SMTP_READY:
        raise ProbeError(f"greeted with {greeting}")
    caller.awaited = "answer to EHLO"
    address = conversation.local_address
    literal = f"IPv6:{address}" if ":" in address else address
    await conversation.send(f"EHLO [{literal}]\r\n".encode())
    code, reply = await _smtp_reply(conversation)
    if code in _SMTP_TRANSIENT:  # a 5yz refuses our name or the verb, not the service
        raise ProbeError(f"answered EHLO with {reply}")
    return f"greeted with {greeting}"


async def _smtp_reply(conversation: Conversation) -> tuple[int, str]:
    """Return code and first line of a reply, which may have many lines."""
    line = first = await conversation.line()
    while reply := _SMTP_REPLY.match(line):
        if reply[2] != b"-":
            return int(reply[1]), quote(first)
        line = await conversation.line()
    raise ProbeError(f'spoke no SMTP but "{quote(line)}"')


async def _imap(conversation: Conversation) -> str:
    """RFC 9051, 7.1: `* OK` and `* PREAUTH` greet, `* BYE` turns away."""
    line = await conversation.line()
    words = line.upper().split(None, 2)[:2]
    if words in ([b"*", b"OK"], [b"*", b"PREAUTH"]):
        return f"greeted with {quote(line)}"
    if words == [b"*", b"BYE"]:
        raise ProbeError(f"greeted with {quote(line)}")
    raise ProbeError(f'spoke no IMAP but "{quote(line)}"')


async def _pop3(conversation: Conversation) -> str:
    """RFC 1939, 4: `+OK` greets, `-ERR` turns away."""
    line = await conversation.line()
    if line.startswith(b"+OK"):
        return f"greeted with {quote(line)}"
    if line.startswith(b"-ERR"):
        raise ProbeError(f"greeted with {quote(line)}")
    raise ProbeError(f'spoke no POP3 but "{quote(line)}"')
