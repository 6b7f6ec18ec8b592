"""System > Alerts and monitoring: who is told, whether that works, and forms of that; and Network > Exchange."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from bascule.lab.certificate import make_certificate
from bascule.web.wording import NOTHING
from bed.portal import PHONE, Portal, portal, serious, text, visiting
from bed.servers import simulated
from bed.sink import Sink

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

_CLIENT, _HOOK = "10.80.1.1", 8099
_SECRET = "hunter2 & more"
_TOLD = f"""system {{
	alert "Chat" {{
		webhook "http://{_CLIENT}:{_HOOK}/TOKEN"
	}}
"""


@pytest.fixture(scope="module")
def house(module_directory: Path) -> Iterator[Portal]:
    """Return a Bascule with an alert, and one of two Exchange servers behind it: its control panel is ill."""
    asked = text(("HTTPS", 443)).replace("system {\n", _TOLD).replace("check tcp", 'check exchange "owa ecp" require owa')
    with portal(module_directory, f"exchange {{ version 2016 }}\n{asked}", relays=(("Other", 8443),)) as made:
        certificate = module_directory / "ex1.pem"
        certificate.write_bytes(make_certificate("mail.lab.local", IPv4Address("10.80.2.1"), now=datetime.now(UTC)).pem)
        server = simulated.start(made.net.named("srv")[0], "EX1", certificate)
        server.order("page ecp gone")
        yield made
        server.end()


def test_a_test_says_what_came_of_it(house: Portal, browser: Browser) -> None:
    """The exact error, then that it is delivered; and it can be read by everybody, light and dark, on a phone, too."""
    with visiting(browser, house, "/system/monitoring") as page, ExitStack() as last:
        assert "not delivered: Connection refused" in _tested(page)
        hook = Sink(house.client, _HOOK, b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", last)
        assert f"the webhook at {_CLIENT}: delivered" in _tested(page)
        assert b'"why":"test"' in hook.taken.replace(b" ", b"")
        assert "TOKEN" not in page.content()
        assert not serious(page)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        page.emulate_media(color_scheme="dark")
        for path in ("/system/monitoring", "/system/monitoring/edit?kind=alert&name=Chat"):
            page.goto(path)
            _is_fit(page)
            assert "TOKEN" not in page.content()
        text_kept = house.balancer.command("revisions", "1").stdout
        assert "<set " in text_kept
        assert "TOKEN" not in text_kept
        assert page.get_by_label("URL 1").input_value().startswith(f"http://{_CLIENT}:{_HOOK}/<set ")


def _tested(page: Page) -> str:
    page.get_by_role("row").filter(has_text="Chat").get_by_role("button", name="Test").click()
    return page.get_by_role("status").inner_text()


def _is_fit(page: Page) -> None:
    assert not serious(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_an_alert_is_added_changed_and_removed(house: Portal, browser: Browser) -> None:
    """Without scripts; its password goes in and never comes out; nothing is in effect before it is deployed."""
    with visiting(browser, house, "/system/monitoring", scripts=False) as page:
        page.get_by_role("link", name="Add an alert").click()
        page.get_by_label("Name").fill("On call")
        page.get_by_label("URL 1").fill("http://chat.example/hook")
        page.get_by_label("Login 1").fill("bascule")
        page.get_by_label("Login password 1").fill(_SECRET)
        page.get_by_label("Deployment").uncheck()
        page.get_by_label("Begins").fill("22:00")
        page.get_by_label("Ends").fill("26:00")
        page.get_by_role("button", name="Save", exact=True).click()
        assert "expected a time of day" in page.get_by_text("22:00, found").inner_text()
        assert "hunter2" not in page.content()
        page.get_by_label("Ends").fill("6:30")
        page.get_by_label("Login password 1").fill(_SECRET)
        page.get_by_role("button", name="Save", exact=True).click()
        assert "in plain text, with the password of bascule" in page.get_by_role("alert").inner_text()
        page.get_by_label("URL 1").fill("https://chat.example/hook")
        page.get_by_label("Login password 1").fill(_SECRET)
        page.get_by_role("button", name="Save", exact=True).click()
        assert 'Alert "On call" is saved in your working copy' in page.get_by_role("status").inner_text()
        row = page.get_by_role("row").filter(has_text="On call")
        assert "webhook at chat.example" in row.inner_text()
        assert "22:00 to 06:30" in row.inner_text()
        assert "not deployed" in row.inner_text()
        assert row.get_by_role("button", name="Test").count() == 0
        assert page.get_by_role("main").get_by_role("link", name="Deploy working copy").count() == 1
        row.get_by_role("link", name="Edit").click()
        assert not page.get_by_label("Deployment").is_checked()
        assert page.get_by_label("Login password 1").input_value() == ""
        assert page.get_by_label("Login password 1").get_attribute("placeholder") == "set: it stays if this is empty"
        page.get_by_role("button", name="Delete").click()
        assert page.get_by_role("row").filter(has_text="On call").count() == 0


def _cells(picture: Locator, row: str) -> list[str]:
    return picture.get_by_role("row").filter(has_text=row).get_by_role("cell").all_inner_texts()


def test_what_exchange_thinks_of_itself(house: Portal, browser: Browser) -> None:
    """Virtual directories by server; a server that does not answer has none. And who meets whom."""
    house.balancer.wait_hosts("HTTPS", EX1="up", EX2="down")
    with visiting(browser, house, "/network/exchange", size=PHONE) as page:
        picture = page.get_by_role("table", name="<exchange> port 443")
        assert picture.get_by_role("row").first.inner_text().split()[-2:] == ["EX1", "EX2"]
        assert [_cells(picture, row) for row in ("owa", "Server")] == [["well", NOTHING], ["up", "down"]]
        assert _cells(picture, "ecp")[0].startswith("warned")
        assert "days left" in _cells(picture, "Certificate")[0]
        assert "Connection refused" in page.get_by_role("main").inner_text()
        _is_fit(page)
        page.get_by_role("link", name="Affinity").click()
        page.get_by_role("heading", name="relay HTTPS").wait_for()
        assert "0 clients, 0 sessions, none split" in page.get_by_role("main").inner_text()
        _is_fit(page)
