import asyncio
import ssl

import pytest

from bascule.config.model import HttpCheck
from bascule.health.probes.http import MAXIMUM_BODY
from bascule.plan.model import Endpoint
from bed.loopback import Loopback, Script, drips, floods, resets, says, silent
from bed.probing import ask_once

PAGE = HttpCheck(tls=False, path="/owa/healthcheck.htm")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n200 OK"


def records(requests: list[bytes], answer: bytes = OK) -> Script:
    """Return a server that notes the request's head and answers."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)

    return script


async def test_the_request(loopback: Loopback) -> None:
    """A GET over HTTP/1.1 that asks the server to close, with the name of the service as Host."""
    requests: list[bytes] = []
    check = HttpCheck(tls=False, path="/owa/a page?x=1&y=%20", host="mail.example.com")
    outcome = await ask_once(await loopback.serve(records(requests)), check)
    assert (outcome.up, outcome.reason) == (True, "HTTP 200")
    first, *headers = requests[0].decode().rstrip().split("\r\n")
    assert first == "GET /owa/a%20page?x=1&y=%20 HTTP/1.1"
    assert {"Host: mail.example.com", "Connection: close", "User-Agent: bascule"} <= set(headers)


@pytest.mark.parametrize(("address", "host"), [("127.0.0.1", "127.0.0.1:{}"), ("::1", "[::1]:{}")])
async def test_without_a_name_the_address_is_the_host(loopback: Loopback, address: str, host: str) -> None:
    """A server without a name is asked for by address, with the port where it is not the usual one."""
    requests: list[bytes] = []
    endpoint = await loopback.serve(records(requests), address=address)
    await ask_once(endpoint, PAGE)
    assert f"Host: {host.format(endpoint.port)}\r\n".encode() in requests[0]


async def test_https_names_the_server(loopback: Loopback, server_tls: ssl.SSLContext) -> None:
    """Over TLS the name is said in the handshake too; the certificate may be anybody's."""
    names: list[str | None] = []
    server_tls.sni_callback = lambda _connection, name, _context: names.append(name)
    endpoint = await loopback.serve(says(OK), tls=server_tls)
    for host in ("mail.example.com", ""):
        assert (await ask_once(endpoint, HttpCheck(tls=True, path="/", host=host))).up
    assert names == ["mail.example.com", None]


@pytest.mark.parametrize(
    ("status", "codes", "reason"),
    [
        (503, ((200, 200),), "HTTP 503 instead of 200"),
        (302, ((200, 200), (401, 401)), "HTTP 302 instead of 200, 401"),
        (199, ((200, 299),), "connection closed without an answer"),
        (300, ((200, 299),), "HTTP 300 instead of 200-299"),
        (299, ((200, 299),), ""),
        (401, ((200, 200), (401, 403)), ""),
    ],
)
async def test_codes(loopback: Loopback, status: int, codes: tuple[tuple[int, int], ...], reason: str) -> None:
    """Ranges include both ends; any other code is down and named."""
    endpoint = await loopback.serve(records([], f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()))
    outcome = await ask_once(endpoint, HttpCheck(tls=False, path="/", codes=codes))
    assert (outcome.up, outcome.reason) == ((False, reason) if reason else (True, f"HTTP {status}"))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n200\r\n3\r\n OK\r\n0\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.0 200 OK\r\n\r\nsaid: 200 OK."
LATE = b"HTTP/1.1 200 OK\r\n\r\n" + b"." * (MAXIMUM_BODY - 6) + b"200 OK"
TOO_LATE = b"HTTP/1.1 200 OK\r\n\r\n" + b"." * (MAXIMUM_BODY + 1) + b"200 OK"
LOGIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nLogin"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (OK, ""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, ""),
        (CHUNKED, ""),
        (UNTIL_CLOSE, ""),
        (LATE, ""),
        (TOO_LATE, f'no "200 OK" in the first {MAXIMUM_BODY} bytes of the body'),
        (LOGIN, 'no "200 OK" in the body'),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 'no "200 OK" in the body'),
    ],
    ids=["length", "continue", "chunked", "until close", "late", "too late", "login page", "no body"],
)
async def test_expect(loopback: Loopback, answer: bytes, reason: str) -> None:
    """The text is found however the body is framed, also across chunks, within the first 64 KiB."""
    check = HttpCheck(tls=False, path="/", codes=((200, 299),), expect="200 OK")
    outcome = await ask_once(await loopback.serve(records([], answer)), check)
    assert (outcome.up, outcome.reason if reason else "") == (not reason, reason)


async def test_a_text_of_several_lines_is_named_in_one(loopback: Loopback) -> None:
    """A reason is one printable line of bounded length, whatever the operator looks for."""
    check = HttpCheck(tls=False, path="/", expect="two\nlines" + "x" * 4000)
    outcome = await ask_once(await loopback.serve(records([], LOGIN)), check)
    assert outcome.reason == f'no "two?lines{"x" * 70}…" in the body'


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (silent, "no HTTP response within 1.5 s"),
        (records([], b""), "connection closed without an answer"),
        (resets, "connection reset"),
        (records([], b"220 mail.example.com ESMTP\r\n\r\n"), "no valid HTTP response: illegal status line"),
        (drips(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000, 0.01), "no HTTP response within 1.5 s"),
        (floods(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000), "no valid HTTP response: Receive buffer too long"),
        (floods(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), "answered more than 98304 bytes"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"), "no valid HTTP response: bad Content-Length"),
    ],
    ids=["silent", "closes", "resets", "smtp", "drips", "huge head", "endless 100", "bad length"],
)
async def test_bad_servers_are_down(loopback: Loopback, script: Script, reason: str) -> None:
    """Each way to answer badly has its reason, within the timeout and the bounds."""
    outcome = await ask_once(await loopback.serve(script), PAGE, within=1.5)
    assert (outcome.up, outcome.ours, outcome.seconds < 3) == (False, False, True)
    assert outcome.reason == reason


async def test_an_endless_body_is_not_read(loopback: Loopback) -> None:
    """Without `expect`, the head alone decides."""

    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await floods(b"x" * 65536)(_reader, writer)

    outcome = await ask_once(await loopback.serve(endless), PAGE)
    assert (outcome.up, outcome.reason) == (True, "HTTP 200")


@pytest.mark.parametrize("host", ["bad\r\nname", ".", "x" * 70 + ".example.com"])
async def test_a_host_that_cannot_be_asked_for(server_tls: ssl.SSLContext, loopback: Loopback, host: str) -> None:
    """A name that no server can have is an outcome too, not a crash."""
    endpoint: Endpoint = await loopback.serve(says(OK), tls=server_tls)
    outcome = await ask_once(endpoint, HttpCheck(tls=True, path="/", host=host))
    assert (outcome.up, outcome.ours) == (False, True)
