"""Python's own IMAP client finds its way around the simulated server."""

import asyncio
import imaplib

import pytest

from bascule.lab.server import SimulatedExchange


def connect(server: SimulatedExchange) -> imaplib.IMAP4:
    """Return a client that has heard the greeting."""
    assert server.ports.imap
    return imaplib.IMAP4(str(server.address), server.ports.imap, timeout=5)


async def test_a_mailbox_is_opened(server: SimulatedExchange) -> None:
    """Greeting with the server's name, any login, an empty mailbox, and a farewell."""

    def visit() -> tuple[bytes, str, list[bytes | None], str]:
        client = connect(server)
        client.login("user", "password")
        _, (count,) = client.select("INBOX")
        return client.welcome, client.noop()[0], [count], client.logout()[0]

    greeting = b"* OK The Microsoft Exchange IMAP4 service is ready. [EX1.lab.local]"
    assert await asyncio.to_thread(visit) == (greeting, "OK", [b"0"], "BYE")


async def test_no_mailbox_before_login(server: SimulatedExchange) -> None:
    """The server refuses SELECT to a client that has not said who it is."""

    def visit() -> str:
        client = connect(server)
        client.state = "AUTH"  # lets the client library send what it knows to be wrong
        try:
            return client.select("INBOX")[0]
        finally:
            client.logout()

    with pytest.raises(imaplib.IMAP4.error, match="Invalid state"):
        await asyncio.to_thread(visit)


async def test_an_unknown_command_is_refused_and_the_session_goes_on(server: SimulatedExchange) -> None:
    """What is not known gets BAD with the client's own tag."""
    assert server.ports.imap
    reader, writer = await asyncio.open_connection(str(server.address), server.ports.imap)
    await reader.readline()
    writer.write(b"a1 XYZZY\r\n\r\na2 NOOP\r\n")
    answers = [await reader.readline() for _ in range(3)]
    assert answers == [b"a1 BAD Command Error. 12\r\n", b"* BAD Command Error. 12\r\n", b"a2 OK NOOP completed.\r\n"]
    writer.transport.abort()


async def test_a_line_without_end_ends_the_session(server: SimulatedExchange) -> None:
    """The server holds no more than a bounded line for anybody."""
    assert server.ports.imap
    reader, writer = await asyncio.open_connection(str(server.address), server.ports.imap)
    await reader.readline()
    writer.write(b"a" * 100_000)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.transport.abort()
