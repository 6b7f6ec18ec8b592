"""Health pages that go wrong, on demand."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bascule.lab.faults import PageFault
from bascule.lab.wire import IDLE_SECONDS, Wire

DRIP_SECONDS: Final = 0.05
"""Between two bytes of an answer that drips."""

_LOGIN: Final = '<html><form action="/owa/auth.owa"><input name="password" type="password"></form></html>'
_ANSWERS: Final[Mapping[PageFault, tuple[str, str, str]]] = MappingProxyType(
    {
        PageFault.GONE: ("404 Not Found", "", ""),
        PageFault.FAILING: ("503 Service Unavailable", "", "Service Unavailable"),
        PageFault.WRONG: ("200 OK", "", "It works!"),
        PageFault.LOGIN: ("200 OK", "", _LOGIN),
        PageFault.MOVED: ("302 Found", "Location: /owa/auth/logon.aspx\r\n", ""),
        PageFault.REFUSED: ("401 Unauthorized", "WWW-Authenticate: NTLM\r\n", ""),
    }
)
"""Status line, headers and body."""


async def misbehave(fault: PageFault, wire: Wire) -> None:
    """Answer one request for a page as the fault has it; the connection is of no more use then."""
    if fault is PageFault.HANG:
        await asyncio.sleep(IDLE_SECONDS)
    elif fault is PageFault.DRIP:
        for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 10_000:
            await wire.send(bytes((byte,)))
            await asyncio.sleep(DRIP_SECONDS)
    elif fault is not PageFault.RESET:
        status, headers, body = _ANSWERS[fault]
        head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        await wire.send((head + body).encode("ascii"))
