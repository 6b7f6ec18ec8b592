import asyncio
import ssl

import pytest

from bascule.config.model import SendCheck
from bed.loopback import Loopback, Script, closes, drips, floods, resets, says, silent
from bed.probing import ask_once


async def echoes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer what was sent, in upper case and in two parts."""
    data = (await reader.read(100)).upper()
    writer.write(data[:2])
    await asyncio.sleep(0.05)
    writer.write(data[2:])


@pytest.mark.parametrize("pattern", ["HELLO\r\n", "HEL*", "*", "?ELLO??", "[GH]ELLO*", "*LO*"])
async def test_the_whole_answer_matches(loopback: Loopback, pattern: str) -> None:
    """The pattern is a shell's, and is asked of all that came, whatever the parts."""
    outcome = await ask_once(await loopback.serve(echoes), SendCheck(send="hello\r\n", expect=pattern))
    assert outcome.up, outcome.reason


async def test_nothing_waits_for_the_server(loopback: Loopback, server_tls: ssl.SSLContext) -> None:
    """`send nothing` lets the server speak first, also in TLS."""
    endpoint = await loopback.serve(says(b"* OK ready\r\n"), tls=server_tls)
    outcome = await ask_once(endpoint, SendCheck(expect="\\* OK*".replace("\\*", "[*]"), tls=True))
    assert (outcome.up, outcome.reason) == (True, 'answered "* OK ready"')


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (silent, "no answer within 0.3 s"),
        (closes, "connection closed without an answer"),
        (resets, "connection reset"),
        (says(b"220 \x1b[31mevil\r\n"), 'no answer like "OK*" but "220 ?[31mevil" within 0.3 s'),
        (drips(b"nothing of use ", 0.005), None),
        (floods(b"x" * 65536), "answered more than 98304 bytes"),
    ],
    ids=["silent", "closes", "resets", "other words", "drips", "floods"],
)
async def test_bad_servers_are_down(loopback: Loopback, script: Script, reason: str | None) -> None:
    """What never matches is down, in time and with printable reasons."""
    outcome = await ask_once(await loopback.serve(script), SendCheck(expect="OK*"), within=0.3)
    assert (outcome.up, outcome.ours, outcome.seconds < 1.3) == (False, False, True)
    assert outcome.reason.isprintable()
    assert reason is None or outcome.reason == reason


async def test_an_answer_that_ends_without_a_match(loopback: Loopback) -> None:
    """A server that says something else and closes is down at once."""

    async def wrong(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"-ERR\r\n")

    outcome = await ask_once(await loopback.serve(wrong), SendCheck(expect="+OK*"))
    assert (outcome.up, outcome.reason) == (False, 'answered "-ERR", not "+OK*"')


async def test_a_pattern_of_several_lines_is_named_in_one(loopback: Loopback) -> None:
    """A reason is one printable line, whatever the operator waits for."""
    outcome = await ask_once(await loopback.serve(says(b"no")), SendCheck(expect="two\nlines"), within=0.2)
    assert outcome.reason == 'no answer like "two?lines" but "no" within 0.2 s'


async def test_a_hard_pattern_does_not_hold_us(loopback: Loopback) -> None:
    """A pattern of many stars on a long answer takes no exponential time."""
    check = SendCheck(expect="*a" * 30 + "*b")
    outcome = await ask_once(await loopback.serve(says(b"a" * 60_000)), check, within=0.5)
    assert (outcome.up, outcome.ours, outcome.seconds < 1.0) == (False, False, True)
