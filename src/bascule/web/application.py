"""What the admin server answers: for now, that it is there."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_HEADERS: Final = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


async def application(scope: MutableMapping[str, Any], _: Receive, send: Send) -> None:
    """Answer a request (ASGI 3): `/healthz` says `ok`, and nothing else is there."""
    if scope["type"] != "http":
        return
    reading = scope["method"] in ("GET", "HEAD")
    known = scope["path"] == "/healthz"
    status, body = (200, b"ok\n") if known and reading else (405, b"GET is all\n") if known else (404, b"nothing is here\n")
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*_HEADERS, length]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
