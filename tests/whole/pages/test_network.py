"""The pages of Network, as somebody works with them, with scripts and without."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from bed.clients import exchange, greeted
from bed.portal import DESKTOP, PHONE, PORT, Portal, portal, serious, text, visiting
from bed.sessions import is_reset

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

VIP: Final = "10.80.0.10"
FIREWALL: Final = f"""
firewall {{
	zone internal {{ from 10.80.0.0/16 }}
	table <blocked> {{ 192.0.2.0/24 }}

	# scanners
	block in log from <blocked> label "scanners"
	pass in on internal proto tcp to any port {PORT} label "pages"
	pass in on internal to {VIP}
	block in log  # the rest
}}
"""
RULES: Final = (
    'block in log from <blocked> label "scanners"',
    f'pass in on internal proto tcp to any port {PORT} label "pages"',
    f"pass in on internal to {VIP}",
    "block in log",
)
SCRIPTS: Final = pytest.mark.parametrize("scripts", [False, True], ids=["without-scripts", "with-scripts"])


@pytest.fixture(scope="module")
def house(module_directory: Path) -> Iterator[Portal]:
    """Return a Bascule with a relay, a firewall and pages, and somebody for each way to look at it."""
    with portal(module_directory, text(("HTTPS", 443), more=FIREWALL)) as made:
        made.net.many_addresses("client1", 4, "10.80.100.1")
        for name, role in (("anna", "operator"), ("otto", "operator"), ("vera", "viewer")):
            made.add_account(name, role)
        yield made


def done(page: Page, words: str) -> None:
    """Wait until the page says that something was done."""
    expect(page.locator(".notice.good")).to_contain_text(words)


def refused(page: Page, words: str) -> None:
    """Wait until the page says why something was not done."""
    expect(page.get_by_role("alert")).to_contain_text(words)


def has_rules(page: Page, *rules: str) -> None:
    """Wait until these are the rules of the text, as they are listed."""
    expect(page.locator(".rules.own td.words code")).to_have_text(list(rules))


def has_tags(page: Page, *tags: str) -> None:
    """Wait until the rules are said to be so."""
    expect(page.locator(".rules.own .tag")).to_have_text(list(tags))


def test_a_virtual_address_is_added_and_taken_out(house: Portal, browser: Browser) -> None:
    """It waits in the working copy; what is no address is refused with the reason, and what was filled in stays."""
    with visiting(browser, house, "/network/interfaces", name="anna", scripts=False) as page:
        page.get_by_label("Address").fill("10.80.0.50")
        page.get_by_role("button", name="Add").click()
        refused(page, "10.80.0.50")
        assert page.get_by_label("Address").input_value() == "10.80.0.50"
        page.get_by_label("Address").fill("10.80.0.50/16")
        page.get_by_role("button", name="Add").click()
        done(page, "10.80.0.50/16 was added to eth0 in your working copy. It is in effect when")
        waiting = page.get_by_role("listitem").filter(has_text="10.80.0.50/16")
        assert waiting.locator(".tag").all_inner_texts() == ["virtual", "not deployed yet"]
        waiting.get_by_role("button", name="Remove").click()
        done(page, "10.80.0.50/16 was taken from eth0")
        assert page.get_by_text("10.80.0.50/16", exact=True).count() == 0
        there = page.get_by_role("listitem").filter(has_text=f"{VIP}/16")
        assert there.locator(".tag").all_inner_texts() == ["virtual"]


def test_a_route_is_added_and_taken_out(house: Portal, browser: Browser) -> None:
    """Beside those that the kernel has."""
    with visiting(browser, house, "/network/routes", name="anna", scripts=False) as page:
        assert page.get_by_role("row").filter(has_text="10.80.0.0/16").locator("td").nth(4).inner_text() == "kernel"
        page.get_by_label("To", exact=True).fill("192.0.2.0/24")
        page.get_by_label("By (gateway)").fill("10.80.0.99")
        page.get_by_role("button", name="Add").click()
        row = page.get_by_role("row").filter(has_text="192.0.2.0/24 10.80.0.99")
        row.get_by_role("button", name="Remove").click()
        done(page, "The route 192.0.2.0/24 10.80.0.99 was taken out")
        assert row.count() == 0


def test_rules_are_ordered_changed_and_removed(house: Portal, browser: Browser) -> None:
    """The list says what is not in effect yet, and what a rule that runs has decided about."""
    with visiting(browser, house, "/network/firewall", name="anna", scripts=False) as page:
        has_rules(page, *RULES)
        scanners, pages, relay, rest = RULES
        row = page.get_by_role("row")
        assert "scanners" in row.filter(has_text=scanners).locator(".note").inner_text()
        assert int(row.filter(has_text=pages).locator("td").nth(2).inner_text()) > 0
        row.filter(has_text=relay).get_by_role("button", name="Move up").click()
        has_rules(page, scanners, relay, pages, rest)
        has_tags(page, "moved, not deployed yet")
        row.filter(has_text=relay).get_by_role("button", name="Move down").click()
        has_rules(page, *RULES)
        has_tags(page)
        row.filter(has_text=relay).get_by_role("link", name="Edit").click()
        page.get_by_label("Rule").fill("pass on in")
        page.get_by_role("button", name="Save").click()
        refused(page, "on")
        page.get_by_label("Rule").fill(f"{relay} port 443")
        page.get_by_role("button", name="Save").click()
        has_rules(page, scanners, pages, relay, f"{relay} port 443", rest)
        has_tags(page, "decides until you deploy", "not deployed yet")
        row.filter(has_text=f"{relay} port 443").get_by_role("button", name="Remove").click()
        has_rules(page, *RULES)


def test_rules_and_port_forwards_are_added(house: Portal, browser: Browser) -> None:
    """Before what blocks everything; what is no rule is refused, and mistakes of another kind are told."""
    with visiting(browser, house, "/network/firewall", name="otto") as page:
        forward = page.locator("#forward")
        forward.get_by_label("From zone").select_option("internal")
        for label, value in (("To address", "203.0.113.10"), ("Port", "443"), ("Forward to", VIP)):
            forward.get_by_label(label, exact=True).fill(value)
        forward.get_by_role("button", name="Add").click()
        forwarded = f"pass in on internal proto tcp to 203.0.113.10 port 443 forward to {VIP}"
        has_rules(page, *RULES[:-1], forwarded, RULES[-1])
        _try_packet(page, "what runs")
        assert page.locator("#verdict .state").inner_text() == "block"
        _try_packet(page, "working copy")
        expect(page.locator("#verdict")).to_contain_text(f"is forwarded to {VIP}")
        page.get_by_label("Rule", exact=True).fill("block in proto tcq")
        page.locator("#rule").get_by_role("button", name="Add").click()
        refused(page, "tcq")
        assert page.get_by_label("Rule", exact=True).input_value() == "block in proto tcq"
        page.get_by_label("Rule", exact=True).fill("block in on elsewhere")
        page.locator("#rule").get_by_role("button", name="Add").click()
        done(page, "which has mistakes now")
        _try_packet(page, "working copy")
        refused(page, "your working copy cannot be deployed. Line ")


def _try_packet(page: Page, asked: str) -> None:
    """Ask what becomes of a packet from inside to a public address."""
    form = page.locator("form", has=page.get_by_role("button", name="Try"))
    for label, value in (("From", "10.80.1.9"), ("To", "203.0.113.10")):
        form.get_by_label(label, exact=True).fill(value)
    form.get_by_label("Asked").select_option(asked)
    form.get_by_role("button", name="Try").click()
    page.wait_for_url(f"**of={'copy' if 'copy' in asked else ''}*")


def test_addresses_are_put_into_a_table(house: Portal, browser: Browser) -> None:
    """At once, with who did it and why; taken out as well. What is no address is refused."""
    with visiting(browser, house, "/network/firewall/tables", name="anna", scripts=False) as page:
        page.get_by_label("Address or network").fill("198.51.100.7")
        page.get_by_label("For").select_option("an hour")
        page.get_by_label("Reason").fill("guesses <b>passwords</b>")
        page.get_by_role("button", name="Put in").click()
        done(page, "table <blocked>: 198.51.100.7 put in")
        row = page.get_by_role("row").filter(has_text="198.51.100.7")
        assert row.locator("td").nth(2).inner_text() == "anna"
        assert row.locator("td").nth(5).inner_text() == "guesses <b>passwords</b>"
        row.get_by_role("button", name="Take out").click()
        done(page, "198.51.100.7")
        assert row.count() == 0
        page.get_by_label("Address or network").fill("nonsense")
        page.get_by_role("button", name="Put in").click()
        refused(page, "nonsense is no address")
        page.get_by_label("Address or network").fill("10.80.1.1")
        page.get_by_role("button", name="Put in").click()
        refused(page, "10.80.1.1")


def test_a_packet_is_tried(house: Portal, browser: Browser) -> None:
    """The rule that decides is named among those that were asked; what is no packet is said."""
    with visiting(browser, house, "/network/firewall", name="vera") as page:
        assert page.get_by_role("button", name="Add").count() == 0
        page.get_by_label("From", exact=True).fill("192.0.2.9")
        page.get_by_label("To", exact=True).fill(VIP)
        page.get_by_role("button", name="Try").click()
        verdict = page.locator("#verdict")
        assert verdict.locator(".state").inner_text() == "block"
        verdict.get_by_text("rules were asked").click()
        assert verdict.locator(".matched code").inner_text() == 'block in log from <blocked> label "scanners"'
        page.get_by_label("To port").fill("0")
        page.get_by_role("button", name="Try").click()
        refused(page, "a port of 1 to 65535")


def _end_one(page: Page, client: str, said: str = "was ended: both ends have seen a reset") -> None:
    """End a session by its row, and come back to the rows that were chosen; scripts ask whether it shall be this one."""
    page.once("dialog", lambda dialog: dialog.accept() if client in dialog.message else dialog.dismiss())
    before = page.get_by_label("Client").input_value()
    page.get_by_role("button", name=f"End the session of {client}").click()
    done(page, said)
    assert page.get_by_label("Client").input_value() == before


@SCRIPTS
def test_sessions_are_found_and_ended(house: Portal, browser: Browser, scripts: bool) -> None:  # noqa: FBT001
    """Of one client, after a second thought; the page shows new ones by itself."""
    one, other = ("10.80.100.1", "10.80.100.2") if scripts else ("10.80.100.3", "10.80.100.4")
    with (
        greeted(house.client, one, VIP, 443) as (first, _),
        greeted(house.client, other, VIP, 443) as (second, _),
        visiting(browser, house, "/network/sessions", name="anna", scripts=scripts) as page,
    ):
        page.get_by_label("Client").fill(one)
        page.get_by_role("button", name="Show").click()
        expect(page.locator("#sessions tbody tr")).to_have_count(1)
        if scripts:
            with greeted(house.client, one, VIP, 443) as (third, _):
                page.evaluate("document.dispatchEvent(new CustomEvent('bascule:events', { detail: [] }))")
                expect(page.locator("#sessions tbody tr")).to_have_count(2)
                _end_one(page, f"{one}:{third.getsockname()[1]}")
                assert is_reset(third)
                expect(page.locator("#sessions tbody tr")).to_have_count(1)
        else:  # a row that has stood for too long
            with greeted(house.client, one, VIP, 443) as (third, _):
                page.reload()
                gone = f"{one}:{third.getsockname()[1]}"
            _end_one(page, gone, said="has ended already")
        host = page.locator("#sessions tbody td").nth(2).inner_text().split()[0]
        page.get_by_role("link", name=f"{one}:{first.getsockname()[1]}").click()
        assert page.get_by_role("row").filter(has_text=f"{VIP} 443").locator("b").inner_text() == host
        page.get_by_role("link", name="End its sessions…").click()
        page.get_by_role("button", name=re.compile("End (it|them)")).click()
        done(page, "ended: both ends have seen a reset")
        assert is_reset(first)
        if scripts:  # a form that has lost whom it is about ends nobody's
            page.goto(f"{house.url}/network/sessions/end?client={other}")
            page.evaluate("document.querySelector('input[name=client]').value = ''")
            page.get_by_role("button", name=re.compile("End (it|them)")).click()
            refused(page, "say which sessions shall end")
            page.goto(f"{house.url}/network/sessions")
        exchange(second, b"still here\n")
        page.get_by_label("Host").fill("EX9")
        page.get_by_role("button", name="Show").click()
        refused(page, "EX9")


def test_the_log_follows_and_leads_to_the_configuration(house: Portal, browser: Browser) -> None:
    """What happens comes by itself, as far as it is wanted; a rule that logs leads to its line."""
    with visiting(browser, house, "/network/log?words=ENDED") as page:
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        house.balancer.command("kill", "--client", "10.80.100.1")
        expect(page.locator("#events tbody tr").first).to_contain_text("session", timeout=10_000)
    with visiting(browser, house, "/network/log") as page:
        with house.client.socket() as door:
            door.settimeout(0.2)
            with pytest.raises(TimeoutError):
                door.connect(("10.80.0.2", 81))
        logged = page.get_by_role("row").filter(has_text="block in log").first
        expect(logged).to_be_visible(timeout=10_000)
        logged.get_by_role("link").click()  # what runs and the working copy are alike there
        page.wait_for_url("**/configuration/editor#L*")
        line = int(page.url.rpartition("#L")[2])
        text_of = page.get_by_label("Configuration", exact=True)
        assert text_of.input_value().splitlines()[line - 1].strip() == "block in log  # the rest"
        expect(text_of).to_be_focused()


def test_a_capture_is_downloaded_while_it_is_made(house: Portal, browser: Browser, tmp_path: Path) -> None:
    """As tcpdump reads it; who may not operate is not offered it."""
    with visiting(browser, house, "/network/capture", name="anna") as page:
        page.get_by_role("button", name="Capture").click()
        refused(page, "name a client")
        page.get_by_label("Client").fill("10.80.100.1")
        page.get_by_label("Seconds").fill("1")
        with page.expect_download() as downloading:
            page.get_by_role("button", name="Capture").click()
        with greeted(house.client, "10.80.100.1", VIP, 443) as (session, _):
            exchange(session, b"hello\n")
        downloading.value.save_as(tmp_path / "file.pcapng")
    told = house.client.run("tcpdump", "-n", "-r", str(tmp_path / "file.pcapng")).stdout
    assert f" > {VIP}.443: Flags [S]" in told
    assert re.search(rf"{VIP}\.\d+ > 10\.80\.2\.[12]\.443: Flags \[S\]", told)
    with visiting(browser, house, "/network/capture", name="vera") as page:
        assert page.get_by_role("heading", level=1).inner_text() == "You may not do that"


PATHS: Final = (
    *(
        "interfaces",
        "routes",
        "firewall?client=192.0.2.9&port=443",
        "firewall/rule?line=9&words=block+in",
        "firewall/tables",
    ),
    *("sessions", "sessions/end", "client?address=10.80.100.1", "log", "log/configuration?kind=relay&name=HTTPS"),
    "capture",
)


def test_axe_finds_nothing_serious_and_a_phone_is_wide_enough(house: Portal, browser: Browser) -> None:
    """On each of these pages, light and dark, with everything opened."""
    with greeted(house.client, "10.80.100.1", VIP, 443), visiting(browser, house) as page:
        for path in PATHS:
            page.goto(f"/network/{path}")
            page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
            assert serious(page) == [], path
            page.emulate_media(color_scheme="dark")
            assert serious(page) == [], path
            page.emulate_media(color_scheme="light")
            page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], path
            page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
