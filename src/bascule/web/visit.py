"""One request of somebody who has logged in, and the way that a page is made of it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bascule.service.failures import NotLoggedIn, OperationFailed
from bascule.service.logins import LONGEST_TOKEN, Bearer, Login, ShowLogin
from bascule.service.permissions import ALLOWED, Permission
from bascule.service.progress import Progress
from bascule.service.request import Answer, Origin
from bascule.service.request import Request as Operation
from bascule.service.tokens import PREFIX
from bascule.web.attention import by_itself
from bascule.web.cookies import forget_told, tell_next, token_of, told
from bascule.web.forms import Form, form_of, proof_for, require_proof
from bascule.web.origin import origin_of
from bascule.web.site import Site, site_of

_SEE_OTHER: Final = 303
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,255}")
"""A name, or an address of either version; anything else that a request says is none."""


def _nobody(_: Progress) -> None:
    """Hear nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who asks for which page, and with what form."""

    request: Request
    login: Login
    bearer: Bearer
    site: Site
    form: Form = field(default_factory=Form)
    """Empty unless something was sent."""

    async def ask(self, operation: Operation[Answer], told: Callable[[Progress], None] = _nobody) -> Answer:
        """Return what the service answers to whoever visits. Raises OperationFailed."""
        return await self.site.client.call(operation, self.bearer, told)

    def follow(self, operation: Operation[Answer]) -> AsyncIterator[Answer]:
        """Yield answer after answer. Raises OperationFailed."""
        return self.site.client.stream(operation, self.bearer)

    def may(self, permission: Permission) -> bool:
        """Tell whether he may; the service decides again."""
        return permission in ALLOWED[self.login.role]

    @property
    def query(self) -> Mapping[str, str]:
        """Return what the address of the page says behind its question mark."""
        return self.request.query_params

    @property
    def parts(self) -> Mapping[str, str]:
        """Return what the address of the page says in its path."""
        return self.request.path_params

    @property
    def origin(self) -> Origin | None:
        """Return how he came, for whoever must not lock him out."""
        return origin_of(self.request)

    @property
    def host(self) -> str:
        """Return by which name or address he found the pages."""
        name = self.request.url.hostname or ""
        if _HOST.fullmatch(name):
            return name
        return "" if self.origin is None else self.origin.to

    def page(self, template: str, *, code: int = 200, **values: Any) -> Response:
        """Return a page: a template of the folder `pages`, with what it shows."""
        frame = {
            "login": self.login,
            "may": {each.value: self.may(each) for each in Permission},
            "path": self.request.url.path,
            "proof": proof_for(self.bearer.token),
            "said": told(self.request),
        }
        response = HTMLResponse(self.site.renderer.render(template, {**frame, **values}), code)
        if frame["said"]:
            forget_told(response)
        return response

    def go(self, path: str, said: str = "") -> Response:
        """Send the browser to another page, which says what was done."""
        response = RedirectResponse(path, _SEE_OTHER)
        if said:
            tell_next(response, said)
        return response


Page: TypeAlias = Callable[[Visit], Awaitable[Response]]


async def visited(request: Request) -> Visit:
    """Return whose visit a request is. Raises OperationFailed where nobody is logged in."""
    site, token = site_of(request), token_of(request)
    if not token or len(token) > LONGEST_TOKEN or token.startswith(PREFIX):  # programs do not look at pages
        raise OperationFailed(NotLoggedIn(message="log in first"))
    source = "" if request.client is None else request.client.host
    bearer = Bearer(token=token, source=source, looks_on=by_itself(request))
    login = await site.client.call(ShowLogin(), bearer)
    return Visit(request=request, login=login, bearer=bearer, site=site)


def page(path: str, made: Page, *, permission: Permission = Permission.VIEW) -> Route:
    """Return the route of a page that looks."""

    async def look(request: Request) -> Response:
        visit = await visited(request)
        _require(visit, permission)
        return await made(visit)

    return Route(path, look, methods=["GET"], name=f"{made.__module__}.{made.__name__}")


def action(path: str, done: Page, *, permission: Permission) -> Route:
    """Return the route of a form that changes something: it must be one of ours, filled in by this login."""

    async def act(request: Request) -> Response:
        visit = await visited(request)
        _require(visit, permission)
        form = await form_of(request)
        require_proof(form, visit.bearer.token)
        return await done(replace(visit, form=form))

    return Route(path, act, methods=["POST"], name=f"{done.__module__}.{done.__name__}")


def _require(visit: Visit, permission: Permission) -> None:
    if not visit.may(permission):
        raise HTTPException(403, f"{visit.login.name} is {visit.login.role}, and may not do that")


def login_path(path: str) -> str:
    """Return where somebody logs in who wants to see a page."""
    return "/login" if path in {"/", ""} else f"/login?next={quote(path)}"
