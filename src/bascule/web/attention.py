"""Whether somebody asks, or a page of ours by itself: only the first keeps a login from ending for want of use.

Browsers say how a request came about (Fetch Metadata, W3C, 2.3): whoever follows a link, sends a form or loads a page again
navigates, and what a script asks for does not. Of a browser that does not say, everything counts as somebody's.
"""

from typing import Final

from starlette.requests import Request

LIVE: Final = "/live"
"""What pages follow: no person looks at that."""

_LOOKS: Final = frozenset({"GET", "HEAD"})
_AGAIN: Final = "again"


def by_script(request: Request) -> bool:
    """Tell whether a script of a page asks, and no page is shown for it."""
    path = request.url.path
    mode = request.headers.get("sec-fetch-mode", "navigate")
    return mode != "navigate" or path == LIVE or path.startswith(f"{LIVE}/")


def by_itself(request: Request) -> bool:
    """Tell whether a page asks without anybody's doing: what a script sends is somebody's, what it looks at is not."""
    return request.method in _LOOKS and (by_script(request) or _AGAIN in request.query_params)


def again(path: str) -> str:
    """Return a page's place as the page itself loads it again, without scripts: see `Refresh` headers."""
    return f"{path}{'&' if '?' in path else '?'}{_AGAIN}=1"
