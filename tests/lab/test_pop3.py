"""Python's own POP3 client finds its way around the simulated server."""

import asyncio
import poplib
from contextlib import AsyncExitStack
from unittest.mock import ANY

import pytest

from bascule.lab.limits import Limits
from bascule.lab.server import SimulatedExchange


def connect(server: SimulatedExchange) -> poplib.POP3:
    """Return a client that has heard the greeting."""
    assert server.ports.pop3
    return poplib.POP3(str(server.address), server.ports.pop3, timeout=5)


async def test_a_mailbox_is_counted(server: SimulatedExchange) -> None:
    """Greeting with the server's name, any login, no messages, and a farewell."""

    def visit() -> tuple[bytes, dict[str, list[str]], tuple[int, int], list[bytes], bytes]:
        client = connect(server)
        capabilities = client.capa()
        client.user("user")
        client.pass_("password")
        return client.getwelcome(), capabilities, client.stat(), client.list()[1], client.quit()

    greeting = b"+OK The Microsoft Exchange POP3 service is ready. [EX1.lab.local]"
    farewell = b"+OK Microsoft Exchange Server POP3 server signing off."
    assert await asyncio.to_thread(visit) == (greeting, {"USER": []}, (0, 0), [], farewell)


@pytest.mark.parametrize("command", ["STAT", "PASS password", "LIST", "XYZZY"])
async def test_nothing_before_login(server: SimulatedExchange, command: str) -> None:
    """What needs a user, or is unknown, is refused, and the session goes on."""

    def visit() -> None:
        client = connect(server)
        try:
            client._shortcmd(command)  # type: ignore[attr-defined]  # no public method sends a line as it is
        finally:
            client.quit()

    with pytest.raises(poplib.error_proto, match="-ERR"):
        await asyncio.to_thread(visit)


async def test_a_user_has_so_many_sessions_and_strangers_little_time(server: SimulatedExchange) -> None:
    """The session over the limit is closed, as is one without a login after a while."""
    server.machine.limits = Limits(mailbox_connections=2, stranger_idle=0.2)
    async with AsyncExitStack() as last:

        async def heard(said: bytes) -> tuple[bytes, asyncio.StreamWriter]:
            reader, writer = await asyncio.open_connection(str(server.address), server.ports.pop3)
            last.callback(writer.transport.abort)
            writer.write(said)
            lines = [await reader.readline() for _ in range(1 + said.count(b"\n"))]
            return lines[-1], writer

        login = b"USER user\r\nPASS password\r\n"
        in_ = b"+OK User successfully logged on.\r\n"
        first, writer = await heard(login)
        assert (first, (await heard(login))[0], (await heard(login))[0]) == (in_, in_, b"")
        writer.transport.abort()
        while (await heard(login))[0] != in_:
            pass  # its place is free once the server has noticed
        reader, stranger = await asyncio.open_connection(str(server.address), server.ports.pop3)
        last.callback(stranger.transport.abort)
        assert [await reader.readline(), await reader.readline()] == [ANY, b""]
