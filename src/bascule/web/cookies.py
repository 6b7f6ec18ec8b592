"""The two cookies: who is there, and what the next page tells him. Both are this host's alone, and for HTTPS alone."""

from typing import Final
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

LOGIN: Final = "__Host-bascule"
SAID: Final = "__Host-said"
_LONGEST: Final = 1500
"""Characters that a page may tell the next one: a cookie has no more than 4,096 bytes."""


def token_of(request: Request) -> str:
    """Return what the browser is known by; empty where it is not."""
    return request.cookies.get(LOGIN, "")


def keep_token(response: Response, token: str) -> None:
    """Have the browser show a token from now on, until it is closed."""
    response.set_cookie(LOGIN, token, path="/", secure=True, httponly=True, samesite="strict")


def forget_token(response: Response) -> None:
    """Have the browser show none."""
    response.delete_cookie(LOGIN, path="/", secure=True, httponly=True, samesite="strict")


def tell_next(response: Response, words: str) -> None:
    """Have the next page say something, once."""
    response.set_cookie(SAID, quote(words[:_LONGEST])[:3800], path="/", secure=True, httponly=True, samesite="strict")


def told(request: Request) -> str:
    """Return what the page before had to say; empty for nothing."""
    return unquote(request.cookies.get(SAID, ""))[:_LONGEST]


def forget_told(response: Response) -> None:
    """Say it no more."""
    response.delete_cookie(SAID, path="/", secure=True, httponly=True, samesite="strict")
