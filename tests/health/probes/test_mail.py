import asyncio
import ssl
from collections.abc import Mapping

import pytest

from bascule.config.model import MailCheck, MailProtocol
from bed.loopback import Loopback, Script, closes, drips, floods, resets, says, silent
from bed.probing import ask_once

SMTP, IMAP, POP3 = (MailCheck(protocol=protocol) for protocol in MailProtocol)
EXCHANGE = b"220 EX1.example.com Microsoft ESMTP MAIL Service ready at Mon, 1 Jan 2024 10:00:00 +0100\r\n"


def speaks(greeting: bytes, answers: Mapping[bytes, bytes], heard: list[bytes] | None = None) -> Script:
    """Return a server that greets and answers each command by its first words; what ends a session closes it."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        while command := await reader.readline():
            if heard is not None:
                heard.append(command)
            writer.write(next((answer for words, answer in answers.items() if command.startswith(words)), b""))
            if command.strip().endswith((b"QUIT", b"LOGOUT")):
                return

    return script


MANNERS = {
    b"EHLO": b"250-EX1 Hello\r\n250-SIZE\r\n250 8BITMIME\r\n",
    b"QUIT": b"221 2.0.0 bye\r\n",
    b"a LOGOUT": b"* BYE\r\na OK\r\n",
}


@pytest.mark.parametrize(
    ("check", "greeting", "goodbye"),
    [
        (SMTP, EXCHANGE, b"QUIT\r\n"),
        (SMTP, b"220-mail.example.com\r\n220-no spam\r\n220 ESMTP\r\n", b"QUIT\r\n"),
        (SMTP, b"220\r\n", b"QUIT\r\n"),
        (IMAP, b"* OK The Microsoft Exchange IMAP4 service is ready. [RQBYADAA]\r\n", b"a LOGOUT\r\n"),
        (IMAP, b"* OK [CAPABILITY IMAP4rev1] ready\r\n", b"a LOGOUT\r\n"),
        (IMAP, b"* PREAUTH welcome\r\n", b"a LOGOUT\r\n"),
        (IMAP, b"* ok lower\n", b"a LOGOUT\r\n"),
        (POP3, b"+OK The Microsoft Exchange POP3 service is ready.\r\n", b"QUIT\r\n"),
        (POP3, b"+OK\r\n", b"QUIT\r\n"),
    ],
)
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
async def test_a_greeting_is_up_and_hears_goodbye(  # noqa: PLR0917 - parameters of a table
    loopback: Loopback,
    server_tls: ssl.SSLContext,
    check: MailCheck,
    greeting: bytes,
    goodbye: bytes,
    encrypted: bool,  # noqa: FBT001
) -> None:
    """A server that greets is up, and its last line from us is the goodbye, so its log shows no broken session."""
    heard: list[bytes] = []
    endpoint = await loopback.serve(speaks(greeting, MANNERS, heard), tls=server_tls if encrypted else None)
    outcome = await ask_once(endpoint, MailCheck(protocol=check.protocol, tls=encrypted))
    assert outcome.up, outcome.reason
    assert outcome.reason.startswith("greeted with ")
    assert heard[-1] == goodbye


@pytest.mark.parametrize(
    ("check", "greeting", "reason"),
    [
        (SMTP, b"421 4.3.2 Service not active\r\n", "in Exchange maintenance: greeted with 421 4.3.2 Service not active"),
        (
            SMTP,
            b"421 4.3.2 The maximum number of concurrent connections has exceeded a limit\r\n",
            (
                "greeted with 421 4.3.2 The maximum number of concurrent connections has exceeded a limit: "
                "its receive connector wants a higher MaxInboundConnectionPerSource"
            ),
        ),
        (SMTP, b"421-4.3.2 wait\r\n421 later\r\n", "greeted with 421-4.3.2 wait"),
        (SMTP, b"554 5.7.1 no\r\n", "greeted with 554 5.7.1 no"),
        (SMTP, b"250 hello\r\n", "greeted with 250 hello"),
        (SMTP, b"* OK imap\r\n", 'spoke no SMTP but "* OK imap"'),
        (SMTP, b"2200 x\r\n", 'spoke no SMTP but "2200 x"'),
        (IMAP, b"* BYE shutting down\r\n", "greeted with * BYE shutting down"),
        (IMAP, b"+OK pop\r\n", 'spoke no IMAP but "+OK pop"'),
        (IMAP, b"\r\n", 'spoke no IMAP but ""'),
        (POP3, b"-ERR busy\r\n", "greeted with -ERR busy"),
        (POP3, b"220 smtp\x1b]0;x\x07\r\n", 'spoke no POP3 but "220 smtp?]0;x?"'),
    ],
)
async def test_what_turns_us_away_is_down(loopback: Loopback, check: MailCheck, greeting: bytes, reason: str) -> None:
    """The server's own words are the reason, made printable."""
    outcome = await ask_once(await loopback.serve(says(greeting)), check)
    assert (outcome.up, outcome.reason, outcome.ours) == (False, reason, False)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"421 4.3.2 Service not active\r\n", "in Exchange maintenance: answered EHLO with 421 4.3.2 Service not active"),
        (b"451 later\r\n", "answered EHLO with 451 later"),
        (b"502 5.5.1 what?\r\n", ""),
        (b"550 5.7.1 who?\r\n", ""),
        (b"", "no answer to EHLO within 0.4 s"),
    ],
)
async def test_the_answer_to_ehlo(loopback: Loopback, answer: bytes, reason: str) -> None:
    """Exchange in maintenance greets and then says 421; a server that only dislikes our name is up."""
    endpoint = await loopback.serve(speaks(EXCHANGE, {b"EHLO [127.0.0.1]\r\n": answer}))
    outcome = await ask_once(endpoint, SMTP, within=0.4)
    assert (outcome.up, outcome.reason if reason else "") == (not reason, reason)


async def test_ehlo_over_ipv6(loopback: Loopback) -> None:
    """An IPv6 address is written as RFC 5321, 4.1.3 wants it."""
    heard: list[bytes] = []
    await ask_once(await loopback.serve(speaks(EXCHANGE, MANNERS, heard), address="::1"), SMTP)
    assert heard[0] == b"EHLO [IPv6:::1]\r\n"


@pytest.mark.parametrize("check", [SMTP, IMAP, POP3], ids=lambda check: check.protocol)
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (silent, "no greeting within 0.3 s"),
        (closes, "connection closed without an answer"),
        (resets, "connection reset"),
        (drips(b"x", 0.01), "no greeting within 0.3 s"),
        (drips(b"220-x\r\n", 0.005), None),
        (floods(b"220-" + b"x" * 5000), "answered a line of more than 2048 bytes"),
        (floods(b"220-x\r\n"), None),
    ],
    ids=["silent", "closes", "resets", "drips", "drips lines", "long line", "endless banner"],
)
async def test_bad_servers_are_down(loopback: Loopback, check: MailCheck, script: Script, reason: str | None) -> None:
    """Each way to greet badly has its reason, within the timeout and the bounds."""
    outcome = await ask_once(await loopback.serve(script), check, within=0.3)
    assert (outcome.up, outcome.ours, outcome.seconds < 1.3) == (False, False, True)
    assert reason is None or outcome.reason == reason


async def test_an_unanswered_goodbye_is_up(loopback: Loopback) -> None:
    """Once the server has greeted it is up, even when the timeout ends the goodbye."""
    outcome = await ask_once(await loopback.serve(says(b"+OK\r\n")), POP3, within=0.3)
    assert (outcome.up, outcome.reason) == (True, "greeted with +OK")
    assert outcome.seconds < 1.3
