"""Python's own SMTP client hands over mail, which is counted and thrown away."""

import asyncio
import smtplib

import pytest

from bascule.lab.limits import Limits
from bascule.lab.server import SimulatedExchange
from bascule.lab.smtp import MAXIMUM_MESSAGE


def connect(server: SimulatedExchange) -> smtplib.SMTP:
    """Return a client that has heard the greeting."""
    assert server.ports.smtp
    return smtplib.SMTP(str(server.address), server.ports.smtp, local_hostname="client.lab.local", timeout=5)


async def test_messages_are_taken_and_counted(server: SimulatedExchange) -> None:
    """Two messages in one session, one of them with a line that begins with a dot."""

    def send() -> tuple[bool, dict[str, tuple[int, bytes]]]:
        with connect(server) as client:
            client.sendmail("scanner@lab.local", ["a@lab.local", "b@lab.local"], "Subject: one\r\n\r\n.dot\r\n")
            return client.has_extn("pipelining"), client.sendmail("s@lab.local", ["a@lab.local"], "two")

    assert await asyncio.to_thread(send) == (True, {})
    assert server.machine.queued_messages == 2


async def test_greeting_names_the_server(server: SimulatedExchange) -> None:
    """The banner is Exchange's, so that checks written for it match."""
    assert server.ports.smtp
    reader, writer = await asyncio.open_connection(str(server.address), server.ports.smtp)
    assert (await reader.readline()).startswith(b"220 EX1.lab.local Microsoft ESMTP MAIL Service ready at ")
    writer.transport.abort()


async def test_maintenance_answers_421_to_new_and_old_sessions(modern: SimulatedExchange) -> None:
    """A server in maintenance says 4.3.2 and hangs up, also in a session that stood before."""
    client = await asyncio.to_thread(connect, modern)
    modern.machine.maintain(begin=True)
    await asyncio.to_thread(client.noop)  # the command under way is still answered
    assert (await asyncio.to_thread(client.getreply)) == (421, b"4.3.2 Service not active")
    client.close()
    with pytest.raises(smtplib.SMTPConnectError) as refused:
        await asyncio.to_thread(connect, modern)
    assert (refused.value.smtp_code, refused.value.smtp_error) == (421, b"4.3.2 Service not active")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("RCPT TO:<a@lab.local>", 503),
        ("DATA", 503),
        ("RCPT a@lab.local", 501),
        ("MAIL a@lab.local", 503),
        ("XYZZY", 500),
        ("RSET", 250),
    ],
)
async def test_commands_out_of_order_are_refused(server: SimulatedExchange, command: str, code: int) -> None:
    """Each gets the code of its mistake, and the session goes on."""

    def ask() -> tuple[int, int]:
        with connect(server) as client:
            return client.docmd(command)[0], client.noop()[0]

    assert await asyncio.to_thread(ask) == (code, 250)


async def test_an_endless_message_ends_the_session(server: SimulatedExchange) -> None:
    """More than the size that EHLO names is not read, and not counted."""

    def send() -> None:
        with connect(server) as client:
            client.sendmail("s@lab.local", ["a@lab.local"], ("x" * 998 + "\r\n") * (MAXIMUM_MESSAGE // 1000 + 1))

    with pytest.raises((smtplib.SMTPException, OSError)):
        await asyncio.to_thread(send)
    assert server.machine.queued_messages == 0


async def test_one_source_has_twenty_connections(server: SimulatedExchange, modern: SimulatedExchange) -> None:
    """The next is told so, in the words of its version; when one has left there is a place again."""
    for exchange, words in (
        (server, b"4.3.2 The maximum number of concurrent connections has exceeded a limit"),
        (modern, b"4.3.2 The maximum number of concurrent server connections has exceeded a per-source limit"),
    ):
        clients = await asyncio.gather(*(asyncio.to_thread(connect, exchange) for _ in range(20)))
        with pytest.raises(smtplib.SMTPConnectError) as refused:
            await asyncio.to_thread(connect, exchange)
        assert (refused.value.smtp_code, refused.value.smtp_error) == (421, words + b", closing transmission channel")
        await asyncio.to_thread(clients.pop().quit)
        await asyncio.to_thread((await asyncio.to_thread(connect, exchange)).quit)
        for client in clients:
            client.close()


async def test_a_silent_client_is_told_that_it_is_late(server: SimulatedExchange) -> None:
    """Idle for too long, or there for too long."""
    for limits in (Limits(smtp_idle=0.05), Limits(smtp_session=0.05)):
        server.machine.limits = limits
        client = await asyncio.to_thread(connect, server)
        assert await asyncio.to_thread(client.getreply) == (421, b"4.4.1 Connection timed out")
        client.close()
