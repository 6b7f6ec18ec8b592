import asyncio
import ssl
import warnings

import pytest

from bascule.config.model import TlsCheck
from bed.loopback import Loopback, Script, closes, drips, resets, says, silent
from bed.probing import ask_once


async def test_a_handshake_is_up_whatever_the_certificate(loopback: Loopback, server_tls: ssl.SSLContext) -> None:
    """A probe asks whether the server serves, not whom it is."""
    outcome = await ask_once(await loopback.serve(silent, tls=server_tls), TlsCheck())
    assert (outcome.up, outcome.reason) == (True, "TLS handshake completed")


async def test_an_old_server_is_up(loopback: Loopback, server_tls: ssl.SSLContext) -> None:
    """Exchange 2010 may speak TLS 1.0 only, which the machine's OpenSSL refuses by default."""
    server_tls.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    server_tls.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        server_tls.maximum_version = ssl.TLSVersion.TLSv1
    outcome = await ask_once(await loopback.serve(silent, tls=server_tls), TlsCheck())
    assert outcome.up, outcome.reason


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (says(b"220 mail.example.com ESMTP\r\n"), "TLS handshake failed: wrong version number"),
        (closes, "TLS handshake failed: connection closed"),
        (resets, "TLS handshake failed: connection closed"),
        (silent, "no TLS handshake within 0.3 s"),
        (says(b"\x16\x03\x03\x40\x00" + b"\x02\x00\x10\x00"), "no TLS handshake within 0.3 s"),
        (drips(b"\x16\x03\x03\x40\x00" + b"\0" * 20, 0.01), "no TLS handshake within 0.3 s"),
    ],
    ids=["other protocol", "closes", "resets", "silent", "half a handshake", "drips"],
)
async def test_no_handshake_is_down(loopback: Loopback, script: Script, reason: str) -> None:
    """Each way to fail a handshake has its reason, within the timeout."""
    outcome = await ask_once(await loopback.serve(script), TlsCheck(), within=0.3)
    assert (outcome.up, outcome.reason, outcome.ours) == (False, reason, False)
    assert outcome.seconds < 1.3


async def test_it_says_goodbye(loopback: Loopback, server_tls: ssl.SSLContext) -> None:
    """The server reads a clean end of the TLS session, not a connection cut short."""
    end: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def note(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        end.set_result(await reader.read())

    await ask_once(await loopback.serve(note, tls=server_tls), TlsCheck())
    assert await asyncio.wait_for(end, 5) == b""
