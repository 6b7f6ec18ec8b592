"""The role `web`: a process without any right that answers administrators' browsers, at sockets that the parent opened."""

import argparse
import array
import asyncio
import logging
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bascule.service.asking import AsyncClient
from bascule.system.channel import ChannelError, Decoder, encode
from bascule.system.web_orders import LONGEST_ORDER, MOST_LISTENERS, Serve, Serving
from bascule.web.application import application
from bascule.web.server import PageServer, tls_context

_LOG: Final = logging.getLogger(__name__)
_RECEIVE: Final = 64 * 1024
_MOST_DESCRIPTORS: Final = 4 * MOST_LISTENERS
_RIGHTS_SPACE: Final = socket.CMSG_SPACE(MOST_LISTENERS * array.array("i").itemsize)


def main(arguments: Sequence[str]) -> int:
    """Answer where the parent says over the socket `--fd N`, until it closes it; return the exit code.

    0: the parent closed, or there is nothing to serve any more. 1: what came was not the parent's.
    """
    parser = argparse.ArgumentParser(prog="bascule role web", description="Serve the admin pages for the parent process.")
    parser.add_argument("--fd", type=int, required=True, help="the connected socket that the parent left open for us")
    parser.add_argument("--control", type=Path, required=True, help="the control socket, where it asks what it shows")
    given = parser.parse_args(arguments)
    descriptor: int = given.fd
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    try:
        asyncio.run(_serve(socket.socket(fileno=descriptor), given.control))
    except (ChannelError, OSError) as error:
        _LOG.warning("the web process lost its parent: %s", error)
        return 1
    return 0


async def _serve(parent: socket.socket, control: Path) -> None:
    """Follow the parent while the pages are served; the end of either is the end of both."""
    parent.settimeout(0)
    pages = application(AsyncClient(control))
    server = PageServer(pages, ending=pages.state.site.hub.close)
    following = asyncio.create_task(_Orders(parent, server).follow())
    following.add_done_callback(lambda _: server.end())
    try:
        await server.run()
    finally:
        following.cancel()
    if not following.cancelled() and following.done():
        following.result()


class _Orders:
    """Carries out what the parent says."""

    def __init__(self, parent: socket.socket, server: PageServer) -> None:
        self._parent = parent
        self._server = server
        self._decoder: Decoder[Serve] = Decoder(Serve, maximum=LONGEST_ORDER)
        self._arrived: deque[socket.socket] = deque()
        self._closed = False

    async def follow(self) -> None:
        """Carry out orders until the parent closes, or there is no place to serve. Raises ChannelError, OSError."""
        loop = asyncio.get_running_loop()
        while True:
            await _readable(loop, self._parent)
            for order in self._received():
                refused = await self._carry_out(order)
                await loop.sock_sendall(self._parent, encode(Serving(number=order.number, refused=refused)))
                if not order.listeners:
                    return
            if self._closed:
                return

    def _received(self) -> Sequence[Serve]:
        try:
            data, ancillary, flags, _ = self._parent.recvmsg(_RECEIVE, _RIGHTS_SPACE, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return ()
        for level, kind, payload in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors = array.array("i")
                descriptors.frombytes(payload[: len(payload) - len(payload) % descriptors.itemsize])
                self._arrived.extend(socket.socket(fileno=descriptor) for descriptor in descriptors)
        if flags & socket.MSG_CTRUNC or len(self._arrived) > _MOST_DESCRIPTORS:
            raise ChannelError("more sockets came than an order has")
        self._closed = not data
        return [*self._decoder.feed(data)]

    async def _carry_out(self, order: Serve) -> str:
        """Serve at the places of an order, the new ones first; return why it cannot be, and then nothing has changed."""
        if len(self._arrived) < len(order.listeners):
            raise ChannelError("fewer sockets came than the order has")
        sockets = {each.number: self._arrived.popleft() for each in order.listeners}
        opened: list[int] = []
        try:
            for each in order.listeners:
                if each.number not in self._server.numbers:
                    tls = tls_context(each.certificate, each.key)
                    self._server.open(each.number, sockets.pop(each.number), tls)
                    opened.append(each.number)
        except (ssl.SSLError, ValueError, OSError) as error:
            for number in opened:
                self._server.close(number)
            return f"it cannot be served: {getattr(error, 'reason', None) or error}"[:1000]
        finally:
            for left in sockets.values():
                left.close()
        for number in self._server.numbers - {each.number for each in order.listeners}:
            self._server.close(number)
        return ""


async def _readable(loop: asyncio.AbstractEventLoop, connection: socket.socket) -> None:
    ready = asyncio.Event()
    loop.add_reader(connection, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(connection)
