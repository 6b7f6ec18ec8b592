"""Whether a server that is not well is in Exchange's maintenance: its SMTP says so.

`Set-ServerComponentState … -Component ServerWideOffline -State Inactive` takes the health pages away and has SMTP refuse
with the enhanced code 4.3.2 (Microsoft Learn, "Manage database availability groups" and the page on non-delivery reports).
"""

import asyncio
import re
from dataclasses import replace
from typing import Final

from bascule.health.caller import Caller
from bascule.health.conversation import Conversation
from bascule.health.reasons import ProbeError, quote

_SHUT: Final = re.compile(rb"421[ -]4\.3\.2 Service not a(ctive|vailable)")
"""The code alone is not enough: Exchange has it for a source with too many connections, too."""


def says_shut(reply: bytes) -> bool:
    """Whether a line of SMTP is what Exchange says in maintenance."""
    return _SHUT.match(reply) is not None


async def told_by_smtp(caller: Caller, seconds: float) -> str:
    """Return what the host's SMTP says where that means maintenance, else nothing; within so many seconds, never raises."""
    smtp = replace(caller, endpoint=replace(caller.endpoint, port=caller.smtp_port))
    try:
        async with asyncio.timeout(seconds), smtp.conversation(tls=False) as conversation:
            return await _listen(conversation)
    except (OSError, ProbeError):
        return ""


async def _listen(conversation: Conversation) -> str:
    """Hear the greeting and the answer to EHLO: it may come with either."""
    line = await conversation.line()
    if line.startswith(b"220"):
        await conversation.send(f"EHLO {conversation.literal}\r\n".encode())
        line = await conversation.line()
    if says_shut(line):
        return quote(line)
    await conversation.farewell(b"QUIT\r\n")
    return ""
