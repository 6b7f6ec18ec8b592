"""Whatever the service says, a configuration holds, or a browser sent, is text on every page: never markup."""

import random
import re
from collections.abc import AsyncIterator, Callable, Container, Iterable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from itertools import count
from typing import Any, Final, cast
from urllib.parse import urldefrag, urlencode, urljoin

import pytest
from starlette.routing import Route

from bascule.service.asking import AsyncClient
from bascule.service.catalogue import OPERATIONS
from bascule.service.failures import Conflict, OperationFailed
from bascule.service.logins import Bearer, Login, ShowLogin
from bascule.service.permissions import Role
from bascule.service.request import Request
from bascule.service.results import CopyText, RevisionText
from bascule.web.application import STATIC, TEMPLATES, application
from bascule.web.cookies import LOGIN
from bascule.web.files import Files
from bascule.web.forms import proof_for
from bascule.web.pages import ROUTES
from bascule.web.rendering import Renderer
from bascule.web.schema_forms.secrets import is_secret
from bed.asgi import Answer, ask
from bed.payloads import filled, payloads
from bed.texts.features import Feature
from bed.texts.scripts import MARK, STARTS, held, leaves, scripted, written
from plan.situations import TWO_ARM

NAME: Final = next(payloads())
TOKEN: Final = "token"
SEED: Final = 8

LOOKS: Final = sorted(
    {route.path for route in ROUTES if isinstance(route, Route) and "GET" in (route.methods or ())} - {"/live"}
)
CHANGES: Final = sorted({route.path for route in ROUTES if isinstance(route, Route) and "POST" in (route.methods or ())})
EDITOR: Final = "/configuration/editor"
MOST_PAGES: Final = 500
"""Of one crawl."""


class Hostile:
    """Answers everything with payloads, or refuses it with one; its configuration is this text."""

    def __init__(self, text: str, *, full: bool = True, refuses: bool = False) -> None:
        self._text = text
        self._full = full
        self._refuses = refuses
        self.copied = False
        """Whether anybody asked for it."""

    async def call(self, request: Request[Any], _: Bearer | None = None, __: Callable[..., None] | None = None) -> Any:
        """Answer."""
        if isinstance(request, ShowLogin):
            return Login(name=NAME, role=Role.ADMINISTRATOR, pending_by=NAME)
        if self._refuses and OPERATIONS[type(request)].audit is not None:
            raise OperationFailed(Conflict(message=f"no {NAME}"))
        answer = filled(OPERATIONS[type(request)].result, full=self._full)
        if isinstance(answer, CopyText):
            self.copied = True
            return CopyText(text=self._text, base=1, newest=1, digest="")
        if isinstance(answer, RevisionText):
            return filled(RevisionText, full=True)
        return answer

    async def stream(self, request: Request[Any], bearer: Bearer | None = None) -> AsyncIterator[Any]:
        """Answer once, with all that there is."""
        yield await Hostile(self._text, refuses=self._refuses).call(request, bearer)


class Browser:
    """Somebody who has logged in, and looks closely at every page."""

    def __init__(self, client: Hostile) -> None:
        self._application = application(cast("AsyncClient", client))

    async def asks(self, path: str, form: Mapping[str, str] | None = None) -> tuple[Answer, "Reader"]:
        """Return a page, which must not have anything that is not ours."""
        answer = await ask(self._application, path, form, cookie=f"{LOGIN}={TOKEN}")
        reader = Reader()
        if "html" in answer.headers.get("content-type", ""):
            reader.feed(answer.text)
            assert not [each for each in STARTS if each in answer.text], path
        assert reader.foreign == [], path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert "default-src 'none'; script-src 'self';" in answer.headers["content-security-policy"], path
        assert answer.status < 500, path
        return answer, reader


_OURS: Final = ("/", "#", "?", "otpauth://totp/", "https://10.0.0.2:")


class Reader(HTMLParser):
    """Reads a page: what is shown, where it leads, what can be sent from it, and what a page of ours never has."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []
        self.links: list[str] = []
        self.forms: list[tuple[str, dict[str, str]]] = []
        """Where each is sent, and the value of each of its fields; of those that somebody fills in, a payload."""
        self.shown: list[str] = []

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        self.shown.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element: no script within, nothing that runs, and no way out."""
        given = {name: value or "" for name, value in attrs}
        self.shown += given.values()
        if tag == "script" and not given.get("src", "").startswith("/static/"):
            self.foreign.append("a script")
        self.foreign += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        if tag in {"img", "svg"} and (given.get("src") == "x" or "/onload" in given):
            self.foreign.append("a picture of the payload")
        for name in ("href", "src", "action", "formaction"):
            leads = given.get(name, "/")
            if not leads.startswith(_OURS) or leads.startswith("//"):
                self.foreign.append(f"{tag} {name}={leads}")
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "form":
            self.forms.append((given.get("action", ""), {}) if given.get("method") == "post" else ("", {}))
        elif self.forms and given.get("name"):
            kept = tag == "button" or given.get("type") in {"hidden", "submit"}
            self.forms[-1][1][given["name"]] = given.get("value", "") if kept else NAME


class Crawl:
    """Looks at pages, and at those that they lead to."""

    def __init__(self, text: str, within: Container[str] = ()) -> None:
        self._client = Hostile(text)
        self._within = within
        self.of_text: dict[str, str] = {}
        """What pages show that asked for the text."""
        self.forms: list[tuple[str, dict[str, str]]] = []

    async def over(self, paths: Iterable[str]) -> "Crawl":
        """Begin with these; go on to all others, or to those that are wanted."""
        browser, waiting, known = Browser(self._client), [*paths], set[str]()
        while waiting:
            path = waiting.pop(0)
            self._client.copied = False
            answer, reader = await browser.asks(path)
            known.add(path)
            assert len(known) < MOST_PAGES
            if self._client.copied:
                self.of_text[path] = "\n".join(reader.shown) or answer.text
            self.forms += [(urljoin(path, action), fields) for action, fields in reader.forms if action]
            for link in dict.fromkeys(urldefrag(urljoin(path, each)).url for each in reader.links):
                wanted = not self._within or link.partition("?")[0] in self._within
                if link.startswith("/") and wanted and link not in known and link not in waiting:
                    waiting.append(link)
        return self


def place(path: str) -> str:
    """Return a path with payloads for what it names."""
    return re.sub(r"{[^}]*}", "%3Cimg%20src%3Dx%20onerror%3Dhacked(0)%3E", path)


@pytest.fixture(scope="module", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Have templates compiled once for all the applications."""
    renderer = Renderer(TEMPLATES, Files(STATIC))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bascule.web.application.Renderer", lambda *_: renderer)
        yield


@pytest.fixture(scope="module")
def texts() -> Sequence[str]:
    """Return configurations that together have a payload in every string leaf of the language, and in comments."""
    return [f"# {NAME}\n{text}" for text in scripted(random.Random(SEED), TWO_ARM, count(1000))]


@pytest.mark.parametrize("path", LOOKS)
async def test_what_is_looked_at_is_text(path: str, texts: Sequence[str]) -> None:
    """With payloads in the address, too, where nothing is that may be missing; where all is, the crawl looks."""
    query = urlencode(dict.fromkeys(("name", "user", "words", "next", "relay", "host", "table"), NAME))
    await Browser(Hostile(texts[0], full=False)).asks(f"{place(path)}?{query}")


@pytest.mark.parametrize("refuses", [True, False])
@pytest.mark.parametrize("path", CHANGES)
async def test_what_is_sent_comes_back_as_text(path: str, refuses: bool, texts: Sequence[str]) -> None:  # noqa: FBT001
    """Where it is done, and where the form is shown again."""
    names = ("name", "password", "again", "old", "code", "secret", "uri", "role", "days", "account", "text", "message")
    sent = dict.fromkeys(names, NAME) | {"proof": proof_for(TOKEN)}
    answer, _ = await Browser(Hostile(texts[0], refuses=refuses)).asks(place(path), sent)
    assert MARK not in answer.headers.get("location", "").replace("%28", "(") or "%3Cimg" in answer.headers["location"]


async def test_every_string_of_the_language_is_shown_as_text(texts: Sequence[str]) -> None:
    """Each leaf of the keyword table, on whichever page, and a password in the text alone; and what is typed into a form.

    All pages of one text, and of the others those that show what is in it; each form with a payload in every field.
    """
    first = await Crawl(texts[0]).over(map(place, LOOKS))
    wanted = sorted({path.partition("?")[0] for path in first.of_text})
    crawls = [first, *[await Crawl(text, within=wanted).over(wanted) for text in texts[1:]]]
    seen: set[Feature] = set()
    for text, crawl in zip(texts, crawls, strict=True):
        for leaf, word in held(text).items():
            where = {path for path, shown in crawl.of_text.items() if _number(word) in shown}
            assert where, leaf
            if is_secret(leaf[-1].replace(" ", "-")):
                assert where <= {EDITOR, f"{EDITOR}/download"}, leaf
            seen.add(leaf)
    assert seen == leaves(written())
    forms = {(action.partition("?")[0], *sorted(fields)): (action, fields) for action, fields in first.forms}
    assert len(forms) > len(CHANGES) / 2
    browser = Browser(Hostile(texts[0]))
    for action, fields in forms.values():
        await browser.asks(action, fields)


def _number(word: str) -> str:
    """Return what tells a payload from others."""
    return word[word.index(MARK) : word.index(")", word.index(MARK)) + 1]
