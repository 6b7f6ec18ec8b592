"""Talks with a server over a stream, and holds no more of what it says than is bounded."""

import asyncio
import ssl
from typing import Final

from bascule.health.reasons import ProbeError

MAXIMUM_ANSWER: Final = 96 * 1024
"""Bytes that a probe reads of one server in all."""

MAXIMUM_LINE: Final = 2048
"""Bytes of one line; RFC 5321 allows 512, IMAP greetings with long lists of capabilities take more."""

_FAREWELL: Final = 1.0
"""Seconds to wait for the answer to a goodbye."""


class Conversation:
    """What was said on one connection. Its methods raise OSError, and ProbeError where a bound is passed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._left = MAXIMUM_ANSWER
        self._rest = bytearray()

    @property
    def local_address(self) -> str:
        """Return the address that we call from."""
        return str(self._writer.get_extra_info("sockname")[0])

    @property
    def literal(self) -> str:
        """Return that as EHLO names it (RFC 5321, 4.1.3)."""
        address = self.local_address
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    async def send(self, data: bytes) -> None:
        """Send, and wait while the server is too slow to take it."""
        self._writer.write(data)
        await self._writer.drain()

    async def more(self) -> bytes:
        """Return what comes next, or nothing when the server has closed."""
        if not self._left:
            raise ProbeError(f"answered more than {MAXIMUM_ANSWER} bytes")
        data = await self._reader.read(self._left)
        self._left -= len(data)
        return data

    async def line(self) -> bytes:
        """Return the next line without its end. Raises ProbeError when the server closes before it is whole."""
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > MAXIMUM_LINE:
                raise ProbeError(f"answered a line of more than {MAXIMUM_LINE} bytes")
            if not (data := await self.more()):
                raise ProbeError("connection closed in mid-line" if self._rest else "connection closed without an answer")
            self._rest += data
        line = bytes(self._rest[:end]).rstrip(b"\r")
        del self._rest[: end + 1]
        return line

    async def start_tls(self, context: ssl.SSLContext) -> asyncio.StreamWriter:
        """Go on in TLS, and return the stream that shows with whom; what came too early is refused (CVE-2011-0411)."""
        if self._rest:
            raise ProbeError("spoke on before TLS began")
        await self._writer.start_tls(context, server_hostname="")
        return self._writer

    async def exactly(self, length: int) -> bytes:
        """Return the next so many bytes. Raises ProbeError when the server closes before they are there."""
        while len(self._rest) < length:
            if not (data := await self.more()):
                raise ProbeError("connection closed in mid-answer" if self._rest else "connection closed without an answer")
            self._rest += data
        taken = bytes(self._rest[:length])
        del self._rest[:length]
        return taken

    async def farewell(self, command: bytes) -> None:
        """Say goodbye and let the server close, so that its log shows a session that ended well; never fails."""
        try:
            async with asyncio.timeout(_FAREWELL):
                await self.send(command)
                while await self.more():
                    pass
        except (OSError, ProbeError):
            return  # the server has shown already what was asked of it
