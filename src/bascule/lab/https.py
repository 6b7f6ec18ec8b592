"""HTTPS as a simulated Exchange server speaks it: the health pages, and a page that says which server answers."""

import ssl
import tempfile
from typing import Final

from bascule.lab.certificate import Certificate
from bascule.lab.machine import Machine
from bascule.lab.page_faults import misbehave
from bascule.lab.wire import Wire

HEALTH_PAGES: Final = frozenset(
    f"/{directory}/healthcheck.htm"
    for directory in (
        "autodiscover", "ecp", "ews", "mapi", "microsoft-server-activesync", "oab", "owa", "powershell", "rpc",
    )
)  # fmt: skip
"""The pages in which Exchange 2013 and later says what it thinks of its own protocols; paths match in any case."""

MAXIMUM_HEADERS: Final = 100
"""Lines of a request's head."""

MAXIMUM_BODY: Final = 1024 * 1024
"""Bytes of a request's body; it is read and thrown away."""

_PIECE: Final = 65536


def server_context(certificate: Certificate) -> ssl.SSLContext:
    """Return what a server needs to speak TLS with a certificate of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    present(context, certificate.pem)
    return context


def present(context: ssl.SSLContext, pem: bytes) -> None:
    """Have a server show this certificate, of this key, from the next handshake on."""
    with tempfile.NamedTemporaryFile(prefix="bascule-lab-") as file:  # OpenSSL reads keys from files alone
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)


async def serve_http(machine: Machine, wire: Wire) -> None:
    """Answer one client's requests until it leaves. Raises ValueError for what is no request, which ends it."""
    keep_alive = True
    while keep_alive:
        method, target, version = (await wire.line()).split(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError(f"no HTTP/1 request: {version!r}")
        headers = await _headers(wire)
        await _skip_body(wire, headers)
        path = target.partition("?")[0].lower()
        if path in HEALTH_PAGES and machine.in_maintenance:
            return  # Exchange cuts the connection where its offline responder has taken the page away
        fault = machine.pages.get(path.split("/")[1]) if path in HEALTH_PAGES else None
        if fault is not None:
            await misbehave(fault, wire)
            return
        keep_alive = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        body = f"200 OK<br/>{machine.fqdn}" if path in HEALTH_PAGES else f"{machine.fqdn}\n"
        await wire.send(_response(machine, body, head_only=method == "HEAD", keep_alive=keep_alive))


async def _headers(wire: Wire) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MAXIMUM_HEADERS + 1):
        line = await wire.line()
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    raise ValueError(f"more than {MAXIMUM_HEADERS} header lines")


async def _skip_body(wire: Wire, headers: dict[str, str]) -> None:
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MAXIMUM_BODY or "transfer-encoding" in headers:
        raise ValueError("a body that is too long, or of unknown length")
    while length:
        length -= len(await wire.exactly(min(length, _PIECE)))


def _response(machine: Machine, body: str, *, head_only: bool, keep_alive: bool) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: text/html\r\n"
        "Server: Microsoft-IIS/10.0\r\n"
        f"X-FEServer: {machine.name}\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n"
        "\r\n"
    )
    return (head if head_only else head + body).encode("ascii")
