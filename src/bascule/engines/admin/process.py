"""One life of the web process, from its start to its end."""

import array
import asyncio
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final, Self

from bascule.system.channel import Channel, ChannelError, encode
from bascule.system.child import ending
from bascule.system.children import Started, Starts
from bascule.system.web_orders import Serve, Serving, WebListener

PATIENCE: Final = 10.0
"""Seconds that the process may take for an order, its start included; it takes half a second."""

_LONGEST_ANSWER: Final = 16 * 1024


class WebLostError(Exception):
    """The process is gone, stands still, or does not answer as it should; the message says which, as a clause."""


class WebRefusedError(Exception):
    """The process goes on as before, and will not do what it was told."""


class WebChild:
    """A running web process and the channel to it."""

    def __init__(self, starts: Starts, process: Started, socket_: socket.socket, channel: Channel[Serving]) -> None:
        self._starts = starts
        self._process = process
        self._socket = socket_
        self._channel = channel
        self._orders = 0

    @classmethod
    async def start(cls, starts: Starts, control: str) -> Self:
        """Start the process, which inherits one end of a socket pair, and asks at the control socket of that path.

        Raises MachineError when it cannot be started.
        """
        ours, theirs = socket.socketpair()
        with ExitStack() as undo, theirs:
            undo.callback(ours.close)
            process = await starts.start("web", ["--control", control], handed=theirs)
            sending = ours.dup()  # descriptors pass no stream of asyncio's
            undo.callback(sending.close)
            reader, writer = await asyncio.open_connection(sock=ours)
            undo.pop_all()
        return cls(starts, process, sending, Channel(reader, writer, Serving, maximum=_LONGEST_ANSWER))

    @property
    def pid(self) -> int:
        """Return the process's id."""
        return self._process.pid

    async def serve(self, listeners: Sequence[WebListener], sockets: Sequence[socket.socket]) -> None:
        """Have it answer at these places and no others, and return when it does. Raises WebLostError, WebRefusedError."""
        self._orders += 1
        order = Serve(number=self._orders, listeners=tuple(listeners))
        try:
            async with asyncio.timeout(PATIENCE):
                await self._send(encode(order), sockets)
                answer = await self._channel.receive()
        except TimeoutError:
            raise WebLostError("it does not answer") from None
        except (OSError, ChannelError) as error:
            raise WebLostError(str(error)) from error
        if answer is None or answer.number != order.number:
            raise WebLostError("it has ended" if answer is None else "it answers what nobody asked")
        if answer.refused:
            raise WebRefusedError(answer.refused)

    async def _send(self, frame: bytes, sockets: Sequence[socket.socket]) -> None:
        rights = array.array("i", [each.fileno() for each in sockets])
        carried = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if sockets else []
        sent = self._socket.sendmsg([frame], carried)
        await asyncio.get_running_loop().sock_sendall(self._socket, frame[sent:])

    async def ended(self) -> None:
        """Return when the process is gone."""
        await self._process.wait()

    async def end(self) -> str:
        """Close the channel, which asks the process to end, see that it does, and return how it ended."""
        self._socket.close()
        await self._channel.close()
        return await ending(self._starts, self._process)
