"""Logging in and out, and the link that makes the first administrator."""

from contextlib import suppress
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bascule.service.accounts import LONGEST_PASSWORD
from bascule.service.failures import OperationFailed, Unavailable, describe
from bascule.service.logins import LONGEST_TOKEN, Bearer, LoggedIn, LogIn, LogOut, SetUp
from bascule.service.permissions import Permission
from bascule.web.cookies import forget_token, forget_told, keep_token, token_of, told
from bascule.web.forms import Form, form_of
from bascule.web.site import site_of
from bascule.web.statuses import STATUSES
from bascule.web.visit import Visit, action

_LONGEST_NAME: Final = 63


async def ask_login(request: Request) -> Response:
    """Show the form."""
    return _login_page(request)


async def log_in(request: Request) -> Response:
    """Let somebody in, and lead him where he wanted to go."""
    form = await form_of(request)
    try:
        asked = LogIn(
            name=_bounded(form, "name", _LONGEST_NAME),
            password=_bounded(form, "password", LONGEST_PASSWORD),
            code=_bounded(form, "code", 32),
            source=_source(request),
        )
        known = await site_of(request).client.call(msgspec.convert(msgspec.to_builtins(asked), LogIn))
    except msgspec.ValidationError:
        return _login_page(request, "name, password or code is not right", 403)
    except OperationFailed as failed:
        return _login_page(request, describe(failed.failure), STATUSES[type(failed.failure)])
    await _leave(request)
    return _entered(known, _local(request.query_params.get("next", "/")))


async def log_out(visit: Visit) -> Response:
    """End the login, here and in the service."""
    await visit.ask(LogOut())
    response = RedirectResponse("/login", 303)
    forget_token(response)
    return response


async def ask_setup(request: Request) -> Response:
    """Show the form of a setup link; whether the link is good is told when it is used."""
    return _setup_page(request)


async def set_up(request: Request) -> Response:
    """Make an administrator, who is logged in at once."""
    form = await form_of(request)
    password = form.raw("password")
    if password != form.raw("again"):
        return _setup_page(request, "the two passwords are not the same", 422)
    try:
        asked = SetUp(
            key=request.path_params["key"][:LONGEST_TOKEN],
            name=_bounded(form, "name", _LONGEST_NAME),
            password=_bounded(form, "password", LONGEST_PASSWORD),
            source=_source(request),
        )
        known = await site_of(request).client.call(msgspec.convert(msgspec.to_builtins(asked), SetUp))
    except msgspec.ValidationError:
        return _setup_page(request, "a name and a password are needed", 422)
    except OperationFailed as failed:
        return _setup_page(request, describe(failed.failure), STATUSES[type(failed.failure)])
    await _leave(request)
    return _entered(known, "/")


def _entered(known: LoggedIn, path: str) -> Response:
    response = RedirectResponse(path, 303)
    keep_token(response, known.token)
    return response


async def _leave(request: Request) -> None:
    """End the login that the browser had before, if it had one."""
    if token := token_of(request):
        with suppress(OperationFailed):
            await site_of(request).client.call(LogOut(), Bearer(token=token))


def _login_page(request: Request, wrong: str = "", status: int = 200) -> Response:
    return _shown(request, "login.html", wrong, status)


def _setup_page(request: Request, wrong: str = "", status: int = 200) -> Response:
    return _shown(request, "setup.html", wrong, status)


def _shown(request: Request, template: str, wrong: str, status: int) -> Response:
    missing = status == STATUSES[Unavailable]
    said = told(request)
    path = str(request.url.replace(scheme="", netloc=""))
    values = {"wrong": wrong, "missing": missing, "action": path, "said": said}
    response = HTMLResponse(site_of(request).renderer.render(template, values), status)
    if said:
        forget_told(response)
    return response


def _bounded(form: Form, name: str, longest: int) -> str:
    """Return a field as it came; one that is too long is none that anybody has."""
    value = form.raw(name) if name == "password" else form.one(name)
    return value if len(value) <= longest else ""


def _source(request: Request) -> str:
    return "" if request.client is None else request.client.host


def _local(path: str) -> str:
    """Return a path of ours; anything else is no place to be led to."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


ROUTES: Final = (
    Route("/login", ask_login, methods=["GET"]),
    Route("/login", log_in, methods=["POST"]),
    Route("/setup/{key}", ask_setup, methods=["GET"]),
    Route("/setup/{key}", set_up, methods=["POST"]),
    action("/logout", log_out, permission=Permission.ENTER),
)
