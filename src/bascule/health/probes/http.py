"""`check http` and `check https`: a GET is answered with a code that counts as up, and the text asked for."""

from typing import Final
from urllib.parse import quote as percent_encode

import h11

from bascule.config.model import HttpCheck
from bascule.health.caller import Caller
from bascule.health.conversation import Conversation
from bascule.health.reasons import ProbeError, printable, shortened
from bascule.plan.model import Endpoint

MAXIMUM_HEAD: Final = 16 * 1024
"""Bytes of a response's head."""

MAXIMUM_BODY: Final = 64 * 1024
"""Bytes of a response's body that are searched for `expect`."""

_PATH_CHARACTERS: Final = "/%?&=#+:;,@!$'()*~-._[]"


async def probe(check: HttpCheck, caller: Caller) -> str:
    """Ask for the path. Redirects are not followed, certificates not judged. Raises ProbeError, OSError."""
    async with caller.conversation(tls=check.tls, server_name=check.host) as conversation:
        caller.awaited = "HTTP response"
        http = h11.Connection(our_role=h11.CLIENT, max_incomplete_event_size=MAXIMUM_HEAD)
        try:
            await conversation.send(_request(http, check, caller.endpoint))
            status = (await response(http, conversation)).status_code
            if not any(first <= status <= last for first, last in check.codes):
                raise ProbeError(f"HTTP {status} instead of {_ranges(check.codes)}")
            if check.expect:
                caller.awaited = f'body with "{_named(check.expect)}"'
                await _find(check.expect, http, conversation)
        except h11.RemoteProtocolError as error:
            fault, _, _ = str(error).partition(":")  # what follows is the server's own bytes, unbounded
            raise ProbeError(f"no valid HTTP response: {fault}") from error
    return f"HTTP {status}"


def _request(http: h11.Connection, check: HttpCheck, endpoint: Endpoint) -> bytes:
    headers = [
        ("Host", check.host or authority(endpoint, tls=check.tls)),
        ("User-Agent", "bascule"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
    ]
    try:
        request = h11.Request(method="GET", target=percent_encode(check.path, safe=_PATH_CHARACTERS), headers=headers)
    except (h11.LocalProtocolError, UnicodeError) as error:
        raise ProbeError(f"no HTTP request can ask for that path and host: {error}", ours=True) from error
    return (http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b"")


def authority(endpoint: Endpoint, *, tls: bool) -> str:
    """Return the Host of a server that has no name; RFC 9110, 7.2: the port only where it is not the scheme's own."""
    if endpoint.port == (443 if tls else 80):
        return str(endpoint).rpartition(":")[0]
    return str(endpoint)


async def response(http: h11.Connection, conversation: Conversation) -> h11.Response:
    """Return the head of the answer, past informational ones. Raises ProbeError, OSError, h11.RemoteProtocolError."""
    while not isinstance(event := await next_event(http, conversation), h11.Response):
        if not isinstance(event, h11.InformationalResponse):
            raise ProbeError("connection closed without an answer")
    return event


async def _find(text: str, http: h11.Connection, conversation: Conversation) -> None:
    """Read the body until the text is found; raises ProbeError when it ends, or gets too long, without it."""
    wanted = text.encode()
    body = bytearray()
    while len(body) < MAXIMUM_BODY:
        event = await next_event(http, conversation)
        if not isinstance(event, h11.Data):
            raise ProbeError(f'no "{_named(text)}" in the body')
        seen = max(0, len(body) - len(wanted))
        body += event.data[: MAXIMUM_BODY - len(body)]
        if body.find(wanted, seen) >= 0:
            return
    raise ProbeError(f'no "{_named(text)}" in the first {MAXIMUM_BODY} bytes of the body')


async def next_event(http: h11.Connection, conversation: Conversation) -> h11.Event | None:
    """Return what the server said next; None when it went on to another protocol."""
    while True:
        event = http.next_event()
        if event is not h11.NEED_DATA:
            return event if isinstance(event, h11.Event) else None
        data = await conversation.more()
        if not data and http.their_state is h11.SEND_RESPONSE and not http.trailing_data[0]:
            raise ProbeError("connection closed without an answer")
        http.receive_data(data)


def _named(expected: str) -> str:
    """Return the operator's text as a reason shows it; it may hold line feeds."""
    return shortened(printable(expected))


def _ranges(codes: tuple[tuple[int, int], ...]) -> str:
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in codes)
