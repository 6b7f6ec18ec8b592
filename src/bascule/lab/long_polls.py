"""Questions for news, which a simulated server holds open for minutes: Outlook's over MAPI/HTTP, and a phone's.

Source: [MS-OXCMAPIHTTP] 2.2.4.4 and 3.2.5.5 (NotificationWait), [MS-ASCMD] 2.2.1.14 (Ping).
"""

from enum import StrEnum
from typing import Final

from bascule.lab.http_request import Request
from bascule.lab.machine import Machine
from bascule.lab.wire import Wire

PENDING_SECONDS: Final = 15.0
"""How often Outlook is told that its question still stands."""


class LongPoll(StrEnum):
    """Who asks."""

    OUTLOOK = "application/mapi-http"
    """Hears at once that the question stands, and again from time to time."""
    PHONE = "application/vnd.ms-sync.wbxml"
    """Hears nothing at all until there are news: the connection is idle meanwhile."""


def long_poll(request: Request) -> LongPoll | None:
    """Return which question for news a request is; None where it is none."""
    if request.folder == "mapi" and request.headers.get("x-requesttype", "").lower() == "notificationwait":
        return LongPoll.OUTLOOK
    if request.folder == "microsoft-server-activesync" and "cmd=ping" in request.query.lower():
        return LongPoll.PHONE
    return None


async def hold(poll: LongPoll, machine: Machine, wire: Wire) -> None:
    """Hold a question open until there are news or its time is over, and answer it."""
    head = (
        "HTTP/1.1 200 OK",
        f"Content-Type: {poll}",
        f"Server: {machine.release.web_server}",
        f"X-FEServer: {machine.name}",
        "Transfer-Encoding: chunked",
    )
    if poll is LongPoll.OUTLOOK:
        await wire.say(*head, "X-PendingPeriod: 15000", "")
        await _chunk(wire, "PROCESSING\r\n")
        news = await _pending(machine, wire)
        await _chunk(wire, f"DONE\r\nX-ResponseCode: 0\r\n\r\n{'news' if news else 'nothing'}")
    else:
        news = await machine.news(machine.poll_seconds)
        await wire.say(*head, "")
        await _chunk(wire, "news" if news else "nothing")
    await _chunk(wire, "")


async def _pending(machine: Machine, wire: Wire) -> bool:
    left = machine.poll_seconds
    while left > 0:
        if await machine.news(min(left, PENDING_SECONDS)):
            return True
        left -= PENDING_SECONDS
        await _chunk(wire, "PENDING\r\n")
    return False


async def _chunk(wire: Wire, text: str) -> None:
    """RFC 9112, 7.1; the empty one is the last."""
    await wire.send(f"{len(text):x}\r\n{text}\r\n".encode("ascii"))
