"""Outlook and phones ask for news, and wait; curl logs in as NTLM's clients do."""

import asyncio
import shutil
from asyncio.subprocess import PIPE
from base64 import b64encode

import pytest

from bascule.lab.ntlm import CHALLENGES, Login
from bascule.lab.server import SimulatedExchange
from lab.test_https import trusting

NEGOTIATE = "NTLM " + b64encode(b"NTLMSSP\0\x01\0\0\0").decode()
AUTHENTICATE = "NTLM " + b64encode(b"NTLMSSP\0\x03\0\0\0").decode()


def test_a_login_belongs_to_its_connection() -> None:
    """Challenge and answer are of one connection; an answer that comes over another is none."""
    login = Login()
    assert login.answer("") == CHALLENGES
    assert login.answer(AUTHENTICATE) == CHALLENGES, "that was for another connection"
    (challenge,) = login.answer(NEGOTIATE)
    assert challenge.startswith("WWW-Authenticate: NTLM TlRMTVNTUAACAAAA")
    assert login.answer(AUTHENTICATE) == ()
    assert login.answer("") == (), "and counts for all that follows"
    assert Login().answer("NTLM not-base64") == Login().answer("NTLM AAAA") == Login().answer("Basic eA==") == CHALLENGES


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_outlook_waits_for_news_after_its_login(modern: SimulatedExchange) -> None:
    """Three requests over one connection; the last is held open, and answered when a message comes."""
    url = f"https://{modern.address}:{modern.ports.https}/mapi/emsmdb/?MailboxId=1"
    wait = ("-X", "POST", "-d", "", "-H", "X-RequestType: NotificationWait")
    curl = await asyncio.create_subprocess_exec(
        *("curl", "-skN", "--max-time", "20", "--ntlm", "-u", "user:password", *wait, "-w", "%{http_code}", url),
        stdout=PIPE,
    )
    assert curl.stdout
    assert await curl.stdout.readline() == b"PROCESSING\r\n"
    assert modern.connections("https") == 1
    modern.machine.receive()
    said, _ = await curl.communicate()
    assert said == b"DONE\r\nX-ResponseCode: 0\r\n\r\nnews200"


async def test_without_a_login_there_is_no_news(modern: SimulatedExchange) -> None:
    """The challenge names both ways to log in, and leaves the connection open."""
    reader, writer = await asyncio.open_connection(str(modern.address), modern.ports.https, ssl=trusting(modern))
    for _ in range(2):
        writer.write(b"POST /mapi/emsmdb HTTP/1.1\r\nX-RequestType: NotificationWait\r\n\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        assert head[0] == "HTTP/1.1 401 Unauthorized"
        assert {*CHALLENGES, "Connection: keep-alive"} <= {*head}
    writer.transport.abort()


async def test_a_phone_hears_nothing_until_its_time_is_over(server: SimulatedExchange) -> None:
    """Direct push: the connection is idle meanwhile, and used again after that."""
    server.machine.poll_seconds = 0.2
    reader, writer = await asyncio.open_connection(str(server.address), server.ports.https, ssl=trusting(server))
    for _ in range(2):
        writer.write(b"POST /Microsoft-Server-ActiveSync?Cmd=Ping&User=a HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.read(1)
        assert (await reader.readuntil(b"0\r\n\r\n")).endswith(b"\r\n\r\n7\r\nnothing\r\n0\r\n\r\n")
    writer.transport.abort()
