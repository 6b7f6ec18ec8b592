"""A test mailbox logs in. What a server says to that is told as its code alone: the rest might repeat the password."""

import re
from base64 import b64encode
from typing import Final

from bascule.config.model import MailCheck, MailProtocol
from bascule.health.conversation import Conversation
from bascule.health.reasons import ProbeError

_SMTP_CODE: Final = re.compile(rb"([2-5][0-9]{2})(?:[ -]([245]\.[0-9]{1,3}\.[0-9]{1,3}))?")
_IMAP_CODE: Final = re.compile(rb"(NO|BAD)(?: \[(AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|EXPIRED|UNAVAILABLE|LIMIT)\])?")
"""RFC 5530 names the response codes."""

_LONGEST_ANSWER: Final = 200
"""Lines that a server may say before it answers a login."""


async def log_in(check: MailCheck, conversation: Conversation) -> str:
    """Log in, and return why that was refused, empty where it was not. Raises ProbeError, OSError without an answer."""
    match check.protocol:
        case MailProtocol.SMTP:
            return await _smtp(check, conversation)
        case MailProtocol.IMAP:
            return await _imap(check, conversation)
        case MailProtocol.POP3:
            return await _pop3(check, conversation)


async def _imap(check: MailCheck, conversation: Conversation) -> str:
    """RFC 3501, 6.2.3."""
    await conversation.send(f"b LOGIN {_quoted(check.user)} {_quoted(check.password)}\r\n".encode())
    for _ in range(_LONGEST_ANSWER):
        line = await conversation.line()
        if line.startswith(b"b "):
            answer = line[2:]
            return "" if answer[:2] == b"OK" else _code(_IMAP_CODE, answer)
    raise ProbeError("no answer to LOGIN")


async def _pop3(check: MailCheck, conversation: Conversation) -> str:
    """RFC 1939, 7: the name, then the password."""
    for command in (f"USER {check.user}", f"PASS {check.password}"):
        await conversation.send(f"{command}\r\n".encode())
        if not (await conversation.line()).startswith(b"+OK"):
            return f"-ERR to {command[:4]}"
    return ""


async def _smtp(check: MailCheck, conversation: Conversation) -> str:
    """RFC 4954, by PLAIN (RFC 4616) where it is offered, else by LOGIN, which Exchange has."""
    await conversation.send(f"EHLO {conversation.literal}\r\n".encode())
    offered: set[bytes] = set()
    for _ in range(_LONGEST_ANSWER):
        line = await conversation.line()
        words = line[4:].upper().split()
        offered |= set(words[1:]) if words[:1] == [b"AUTH"] else set()
        if line[3:4] != b"-":
            break
    user, password = check.user.encode(), check.password.encode()
    if b"PLAIN" in offered:
        steps = [(b"AUTH PLAIN " + b64encode(b"\0" + user + b"\0" + password), b"235")]
    elif b"LOGIN" in offered:
        steps = [(b"AUTH LOGIN", b"334"), (b64encode(user), b"334"), (b64encode(password), b"235")]
    else:
        return "the server offers no login by PLAIN or LOGIN here"
    for command, good in steps:
        await conversation.send(command + b"\r\n")
        if not (line := await conversation.line()).startswith(good):
            return _code(_SMTP_CODE, line)
    return ""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _code(pattern: re.Pattern[bytes], said: bytes) -> str:
    """Return the code that a server refused with, and none of its words."""
    found = pattern.match(said)
    return " ".join(part.decode() for part in found.groups() if part) if found else "an answer that is none"
