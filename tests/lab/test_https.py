"""Health pages say what Exchange's say; everything else says which server answers."""

import asyncio
import contextlib
import http.client
import ssl
import urllib.error
import urllib.request

import pytest

from bascule.lab.components import Component, Requester, State
from bascule.lab.http_request import MAXIMUM_BODY
from bascule.lab.https import HEALTH_PAGES, LOGON_PAGE
from bascule.lab.server import SimulatedExchange


def trusting(server: SimulatedExchange) -> ssl.SSLContext:
    """Return a client's context that believes the server's own certificate and checks its name."""
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=server.certificate.der)
    return context


def get(server: SimulatedExchange, path: str) -> tuple[int, str, str]:
    """Return status, X-FEServer and body of a page, as urllib sees them."""
    url = f"https://{server.address}:{server.ports.https}{path}"
    with urllib.request.urlopen(url, timeout=5, context=trusting(server)) as answer:
        return answer.status, answer.headers["X-FEServer"], answer.read().decode()


@pytest.mark.parametrize("path", [*sorted(HEALTH_PAGES), "/OWA/healthcheck.htm", "/ews/HealthCheck.htm?x=1"])
async def test_health_page_is_exchanges(modern: SimulatedExchange, path: str) -> None:
    """A healthy protocol answers 200 and `200 OK<br/>NAME.DOMAIN`, in whatever case it is asked."""
    assert await asyncio.to_thread(get, modern, path) == (200, "EX1", "200 OK<br/>EX1.lab.local")


@pytest.mark.parametrize("path", ["/", "/owa/", "/oab/"])
async def test_any_other_page_names_the_server(server: SimulatedExchange, path: str) -> None:
    """A client learns from header and body which server it reached."""
    assert await asyncio.to_thread(get, server, path) == (200, "EX1", "EX1.lab.local\n")


async def test_maintenance_takes_the_health_pages_away(modern: SimulatedExchange) -> None:
    """In maintenance the connection is cut where the health page was; other pages are still served."""
    modern.machine.maintain(begin=True)
    with pytest.raises(OSError, match="closed connection without response"):
        await asyncio.to_thread(get, modern, "/owa/healthcheck.htm")
    assert (await asyncio.to_thread(get, modern, "/owa/"))[0] == 200


async def test_a_component_that_an_update_left_inactive_takes_its_own_page_away(modern: SimulatedExchange) -> None:
    """It comes back when every requester wants it back, and not before."""
    components = modern.machine.components
    for requester in (Requester.FUNCTIONAL, Requester.MAINTENANCE):
        components.ask(Component.ECP_PROXY, State.INACTIVE, requester)
    components.ask(Component.ECP_PROXY, State.ACTIVE, Requester.MAINTENANCE)
    with pytest.raises(OSError, match="closed connection without response"):
        await asyncio.to_thread(get, modern, "/ecp/healthcheck.htm")
    assert (await asyncio.to_thread(get, modern, "/owa/healthcheck.htm"))[0] == 200
    components.ask(Component.ECP_PROXY, State.ACTIVE, Requester.FUNCTIONAL)
    assert (await asyncio.to_thread(get, modern, "/ecp/healthcheck.htm"))[0] == 200


async def test_2010_has_a_logon_page_and_no_health_page(server: SimulatedExchange) -> None:
    """Where newer versions have one, it has nothing."""
    status, name, page = await asyncio.to_thread(get, server, LOGON_PAGE)
    assert (status, name, "<form>" in page) == (200, "EX1", True)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        await asyncio.to_thread(get, server, "/owa/healthcheck.htm")


async def test_one_connection_carries_many_requests(server: SimulatedExchange) -> None:
    """HTTP/1.1 stays open, HEAD has no body, and a body that is sent is read."""

    def ask() -> list[tuple[int, bytes]]:
        connection = http.client.HTTPSConnection(
            str(server.address), server.ports.https, timeout=5, context=trusting(server)
        )
        answers = []
        with contextlib.closing(connection):
            for method, body in (("GET", None), ("HEAD", None), ("POST", b"x" * 200_000), ("GET", None)):
                connection.request(method, "/autodiscover/autodiscover.xml", body=body)
                answer = connection.getresponse()
                answers.append((answer.status, answer.read()))
        return answers

    page = (200, b"EX1.lab.local\n")
    assert await asyncio.to_thread(ask) == [page, (200, b""), page, page]


@pytest.mark.parametrize(
    "request_head",
    [
        "BOGUS\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        f"POST / HTTP/1.1\r\nContent-Length: {MAXIMUM_BODY + 1}\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\n" + "a: b\r\n" * 101 + "\r\n",
        "GET /" + "a" * 9000 + " HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_no_bounded_request_ends_its_own_connection_only(
    server: SimulatedExchange, request_head: str
) -> None:
    """A bad or endless request is answered by closing, and the next client is served."""
    reader, writer = await asyncio.open_connection(str(server.address), server.ports.https, ssl=trusting(server))
    writer.write(request_head.encode())
    with contextlib.suppress(ConnectionResetError):  # what was not read makes the close a reset
        assert await reader.read() == b""
    writer.transport.abort()
    assert (await asyncio.to_thread(get, server, "/"))[0] == 200
