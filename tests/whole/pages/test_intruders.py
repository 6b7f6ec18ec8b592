"""Whoever is not logged in gets nothing done, by whichever trick; and no crowd keeps those who are from their pages."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager, suppress
from statistics import median
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from bed import memory
from bed.pages import Browser as Session
from bed.pages import answers, browsing, client_context, logged_in
from bed.portal import LB, NAME, PASSWORD, PORT, Portal, context_of, log_in, text, visiting
from bed.wait import until

pytestmark = [pytest.mark.kernel, pytest.mark.browser]
SERVICE: Final = "10.80.0.10"
EVIL: Final = "https://evil.example"
SLOW: Final = 200
FAILED_LOGINS: Final = 1000
ALLOWANCE: Final = 0.3
"""Seconds that a page may take at the server; five times that is what a test allows."""


def accounts(house: Portal) -> str:
    """Return who has an account."""
    return house.balancer.command("account", "list").stdout


def another_site(context: BrowserContext, content: str) -> Page:
    """Return a page of somebody else, at which a browser looks that is logged in here."""
    page = context.new_page()

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/html", body=content)

    page.route(f"{EVIL}/**", answer)
    page.goto(f"{EVIL}/")
    return page


FORM: Final = """
<form method="post" action="{url}/system/users/add">
<input name="name" value="eve"><input name="role" value="administrator">
<input name="password" value="battery staple"><input name="again" value="battery staple"><button>Win a prize</button>
</form>
"""


def test_another_site_changes_nothing(house: Portal, browser: Browser) -> None:
    """Neither by a form, nor by a script; and with the cookie itself a form needs its proof."""
    before = accounts(house)
    with visiting(browser, house) as ours:
        page = another_site(ours.context, FORM.format(url=house.url))
        with page.expect_response(f"{house.url}/system/users/add") as answer:
            page.get_by_role("button").click()
        assert answer.value.status == 403
        page.goto(f"{EVIL}/")
        sent = page.evaluate(
            """url => fetch(url, {method: "POST", mode: "no-cors", credentials: "include",
            body: new URLSearchParams("name=eve")}).then(answer => answer.type, () => "failed")""",
            f"{house.url}/system/users/add",
        )
        assert sent in {"opaque", "failed"}
        read = page.evaluate("url => fetch(url, {credentials: 'include'}).then(a => a.text(), () => 'failed')", house.url)
        assert read == "failed"
        ours.goto("/system/users")
        forged = ours.evaluate(
            """() => fetch("/system/users/add", {method: "POST", body: new URLSearchParams({name: "eve", role: "viewer",
            proof: "0".repeat(64)})}).then(answer => answer.status)"""
        )
        assert forged == 403
    assert accounts(house) == before


def test_no_other_site_shows_our_pages_in_its_own(house: Portal, browser: Browser) -> None:
    """What somebody clicks on is what he sees."""
    with visiting(browser, house) as ours:
        page = another_site(ours.context, f'<iframe src="{house.url}/system/users"></iframe>')
        page.wait_for_load_state("networkidle")
        assert not any("Log out" in frame.content() or "Users" in frame.content() for frame in page.frames[1:])


def test_nobody_chooses_by_what_another_is_known(house: Portal, browser: Browser) -> None:
    """A cookie that was there before is worth nothing after a login, nor is the one of the login before."""
    context = context_of(browser, house.url)
    with closing(context):

        def choose(value: str) -> None:
            context.add_cookies([{"name": "__Host-bascule", "value": value, "url": house.url, "secure": True}])

        choose("chosen")
        page = context.new_page()
        seen = []
        for _ in range(2):
            page.goto("/login?next=//evil.example/")
            log_in(page)
            page.wait_for_url(f"{house.url}/")
            (cookie,) = [each for each in context.cookies() if each["name"] == "__Host-bascule"]
            assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
            seen.append(cookie["value"])
        assert len({"chosen", *seen}) == 3
        for old in ("chosen", seen[0]):
            choose(old)
            page.goto("/")
            assert page.url.endswith("/login")


def test_names_and_banners_are_text(house: Portal, browser: Browser) -> None:
    """What was typed by somebody, or said by a server, runs on no page, where everything is shown at once."""
    payload = "<img src=x onerror=hacked()>"
    house.net["srv1"].popen([sys.executable, "-c", _HOSTILE, payload])
    file = house.at / "banner.conf"
    https, smtp = text(("HTTPS", 443), ("SMTP", 25)).split('relay "SMTP"')
    file.write_text(f'{https}relay "SMTP"{smtp.replace("check tcp", "check smtp")}', encoding="utf-8")
    house.balancer.command("deploy", str(file), "--commit")
    until(lambda: payload in house.balancer.command("show", "hosts", "--json").stdout, what="the banner is told")
    house.balancer.command("account", "add", payload, "--role", "viewer", "--no-password")
    house.balancer.command("token", "add", payload, "--role", "viewer", "--account", NAME)
    house.balancer.command("host", "drain", "EX1", "--reason", payload)
    with visiting(browser, house) as page:
        page.add_init_script("window.ran = 0; window.hacked = () => { window.ran += 1; }")
        for path in ("/", "/system/users", "/system/audit", "/account"):
            page.goto(path)
            assert page.evaluate("window.ran") == 0
            assert page.locator("img[src=x]").count() == 0
        page.goto("/system/users")
        page.get_by_role("link", name=payload).click()
        assert page.get_by_role("heading", level=1).inner_text() == payload
        page.goto("/account")
        page.get_by_title(f"Remove token {payload}").click()
    house.balancer.command("account", "remove", payload)
    house.balancer.command("host", "enable", "EX1")


_HOSTILE: Final = """
import socket, sys
server = socket.create_server(("", 25))
while True:
    client = server.accept()[0]
    client.sendall(f"554 {sys.argv[1]}\\r\\n".encode())
    client.close()
"""


def test_a_crowd_keeps_nobody_from_his_pages(house: Portal) -> None:
    """200 clients that say no more than half a word, and 1,000 failed logins: pages and the parent answer meanwhile."""
    cookie = logged_in(house.client, LB, PORT, NAME, PASSWORD)
    with closing(Session(house.client, LB, PORT)) as visitor, ExitStack() as slow, ThreadPoolExecutor(8) as guessers:

        def seconds() -> float:
            began = time.perf_counter()
            status, shown = visitor.shows("/system/users", cookie)
            assert (status, b"Users" in shown) == (200, True)
            return time.perf_counter() - began

        before = median(seconds() for _ in range(5))
        for n in range(SLOW):
            slow.enter_context(_slow_client(house, says=n % 2 == 0))
        left = iter(range(FAILED_LOGINS))
        lock = threading.Lock()
        guessing = [guessers.submit(_guess, house, left, lock) for _ in range(8)]
        during = []
        while wait(guessing, timeout=0.2).not_done:
            during.append(seconds())
        told = [status for each in guessing for status in each.result()]
    print(f"a page took {before:.3f} s, and {median(during):.3f} s (at most {max(during):.3f} s) meanwhile")  # noqa: T201
    assert len(told) == FAILED_LOGINS
    assert set(told) == {403, 429}
    assert max(during) < 5 * max(ALLOWANCE, before)


def _guess(house: Portal, left: Iterator[int], lock: threading.Lock) -> list[int]:
    """Try passwords until all are tried; return how each was answered."""
    told: list[int] = []
    with closing(Session(house.net["srv2"], LB, PORT)) as session:
        while True:
            with lock:
                n = next(left, None)
            if n is None:
                return told
            told.append(session.guesses(f"name{n}", "wrong password"))


@contextmanager
def _slow_client(house: Portal, *, says: bool) -> Iterator[None]:
    """Have somebody connect who does not finish his handshake, or his request."""
    with house.net["srv1"].socket(socket.AF_INET) as plain:
        plain.settimeout(5)
        plain.connect((LB, PORT))
        with suppress(OSError):
            if says:
                tls = client_context().wrap_socket(plain)
                tls.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n")
                with tls:
                    yield
                return
        yield


def web_process(parent: int) -> int:
    """Return the process that serves the pages."""
    return next(pid for pid in memory.children(parent) if "web" in memory.words(pid))


def test_pages_are_back_at_once_and_nobody_is_logged_out(house: Portal, browser: Browser) -> None:
    """The web process killed, between two requests and in the middle of one: traffic does not notice."""
    with visiting(browser, house, "/system/users") as page:
        for _ in range(2):
            killed = time.perf_counter()
            os.kill(web_process(house.balancer.pid), signal.SIGKILL)
            until(lambda: answers(house.client, LB, PORT), what="the pages are back")
            took = time.perf_counter() - killed
            print(f"back after {took:.2f} s")  # noqa: T201
            assert took < 5 * 2
            page.reload()
            assert page.get_by_role("heading", level=1).inner_text() == "Users"
    with closing(house.client.socket(socket.AF_INET)) as mail:
        mail.settimeout(5)
        mail.connect((SERVICE, 443))


def test_only_our_own_name_is_led_to(house: Portal) -> None:
    """Whatever a request calls its host, and however its path is written."""
    with browsing(house.client, LB, PORT) as session:
        for path in ("//evil.example/", "//evil.example", "/login/", "/system//users/"):
            assert not session.leads(path, "evil.example").startswith(("//", "https://", "http://"))
