"""Network > Load balancer: the guide's steps 3 to 8 by its own labels, and what is done about hosts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from bed.portal import PHONE, Portal, portal, serious, visiting

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

OTHERS = {"POP3": "110", "RPCCAS": "59532"}
"""Some of the guide's other relays."""


@pytest.fixture(scope="module")
def house(module_directory: Path) -> Iterator[Portal]:
    """Return a Bascule with two relays that are not the guide's."""
    with portal(module_directory, relays=(("Web", 8443), ("Mail", 8025))) as made:
        yield made


@pytest.mark.parametrize("scripts", [True, False])
def test_the_guides_steps_three_to_eight(house: Portal, browser: Browser, scripts: bool) -> None:  # noqa: FBT001
    """Word by word, with scripts and without: what comes of it is the guide's configuration."""
    with visiting(browser, house, scripts=scripts) as page:
        _to_the_balancer(page, "Network")
        page.get_by_role("link", name="Wizard", exact=True).click()
        page.get_by_label("Layer 4+").check()
        page.get_by_label("Name", exact=True).fill("HTTPS")
        page.get_by_label("Listen (load balance) on").select_option("10.80.0.10")
        page.get_by_label("Service (ports)").select_option("HTTPS")
        page.get_by_label("Hosts (nodes)").fill("10.80.2.1\n10.80.2.2\n")
        page.get_by_role("button", name="Add", exact=True).click()
        forward = page.get_by_role("group", name="Forward to")
        assert forward.get_by_label("Table").input_value() == "exchange"
        forward.get_by_label("Mode").select_option(label="Source hash")
        page.get_by_role("button", name="Save", exact=True).click()
        for name, port in OTHERS.items():
            _to_the_balancer(page, "System")
            page.get_by_text("Add..", exact=True).click()
            page.get_by_role("link", name="Relay (Layer 4+)").click()
            page.get_by_label("Name", exact=True).fill(name)
            listen = page.get_by_role("group", name="Listen on")
            listen.get_by_label("Address 1").fill("10.80.0.10")
            listen.get_by_label("Ports 1").fill(port)
            forward = page.get_by_role("group", name="Forward to")
            forward.get_by_label("Table").fill("exchange")
            forward.get_by_label("Check").select_option("tcp")
            page.get_by_role("group", name="Forward to").get_by_label("Mode").select_option(label="Source hash")
            page.get_by_role("button", name="Save", exact=True).click()
            assert f'relay "{name}" is saved in your working copy' in page.get_by_role("status").inner_text()
        page.get_by_role("main").get_by_role("link", name="Deploy working copy").first.wait_for()
        waiting = page.get_by_role("table").filter(has_text="Once it is deployed").get_by_role("row")
        ports = {"HTTPS": "443", **OTHERS}
        said = [f"{name} relay 10.80.0.10 port {port} exchange it begins Edit relay {name}" for name, port in ports.items()]
        assert [" ".join(each.split()) for each in waiting.all_inner_texts()[1:]] == said
        for name in ports:
            _delete(page, name)
        assert page.get_by_text("Once it is deployed").count() == 0


def _to_the_balancer(page: Page, group: str) -> None:
    menu = page.get_by_role("navigation", name="Menu")
    menu.locator(f'h2:text-is("{group}") + ul').get_by_role("link", name="Load balancer").click()
    page.get_by_role("heading", level=1, name="Load balancer").wait_for()


def _delete(page: Page, name: str) -> None:
    page.goto(f"/network/load-balancer/edit?kind=relay&name={name}")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("heading", level=1, name="Load balancer").wait_for()


def test_a_host_is_drained_and_enabled_again(house: Portal, browser: Browser) -> None:
    """In one service alone, and everywhere; the tree says by whom, and one click takes it back."""
    with visiting(browser, house, "/network/load-balancer", scripts=False) as page:
        row = page.get_by_role("row").filter(has_text="10.80.2.1:8443")
        row.get_by_role("link", name="Drain").click()
        page.get_by_label("In Web alone").check()
        page.get_by_label("end those that are left after so many minutes").check()
        page.get_by_role("button", name="Drain EX1").click()
        assert "say after how many minutes" in page.get_by_role("alert").inner_text()
        page.get_by_role("spinbutton", name="Minutes").fill("30")
        page.get_by_label("Reason").fill("<b>patch day</b>")
        page.get_by_role("button", name="Drain EX1").click()
        assert "drained by admin" in row.inner_text()
        assert "<b>patch day</b>" in row.inner_text()
        house.balancer.wait_hosts("Web", EX1="drained")
        assert "drained" not in page.get_by_role("row").filter(has_text="10.80.2.1:8025").inner_text()
        row.get_by_role("button", name="Enable").click()
        house.balancer.wait_hosts("Web", EX1="up")
        page.get_by_role("row").filter(has_text="10.80.2.2:8025").get_by_role("link", name="More").click()
        page.get_by_role("link", name="Force down").click()
        page.get_by_label("Everywhere").check()
        page.get_by_role("button", name="Force down EX2").click()
        house.balancer.wait_hosts("Web", EX2="down")
        house.balancer.wait_hosts("Mail", EX2="down")
        page.get_by_role("button", name="Check all now").click()
        assert "of 4 up" in page.get_by_role("status").inner_text()
        page.get_by_role("row").filter(has_text="10.80.2.2:8025").get_by_role("button", name="Enable").click()
        house.balancer.wait_hosts("Mail", EX2="up")


def test_rows_and_choices_come_without_scripts(house: Portal, browser: Browser) -> None:
    """By sending the form, which saves nothing before it is said."""
    with visiting(browser, house, "/network/load-balancer/edit?kind=table&name=exchange", scripts=False) as page:
        page.get_by_role("button", name="Another").click()
        page.get_by_label("Host 3").fill("10.80.2.3")
        page.get_by_label("Name 3").fill("EX3")
        page.get_by_role("button", name="Remove Hosts 2").click()
        page.get_by_label("Table", exact=True).fill("servers")
        page.get_by_role("button", name="Save", exact=True).click()
        page.goto("/network/load-balancer/edit?kind=relay&name=Mail")
        assert page.get_by_label("Table").input_value() == "servers"
        page.get_by_label("Check").select_option("smtp")
        page.get_by_role("button", name="Show its fields").click()
        page.get_by_label("Starttls").check()
        page.get_by_role("button", name="Save", exact=True).click()
        page.goto("/network/load-balancer/edit?kind=relay&name=Mail")
        assert page.get_by_label("Starttls").is_checked()
        page.goto("/network/load-balancer/edit?kind=table&name=servers")
        assert [page.get_by_label(f"Host {n}").input_value() for n in (1, 2)] == ["10.80.2.1", "10.80.2.3"]
        assert page.get_by_label("Host 3").count() == 0
        page.get_by_label("Table", exact=True).fill("exchange")
        page.get_by_label("Host 2").fill("10.80.2.2")
        page.get_by_label("Name 2").fill("EX2")
        page.get_by_role("button", name="Save", exact=True).click()


def test_who_only_looks_is_offered_nothing_else(house: Portal, browser: Browser) -> None:
    """And gets nothing else when he asks for it."""
    house.add_account("eye", "viewer")
    with visiting(browser, house, "/network/load-balancer", name="eye") as page:
        assert page.get_by_role("row").filter(has_text="10.80.2.1:8443").count() == 1
        assert page.get_by_role("main").get_by_role("link", name="Wizard").count() == 0
        assert page.get_by_role("main").get_by_role("link", name="Drain").count() == 0
        for path in ("/wizard", "/edit?kind=table", "/host?relay=Web&host=EX1"):
            page.goto(f"/network/load-balancer{path}")
            assert "eye is viewer" in page.get_by_role("alert").inner_text()


def test_states_change_while_somebody_looks(house: Portal, browser: Browser) -> None:
    """Without loading anything again."""
    with visiting(browser, house, "/network/load-balancer") as page:
        row = page.get_by_role("row").filter(has_text="10.80.2.1:8443")
        row.get_by_text("up", exact=True).wait_for()
        house.balancer.command("host", "disable", "EX1")
        row.get_by_text("disabled", exact=True).wait_for()
        house.balancer.command("host", "enable", "EX1")
        row.get_by_text("up", exact=True).wait_for()


def test_mistakes_are_said_where_they_are(house: Portal, browser: Browser) -> None:
    """While one writes, with scripts; and when it is saved or added, always."""
    with visiting(browser, house, "/network/load-balancer/edit?kind=relay&name=Web") as page:
        page.get_by_role("group", name="Forward to").get_by_label("Interval").fill("soon")
        page.keyboard.press("Tab")
        page.get_by_text("expected a time such as").wait_for()
        page.get_by_role("group", name="Forward to").get_by_label("Interval").fill("")
        page.get_by_label("Ports 1").fill("8025")
        page.keyboard.press("Tab")
        page.get_by_text('where relay "Mail" does').or_(page.get_by_text('where relay "Web" does')).wait_for()
        page.get_by_label("Ports 1").fill("8444")
        page.keyboard.press("Tab")
        page.get_by_text("relay Web takes clients at 10.80.0.10:8444 as well").wait_for()
        page.get_by_label("Ports 1").fill("8443")
        page.get_by_label("Check").select_option("https")
        path = page.get_by_label("Path")
        path.fill("/owa/healthcheck.htm")
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("status").get_by_text('relay "Web" is saved').wait_for()
        page.goto("/network/load-balancer/edit?kind=relay&name=Web")
        assert page.get_by_label("Path").input_value() == "/owa/healthcheck.htm"
    with visiting(browser, house, "/network/load-balancer/wizard", scripts=False) as page:
        page.get_by_label("Name", exact=True).fill("Pages")
        page.get_by_label("Service (ports)").select_option("other")
        page.get_by_label("Other ports").fill("4433")
        page.get_by_label("Hosts (nodes)").fill("10.80.2.1\n10.80.2.2")
        page.get_by_role("button", name="Add", exact=True).click()
        assert "These pages are on port 4433" in page.get_by_role("alert").inner_text()
        assert page.get_by_role("link", name="System > Administration").get_attribute("href") == "/system/administration"
        page.goto("/network/load-balancer/wizard?farm=2010")
        page.get_by_label("Hosts (nodes)").fill("10.80.2.1\n10.80.2.2")
        page.get_by_role("button", name="Preview").click()
        assert 'relay "RPCCAS" {' in page.get_by_role("region", name="Difference").inner_text()
        assert "one affinity group" in page.get_by_role("main").inner_text()
        assert "relay RPCCAS is new: it takes clients at 10.80.0.10:59532 for EX1 and EX2" in _effect(page)


def test_a_router_has_a_form_that_says_what_it_brings(house: Portal, browser: Browser) -> None:
    """Before it is saved, and without scripts; nothing is kept until then."""
    with visiting(browser, house, "/network/load-balancer", scripts=False) as page:
        page.get_by_text("Add..", exact=True).click()
        page.get_by_role("link", name="Router (uplinks)").click()
        page.get_by_label("Name", exact=True).fill("uplinks")
        page.get_by_role("group", name="Route").get_by_label("Route").select_option("network")
        page.get_by_role("button", name="Show its fields").first.click()
        page.get_by_label("Destination").fill("192.0.2.0/24")
        page.get_by_label("Forward to").fill("exchange")
        page.get_by_label("Check").select_option("icmp")
        page.get_by_role("button", name="Preview").click()
        assert _effect(page)[0].startswith("router uplinks is new: packets for 192.0.2.0/24 leave by EX1 (10.80.2.1)")
        beside = page.context.new_page()
        beside.goto("/network/load-balancer/edit?kind=router&name=uplinks")
        assert "is not in your working copy" in beside.get_by_role("main").inner_text()
        page.get_by_role("button", name="Save this").click()
        assert 'router "uplinks" is saved in your working copy' in page.get_by_role("status").inner_text()
        waiting = page.get_by_role("table").filter(has_text="Once it is deployed").get_by_role("row")
        said = "uplinks router 192.0.2.0/24 exchange it begins Edit router uplinks"
        assert " ".join(waiting.last.inner_text().split()) == said
        waiting.last.get_by_role("link", name="Edit").click()
        page.get_by_role("button", name="Delete").click()
        assert 'router "uplinks" is taken out' in page.get_by_role("status").inner_text()


def _effect(page: Page) -> list[str]:
    """Return what a preview says of it."""
    return (
        page.get_by_role("heading", name="In effect, once it is deployed")
        .locator("+ ul")
        .get_by_role("listitem")
        .all_inner_texts()
    )


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(house: Portal, browser: Browser, dark: bool) -> None:  # noqa: FBT001
    """On every page of the load balancer and a preview, and none is wider than a phone."""
    forms = ("/edit?kind=relay&name=Web", "/edit?kind=router") if dark else ("/service?name=Web", "/edit?kind=table")
    with visiting(browser, house, dark=dark, size=PHONE) as page:
        for path in ("", "/host?relay=Web&host=EX1&action=drain", *forms, "/wizard" if dark else "/wizard?farm=2010"):
            page.goto(f"/network/load-balancer{path}")
            if path == "/wizard?farm=2010":
                page.get_by_label("Hosts (nodes)").fill("10.80.2.1\n10.80.2.2")
                page.get_by_role("button", name="Preview").click()
                page.get_by_role("heading", name="Preview").wait_for()
            assert serious(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], path
