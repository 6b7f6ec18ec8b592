"""What holds for every request, whatever answers it: bounded bodies, no changes from other sites, careful headers."""

import asyncio
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bascule.service.restoring import LONGEST_BACKUP

LONGEST_BODY: Final = 4 * 1024 * 1024
"""Bytes: a configuration, or a certificate, with what a form puts around it."""

LONGEST_UPLOAD: Final = LONGEST_BACKUP + 64 * 1024
"""Bytes of a backup, with what a form puts around it."""

API: Final = "/api/"
"""Where programs ask, with tokens of their own."""

UPLOADS: Final = ("/configuration/backups/upload",)
"""Where that much may come."""

LONGEST_OF_STRANGERS: Final = 16 * 1024
"""Bytes of what is read of people who have not logged in: names, passwords and keys."""

STRANGERS: Final = ("/login", "/setup/")
"""Where they fill in forms; elsewhere nothing of theirs is read."""

BODY_TIME: Final = 60.0
"""Seconds that a body may take to come."""

_LOOKS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def policy(*others: str) -> tuple[str, str]:
    """Return the header that says what a page may fetch (Content Security Policy, level 3).

    Nothing inline, and nothing from anywhere else; `others` are places where scripts of this page may ask as well, such as
    `https://10.2.0.10:4433`: those where the pages will answer.
    """
    asked = " ".join(("'self'", *others))
    return "content-security-policy", (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src {asked}; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


_HEADERS: Final = (
    policy(),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("referrer-policy", "same-origin"),  # with none, browsers would not say where a form comes from
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
)


class BodyRefused(Exception):  # noqa: N818 - it says what became of the body
    """A body is too long, or too slow."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Guard:
    """Stands before an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        refused = None if scope["method"] in _LOOKS else _refusal(headers, scope["path"])
        if refused is not None:
            await refused(scope, receive, _careful(send))
            return
        await self._app(scope, _bounded(receive, _longest_body(scope["path"])), _careful(send))


def _longest_body(path: str) -> int:
    if path.startswith(STRANGERS):
        return LONGEST_OF_STRANGERS
    return LONGEST_UPLOAD if path in UPLOADS else LONGEST_BODY


def _refusal(headers: Headers, path: str) -> Response | None:
    """Return why a change may not come from there; None where it may.

    Browsers say where a request comes from (Fetch Metadata, Origin). What programs use takes no cookies.
    """
    if path.startswith(API):
        return None
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        return PlainTextResponse("this request does not say which site it comes from\n", 403)
    if site not in {None, "same-origin"} or origin not in {None, f"https://{headers.get('host', '')}"}:
        return PlainTextResponse("this request comes from another site\n", 403)
    return None


def _bounded(receive: Receive, limit: int) -> Receive:
    """Return what hands over no more than so many bytes, in bounded time. It raises BodyRefused."""
    had = 0
    deadline = asyncio.get_running_loop().time() + BODY_TIME
    whole = False

    async def bounded() -> Message:
        nonlocal had, whole
        if whole:  # what comes now is the client's going away, which may be waited for without an end
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise BodyRefused(408) from None
        had += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if had > limit:
            raise BodyRefused(413)
        return message

    return bounded


def _careful(send: Send) -> Send:
    async def careful(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS:
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return careful
