"""A Bascule with pages in a network of its own, and a real Chromium on a client's machine in front of them."""

import json
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bed import configuration
from bed.balancer import BASCULE, Balancer
from bed.layout import Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.pages import answers, logged_in
from bed.servers import echo
from bed.wait import until

CHROMIUM: Final = shutil.which("chromium") or ""
LB: Final = "10.80.0.2"
PORT: Final = 4433
NAME: Final = "admin"
PASSWORD: Final = "correct horse"
DESKTOP: Final = (1280, 800)
PHONE: Final = (390, 844)
PATIENCE: Final = 15_000
"""Milliseconds that a page may take for what it is asked."""

_SERIOUS: Final = ("serious", "critical")


class Portal:
    """A Bascule whose admin server answers in a network, with an administrator `admin`."""

    def __init__(self, net: NetLab, at: Path, *, port: int = PORT) -> None:
        self.net = net
        self.at = at
        self.balancer = Balancer(net["lb1"], None, at)
        self.port = port
        self.url = f"https://{LB}:{port}"
        self.tokens: dict[str, str] = {}
        """What accounts that have logged in are known by."""

    @property
    def client(self) -> Node:
        """The administrator's machine."""
        return self.net["client1"]

    def start(self, text: str) -> None:
        """Run it with a configuration that is committed, and make the administrator."""
        file = self.at / "first.conf"
        file.write_text(text, encoding="utf-8")
        self.balancer.start()
        self.balancer.command("deploy", str(file), "--commit")
        until(lambda: answers(self.client, LB, self.port), what="the admin server answers")
        self.add_account(NAME, "administrator")

    def add_account(self, name: str, role: str, password: str = PASSWORD) -> None:
        """Make an account."""
        words = (*BASCULE, "account", "add", name, "--role", role, "--socket", str(self.balancer.socket))
        self.balancer.node.run(*words, input=f"{password}\n")

    def json(self, *words: str) -> Any:
        """Return what a command prints with --json."""
        return json.loads(self.balancer.command(*words, "--json").stdout)


def text(*relays: tuple[str, int], more: str = "") -> str:
    """Return a configuration with these relays over the network's hosts, and pages on port 4433."""
    made = configuration.plain(*relays, timing="interval 1s")
    return f"{made}{more}system {{\n\thost-name lb1\n\thttp-server {{ port {PORT} }}\n}}\n"


@contextmanager
def portal(
    at: Path, started: str | None = None, relays: tuple[tuple[str, int], ...] = (("HTTPS", 443),)
) -> Iterator[Portal]:
    """Have one: echo servers behind these relays, and the pages."""
    with NetLab(Layout(arms=1)) as net, ExitStack() as last:
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", tuple(port for _, port in relays), at)
        made = Portal(net, at)
        last.callback(made.balancer.close)
        last.callback(made.balancer.tell)
        made.start(text(*relays) if started is None else started)
        yield made


@contextmanager
def chromium(node: Node) -> Iterator[Browser]:
    """Have a browser on a machine of the network."""
    with tempfile.TemporaryDirectory(prefix="bascule-browser-") as folder, sync_playwright() as playwright:
        starter = Path(folder) / "chromium"
        starter.write_text(f'#!/bin/sh\nexec ip netns exec {node.netns} {CHROMIUM} "$@"\n', encoding="utf-8")
        starter.chmod(stat.S_IRWXU)
        browser = playwright.chromium.launch(executable_path=starter, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(
    browser: Browser,
    house: Portal,
    path: str = "/",
    *,
    name: str = NAME,
    size: tuple[int, int] = DESKTOP,
    dark: bool = False,
    scripts: bool = True,
) -> Iterator[Page]:
    """Have somebody look at a page who has logged in; with an empty name nobody has.

    What scripts complain of fails the test.
    """
    context = context_of(browser, house.url, size=size, dark=dark, scripts=scripts)
    if name:
        token = _token(house, name)
        context.add_cookies([{"name": "__Host-bascule", "value": token, "url": house.url, "secure": True}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    try:
        page.goto(path)
        yield page
    finally:
        context.close()
    ours = [each for each in complaints if "Failed to load resource" not in each]  # an answer that is no success
    assert not ours


def context_of(
    browser: Browser, url: str, *, size: tuple[int, int] = DESKTOP, dark: bool = False, scripts: bool = True
) -> BrowserContext:
    """Return a browser's profile of its own, which takes any certificate."""
    context = browser.new_context(
        base_url=url,
        ignore_https_errors=True,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
    )
    context.set_default_timeout(PATIENCE)
    return context


def log_in(page: Page, name: str = NAME, password: str = PASSWORD) -> None:
    """Fill in the form."""
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def _token(house: Portal, name: str) -> str:
    """Return what an account of the house is known by; all are made with the same password."""
    if name not in house.tokens:
        house.tokens[name] = logged_in(house.client, LB, house.port, name, PASSWORD)
    return house.tokens[name]


def serious(page: Page) -> list[str]:
    """Return what axe finds serious on a page."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in _SERIOUS]
