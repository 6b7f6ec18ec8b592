"""HTTPS as a simulated Exchange server speaks it: health pages, logins, long polls, and who the server is."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from bascule.lab.components import Component
from bascule.lab.http_request import Request
from bascule.lab.long_polls import hold, long_poll
from bascule.lab.machine import Machine
from bascule.lab.ntlm import Login
from bascule.lab.page_faults import misbehave
from bascule.lab.wire import Wire

HEALTH_PAGES: Final[Mapping[str, Component]] = MappingProxyType(
    {
        f"/{folder}/healthcheck.htm": component
        for folder, component in (
            ("autodiscover", Component.AUTO_DISCOVER_PROXY),
            ("ecp", Component.ECP_PROXY),
            ("ews", Component.EWS_PROXY),
            ("mapi", Component.MAPI_PROXY),
            ("microsoft-server-activesync", Component.ACTIVE_SYNC_PROXY),
            ("oab", Component.OAB_PROXY),
            ("owa", Component.OWA_PROXY),
            ("powershell", Component.RPS_PROXY),
            ("rpc", Component.RPC_PROXY),
        )
    }
)
"""The pages in which Exchange 2013 and later says what it thinks of its own protocols, and whose they are."""

LOGON_PAGE: Final = "/owa/auth/logon.aspx"
"""What is asked for where there are no health pages."""

_WITH_LOGIN: Final = frozenset({"ews", "mapi", "rpc"})
"""Folders that want one; of the others a browser's pages name the server to anybody."""


async def serve_http(machine: Machine, wire: Wire) -> None:
    """Answer one client's requests until it leaves. Raises ValueError for what is no request, which ends it."""
    login = Login()
    keep = True
    while keep:
        request = await Request.read(wire)
        keep = await _answer(machine, login, request, wire) and request.keep_alive


async def _answer(machine: Machine, login: Login, request: Request, wire: Wire) -> bool:
    """Answer one request, and return whether the connection is of further use."""
    headers: Sequence[str] = ()
    status, body = "200 OK", f"{machine.fqdn}\n"
    if _is_watched(machine, request.path):
        component = HEALTH_PAGES.get(request.path)
        if component is not None and not machine.components.active(component):
            return False  # Exchange cuts the connection where its offline responder has taken the page away
        if (fault := machine.pages.get(request.folder)) is not None:
            await misbehave(fault, wire)
            return False
        body = f"200 OK<br/>{machine.fqdn}" if component is not None else f"<html><form>{machine.fqdn}</form></html>"
    elif request.path in HEALTH_PAGES:
        status, body = "404 Not Found", ""
    elif request.folder in _WITH_LOGIN and (wanted := login.answer(request.headers.get("authorization", ""))):
        status, headers, body = "401 Unauthorized", wanted, ""
    elif (poll := long_poll(request)) is not None:
        await hold(poll, machine, wire)
        return True
    await wire.send(_response(machine, request, status, headers, body))
    return True


def _is_watched(machine: Machine, path: str) -> bool:
    """Whether balancers ask for this page to know how the server is."""
    return path in HEALTH_PAGES if machine.release.health_pages else path == LOGON_PAGE


def _response(machine: Machine, request: Request, status: str, headers: Sequence[str], body: str) -> bytes:
    """Return an answer. `X-FEServer`, which Exchange has since 2013, is always there: clients shall know whom they met."""
    head = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/html",
        f"Server: {machine.release.web_server}",
        f"X-FEServer: {machine.name}",
        f"Content-Length: {len(body)}",
        f"Connection: {'keep-alive' if request.keep_alive else 'close'}",
        *headers,
    )
    return "\r\n".join((*head, "", "" if request.method == "HEAD" else body)).encode("ascii")
