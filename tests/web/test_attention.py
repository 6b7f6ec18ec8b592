"""What a page asks by itself is told from what somebody does."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from bascule.service.asking import AsyncClient
from bascule.service.failures import NotLoggedIn, OperationFailed
from bascule.service.logins import Bearer, Login, ShowLogin
from bascule.service.permissions import Role
from bascule.service.request import Request
from bascule.web.application import application
from bascule.web.attention import again
from bascule.web.forms import proof_for
from bed.asgi import Answer, ask

TOKEN = "token"
FETCHED = {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
"""By a script."""
WENT = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


class Door:
    """Knows who comes, and lets nobody further."""

    def __init__(self) -> None:
        self.looked_on: list[bool] = []

    async def call(self, request: Request[Any], bearer: Bearer, _: Callable[..., None] | None = None) -> Any:
        """Tell who it is, the first time."""
        self.looked_on.append(bearer.looks_on)
        if isinstance(request, ShowLogin) and len(self.looked_on) == 1:
            return Login(name="alice", role=Role.ADMINISTRATOR)
        raise OperationFailed(NotLoggedIn(message="log in first"))


async def visit(path: str, headers: Mapping[str, str], form: Mapping[str, str] | None = None) -> tuple[bool, Answer]:
    """Return whether everything that was asked counted as the page's own, and the answer."""
    door = Door()
    made = application(cast("AsyncClient", door))
    answer = await ask(made, path, form, cookie=f"__Host-bascule={TOKEN}", headers=headers)
    assert len(set(door.looked_on)) == 1
    return door.looked_on[0], answer


@pytest.mark.parametrize(
    ("path", "headers", "itself"),
    [
        ("/network/sessions", WENT, False),
        ("/network/sessions", {}, False),
        ("/network/sessions", FETCHED, True),
        ("/network/sessions?client=10.1.1.1", FETCHED | {"sec-fetch-mode": "same-origin"}, True),
        ("/live/login", {}, True),
        (again("/configuration/deploy"), WENT, True),
        (again("/configuration/deploy?revision=1"), {}, True),
    ],
)
async def test_what_a_page_asks_by_itself_keeps_nobody_logged_in(
    path: str,
    headers: Mapping[str, str],
    itself: bool,  # noqa: FBT001
) -> None:
    """A person goes to a page; scripts fetch, and a page that loads itself again says so."""
    assert (await visit(path, headers))[0] is itself


async def test_what_is_sent_is_somebodys() -> None:
    """Also by a script: it was typed."""
    form = {"before": "", "proof": proof_for(TOKEN)}
    assert (await visit("/configuration/editor/check", FETCHED, form))[0] is False


async def test_a_script_is_told_that_the_login_has_ended() -> None:
    """A person is led to the login, and forgotten by his browser; a script's answer forgets nobody."""
    _, told = await visit("/network/sessions", FETCHED)
    assert (told.status, told.headers.get("set-cookie")) == (401, None)
    _, led = await visit("/network/sessions", WENT)
    assert (led.status, led.headers["location"]) == (303, "/login?next=/network/sessions")
    assert "__Host-bascule=" in led.headers["set-cookie"]
