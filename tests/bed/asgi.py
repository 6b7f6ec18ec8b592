"""Asks an application without a server between: quick, and an exception is the test's."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


async def ask(
    application: Any, path: str, form: Mapping[str, str] | None = None, *, cookie: str = "", headers: Mapping[str, str] = {}
) -> Answer:
    """Return the answer to a GET or, with a form, to a POST of a browser on a page of ours."""
    body = b"" if form is None else urlencode(form).encode()
    told = {"host": "here", "cookie": cookie, **headers}
    if form is not None:
        told = {"origin": "https://here", "content-type": "application/x-www-form-urlencoded", **told}
    where, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET" if form is None else "POST",
        "scheme": "https",
        "path": unquote(where),
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in told.items()],
        "client": ("10.0.0.1", 40000),
        "server": ("10.0.0.2", 443),
        "state": {},
    }
    asked, parts, started = [{"type": "http.request", "body": body, "more_body": False}], [], []

    async def receive() -> Mapping[str, Any]:
        if asked:
            return asked.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
        else:
            parts.append(message.get("body", b""))

    await application(scope, receive, send)
    heads = {name.decode(): value.decode() for name, value in started[0]["headers"]}
    return Answer(started[0]["status"], heads, b"".join(parts).decode())
