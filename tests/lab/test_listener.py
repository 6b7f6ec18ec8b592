"""A listener holds a bounded number of conversations, each on its own."""

import asyncio
import contextlib

from bascule.lab.listener import Listener
from bascule.lab.wire import Wire


async def echo(wire: Wire) -> None:
    """Answer every line with itself; refuse to repeat `fault`."""
    while True:
        line = await wire.line()
        if line == "fault":
            raise ValueError(line)
        await wire.say(line)


async def ask(port: int, *lines: str) -> list[bytes]:
    """Return the answers to some lines; the last is empty where the connection was ended."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        answers = []
        with contextlib.suppress(ConnectionError):
            for line in lines:
                writer.write(f"{line}\r\n".encode())
                answers.append(await reader.readline())
        return answers
    finally:
        writer.transport.abort()


async def test_a_conversation_over_the_bound_is_not_held() -> None:
    """The one too many is closed at once; when another ends its place is free again."""
    listener = Listener(echo, maximum=1)
    port = await listener.open("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"first\r\n")
    assert await reader.readline() == b"first\r\n"
    assert b"second\r\n" not in await ask(port, "second")
    writer.transport.abort()
    async with asyncio.timeout(5):
        while await ask(port, "third") != [b"third\r\n"]:
            pass  # the place is free once the server has noticed
    await listener.close()


async def test_a_conversation_that_breaks_ends_alone() -> None:
    """A client's fault closes its own connection, and the next one is served."""
    listener = Listener(echo)
    port = await listener.open("127.0.0.1", 0)
    assert await ask(port, "one", "fault") == [b"one\r\n", b""]
    assert await ask(port, "two") == [b"two\r\n"]
    await listener.close()
