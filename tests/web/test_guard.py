"""What holds for every request: no changes from other sites, and careful headers on everything."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bascule.service.asking import AsyncClient
from bascule.service.logins import LoggedIn
from bascule.service.permissions import Role
from bascule.web.application import application
from bascule.web.guard import policy as policy_of
from bed.asgi import Answer, ask

FORM = {"name": "alice", "password": "x"}


async def asked(path: str, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
    """Return how the pages answer, with nobody behind them."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await ask(application(AsyncClient(Path("/nowhere"))), path, form, headers=given)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere"},
        {"origin": "http://here"},
        {"origin": "null"},
        {"origin": "https://here.elsewhere"},
        {"origin": "https://here:444"},
        {"origin": "https://here", "sec_fetch_site": "cross-site"},
        {"origin": "https://here", "sec_fetch_site": "same-site"},
        {"origin": "https://here", "sec_fetch_site": "none"},
    ],
)
@pytest.mark.parametrize("path", ["/login", "/logout", "/setup/key", "/system/users/add", "/nothing"])
async def test_a_change_from_another_site_is_refused(path: str, headers: Mapping[str, str]) -> None:
    """Whoever is logged in; before anything is read of it."""
    answer = await asked(path, FORM, **headers)
    assert (answer.status, answer.text) == (403, "this request comes from another site\n")


async def test_a_change_from_our_own_pages_is_heard() -> None:
    """The service behind them is not there, which is all that is wrong."""
    assert (await asked("/login", FORM, sec_fetch_site="same-origin")).status == 503


@pytest.mark.parametrize("path", ["/login", "/nothing", "/api/v1/status", "/api/v1/nothing", "/", "/live"])
async def test_headers_are_careful_whatever_the_answer(path: str) -> None:
    """Nothing is shown in other pages, run from elsewhere, guessed, or kept by what lies between."""
    answer = await asked(path)
    policy = dict(each.strip().split(" ", 1) for each in answer.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'self'")
    for name, value in {
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }.items():
        assert answer.headers[name] == value
    assert "no-" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/login/", "//elsewhere/", "//elsewhere/login", "/%2F/elsewhere", "/\\elsewhere"])
async def test_no_path_leads_elsewhere(path: str) -> None:
    """Not even where a request says that this is another host."""
    answer = await asked(path, host="elsewhere")
    assert answer.status == 404
    assert "location" not in answer.headers


async def test_a_cookie_that_was_never_ours_leads_to_the_login() -> None:
    """Nobody is asked whose it is: it is longer than any."""
    answer = await asked("/", cookie=f"__Host-bascule={'x' * 300}")
    assert (answer.status, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize("wanted", ["//elsewhere", "/\\elsewhere", "https://elsewhere", "/\t/elsewhere", "elsewhere", ""])
async def test_a_login_leads_to_a_page_of_ours(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was asked for."""

    async def let_in(*_: Any) -> LoggedIn:
        return LoggedIn(token="t", name="alice", role=Role.VIEWER)

    monkeypatch.setattr(AsyncClient, "call", let_in)
    answer = await asked(f"/login?next={quote(wanted, safe='')}", FORM)
    assert (answer.status, answer.headers["location"]) == (303, "/")


def test_a_page_may_ask_elsewhere_and_nothing_more() -> None:
    """Scripts, styles and forms stay this site's alone."""
    name, usual = policy_of()
    assert (name, policy_of("https://10.2.0.10:4433")[1]) == (
        "content-security-policy",
        usual.replace("connect-src 'self'", "connect-src 'self' https://10.2.0.10:4433"),
    )
    assert "unsafe" not in usual
