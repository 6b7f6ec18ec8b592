"""Whatever the service says, and whatever a browser sent, is text on every page: never markup."""

import random
import re
from collections.abc import AsyncIterator, Callable, Mapping
from html.parser import HTMLParser
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from starlette.routing import Route

from bascule.service.asking import AsyncClient
from bascule.service.catalogue import OPERATIONS
from bascule.service.failures import Conflict, OperationFailed
from bascule.service.logins import Bearer, Login, ShowLogin
from bascule.service.permissions import Role
from bascule.service.request import Request
from bascule.service.results import CopyText, RevisionText
from bascule.web.application import application
from bascule.web.forms import proof_for
from bascule.web.pages import ROUTES
from bed.asgi import Answer, ask
from bed.payloads import MARK, filled, in_text, payloads
from bed.texts.writer import random_text
from plan.situations import TWO_ARM

NAME = next(payloads())
TOKEN = "token"
TEXTS = [f"# {NAME}\n{in_text(random_text(random.Random(seed), TWO_ARM), TWO_ARM)}" for seed in (7, 11)]
"""Configurations, without and with `full`."""

LOOKS = sorted({route.path for route in ROUTES if isinstance(route, Route) and "GET" in (route.methods or ())} - {"/live"})
CHANGES = sorted({route.path for route in ROUTES if isinstance(route, Route) and "POST" in (route.methods or ())})


class Hostile:
    """Answers everything with payloads, or refuses it with one."""

    def __init__(self, *, full: bool, refuses: bool = False) -> None:
        self._full = full
        self._refuses = refuses

    async def call(self, request: Request[Any], _: Bearer | None = None, __: Callable[..., None] | None = None) -> Any:
        """Answer."""
        if isinstance(request, ShowLogin):
            return Login(name=NAME, role=Role.ADMINISTRATOR, pending_by=NAME)
        if self._refuses and OPERATIONS[type(request)].audit is not None:
            raise OperationFailed(Conflict(message=f"no {NAME}"))
        answer = filled(OPERATIONS[type(request)].result, full=self._full)
        if isinstance(answer, CopyText):
            return CopyText(text=TEXTS[self._full], base=1, newest=1, digest="")
        if isinstance(answer, RevisionText):
            return filled(RevisionText, full=True)
        return answer

    async def stream(self, request: Request[Any], bearer: Bearer | None = None) -> AsyncIterator[Any]:
        """Answer once, with all that there is."""
        yield await Hostile(full=True, refuses=self._refuses).call(request, bearer)


async def asked(client: Hostile, path: str, form: Mapping[str, str] | None = None) -> Answer:
    """Return what a browser gets that has logged in."""
    return await ask(application(cast("AsyncClient", client)), path, form, cookie=f"__Host-bascule={TOKEN}")


_OURS = ("/", "#", "?", "otpauth://totp/", "https://10.0.0.2:")


class _Reader(HTMLParser):
    """Finds what a page of ours never has."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element: no script within, nothing that runs, and no way out."""
        given = {name: value or "" for name, value in attrs}
        if tag == "script" and not given.get("src", "").startswith("/static/"):
            self.found.append("a script")
        self.found += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        if tag == "img" and given.get("src") == "x":
            self.found.append("a picture of the payload")
        for name in ("href", "src", "action", "formaction"):
            leads = given.get(name, "/")
            if not leads.startswith(_OURS) or leads.startswith("//"):
                self.found.append(f"{tag} {name}={leads}")


def markup_of(answer: Answer) -> list[str]:
    """Return what of a page is not ours."""
    if "html" not in answer.headers.get("content-type", ""):
        return []
    reader = _Reader()
    reader.feed(answer.text)
    return reader.found


def place(path: str) -> str:
    """Return a path with payloads for what it names."""
    return re.sub(r"{[^}]*}", "%3Cimg%20src%3Dx%20onerror%3Dhacked(0)%3E", path)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("path", LOOKS)
async def test_what_is_looked_at_is_text(path: str, full: bool) -> None:  # noqa: FBT001
    """With payloads in the address, too."""
    query = urlencode(dict.fromkeys(("name", "user", "words", "next", "relay", "host", "table"), NAME))
    answer = await asked(Hostile(full=full), f"{place(path)}?{query}")
    assert markup_of(answer) == []
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.status < 500


@pytest.mark.parametrize("refuses", [True, False])
@pytest.mark.parametrize("path", CHANGES)
async def test_what_is_sent_comes_back_as_text(path: str, refuses: bool) -> None:  # noqa: FBT001
    """Where it is done, and where the form is shown again."""
    names = ("name", "password", "again", "old", "code", "secret", "uri", "role", "days", "account", "text", "message")
    sent = dict.fromkeys(names, NAME) | {"proof": proof_for(TOKEN)}
    answer = await asked(Hostile(full=True, refuses=refuses), place(path), sent)
    assert markup_of(answer) == []
    assert MARK not in answer.headers.get("location", "").replace("%28", "(") or "%3Cimg" in answer.headers["location"]
    assert answer.status < 500


def test_the_texts_have_payloads() -> None:
    """In comments and in names, as far as the language takes them."""
    assert sum(text.count(MARK) for text in TEXTS) > 5
