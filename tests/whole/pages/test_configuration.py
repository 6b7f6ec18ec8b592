"""Configurations in a browser: written, deployed, kept or taken back, and found again when the pages themselves move."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bascule.engines.admin.keys import self_signed
from bascule.store.backups import look_at
from bed.pages import answers
from bed.portal import LB, NAME, PASSWORD, PORT, Portal, log_in, serious, text, visiting
from bed.wait import until

pytestmark = [pytest.mark.kernel, pytest.mark.browser]
OTHER = PORT + 1
VIRTUAL = "10.80.0.10"
DEPLOY = "/configuration/deploy"


def _move(page: Page, *, port: int, listen: str = "") -> None:
    """Have the working copy move the pages, by the form."""
    page.goto("/system/administration")
    page.get_by_label("HTTPS port").fill(str(port))
    page.get_by_label("Listen on").select_option(listen)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved in your working copy")).to_be_visible()


def _port(house: Portal) -> int:
    """Return where the pages are just now: whoever moves them says so to the house."""
    return int(house.url.rpartition(":")[2])


def _deploy(page: Page, message: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Deploy working copy").click()
    page.get_by_label("Message").fill(message)
    page.get_by_label("Deploy for").fill("90")
    page.get_by_role("button", name="Deploy", exact=True).click()


def _discard(page: Page) -> None:
    """Leave no working copy to the next test."""
    page.goto("/configuration/editor")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Discard the working copy").click()
    expect(page.get_by_text("working copy is gone")).to_be_visible()


def _choose(page: Page, label: str, content: bytes) -> None:
    page.get_by_label(label).set_input_files({"name": "a.pem", "mimeType": "text/plain", "buffer": content})


@pytest.mark.parametrize("scripts", [True, False])
def test_the_pages_move_and_whoever_looks_goes_along(house: Portal, browser: Browser, scripts: bool) -> None:  # noqa: FBT001
    """The new address is told before and after; nobody has to log in again; the old one is gone with the commit."""
    before = _port(house)
    after = PORT + OTHER - before
    new = f"https://{LB}:{after}"
    with visiting(browser, house, scripts=scripts) as page:
        _move(page, port=after)
        assert new in page.locator("main").inner_text()
        page.goto(DEPLOY)
        assert new in page.locator(".notice", has_text="These pages move").inner_text()
        assert serious(page) == [] if scripts else True
        assert f"port {after}" in page.get_by_role("region", name="What changes in the text").inner_text()
        _deploy(page, f"to port {after}")
        if scripts:
            page.wait_for_url(f"{new}{DEPLOY}")
        else:
            page.get_by_role("link", name=new).click()
        expect(page.get_by_text(f"to port {after}")).to_be_visible()
        assert answers(house.client, LB, before)
        assert serious(page) == [] if scripts else True
        page.get_by_role("button", name="Commit").click()
        expect(page.get_by_text("committed: revision")).to_be_visible()
        assert page.url == f"{new}{DEPLOY}"
        house.url = new
    until(lambda: not answers(house.client, LB, before), what="the old place closes")


def test_a_move_to_another_address_is_cancelled_from_there(house: Portal, browser: Browser) -> None:
    """One logs in there, as the page has said; after Cancel it says where the pages are, and they say what became of it."""
    with visiting(browser, house, scripts=False) as page:
        _move(page, port=OTHER + 1, listen=VIRTUAL)
        _deploy(page, "elsewhere")
        assert "log in there again" in page.locator(".notice", has_text="have moved").inner_text()
        page.get_by_role("link", name=f"https://{VIRTUAL}:{OTHER + 1}").click()
        log_in(page)
        page.wait_for_url(f"https://{VIRTUAL}:{OTHER + 1}{DEPLOY}")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("link", name=f"https://{VIRTUAL}:{_port(house)}").click()
        expect(page.get_by_text(f"{NAME} cancelled it")).to_be_visible()
        _discard(page)


def test_what_is_wrong_stands_beside_its_line(house: Portal, browser: Browser) -> None:
    """While somebody writes; words are offered; and what another session has kept meanwhile is not lost."""
    with visiting(browser, house, "/configuration/editor") as page, page.context.expect_page() as opened:
        page.evaluate("open('/configuration/editor')")
        other = opened.value
        area = page.get_by_label("Configuration", exact=True)
        lines = area.input_value().split("\n")
        line = next(n for n, each in enumerate(lines, 1) if "interval" in each)
        area.fill("\n".join(lines).replace("interval 1s", "interwal 1s"))
        note = page.locator(f".notes span:nth-child({line})")
        expect(note).to_contain_text("unknown word `interwal`")
        expect(page.locator(f"#L{line}")).to_have_class("error")
        assert serious(page) == []
        area.fill("\n".join(lines).replace("interval 1s", "inte"))
        area.evaluate("area => area.setSelectionRange(...Array(2).fill(area.value.indexOf('inte\\n') + 4))")
        area.press("Control+Space")
        expect(page.get_by_role("option", selected=True)).to_contain_text("interval")
        assert serious(page) == []
        area.press("Enter")
        area.press_sequentially("2s")
        expect(page.get_by_text("Nothing is wrong with it here.")).to_be_visible()
        other.get_by_label("Configuration", exact=True).fill(text(("HTTPS", 443)) + "# mine\n")
        other.get_by_role("button", name="Save").click()
        expect(other.get_by_text("Saved as your working copy.")).to_be_visible()
        area.press("Control+s")
        expect(page.get_by_text("changed meanwhile")).to_be_visible()
        assert "# mine" in page.locator(".diff del").all_inner_texts()[-1]
        page.get_by_role("button", name="Save mine in its place").click()
        expect(page.get_by_text("Saved as your working copy.")).to_be_visible()
        assert "interval 2s" in page.get_by_label("Configuration", exact=True).input_value()
        _discard(page)


def test_the_editor_without_scripts(house: Portal, browser: Browser) -> None:
    """Check shows the same, and keeps nothing; a text with mistakes is kept, and not offered for deployment."""
    with visiting(browser, house, "/configuration/editor", scripts=False) as page:
        kept = page.get_by_label("Configuration", exact=True).input_value()
        page.get_by_label("Configuration", exact=True).fill("rellay <script>alert(1)</script>\n")
        page.get_by_role("button", name="Check").click()
        expect(page.locator(".notes span:nth-child(1)")).to_contain_text("unknown word `rellay`")
        page.goto("/configuration/editor")
        assert page.get_by_label("Configuration", exact=True).input_value() == kept
        page.get_by_label("A file instead").set_input_files(
            {"name": "a", "mimeType": "text/plain", "buffer": b"rellay\r\n"}
        )
        page.get_by_role("button", name="Open it here").click()
        page.get_by_role("button", name="Save").click()
        page.goto(DEPLOY)
        expect(page.get_by_text("It cannot be deployed as it is.")).to_be_visible()
        assert page.get_by_role("button", name="Deploy", exact=True).count() == 0
        _discard(page)


def test_two_edits_are_made_one(house: Portal, browser: Browser, module_directory: Path) -> None:
    """What was committed meanwhile is not taken back; where both change the same line, both are shown."""
    file = module_directory / "third.conf"
    with visiting(browser, house, "/configuration/editor", scripts=False) as page:
        area = page.get_by_label("Configuration", exact=True)
        kept = area.input_value()
        file.write_text(f"# theirs\n{kept}", encoding="utf-8")
        area.fill(f"{kept}# mine\n")
        page.get_by_role("button", name="Save").click()
        house.balancer.command("deploy", str(file), "--commit")
        page.goto(DEPLOY)
        assert page.get_by_role("button", name="Deploy", exact=True).count() == 0
        page.get_by_role("button", name="Make both edits one").click()
        expect(page.get_by_text("Both edits are one now")).to_be_visible()
        shown = page.get_by_role("region", name="What changes in the text")
        assert (shown.locator("ins").count(), shown.locator("del").count()) == (1, 0)
        page.goto("/configuration/editor")
        area.fill(area.input_value().replace("# theirs", "# mine alone"))
        page.get_by_role("button", name="Save").click()
        file.write_text(f"# theirs again\n{kept}", encoding="utf-8")
        house.balancer.command("deploy", str(file), "--commit")
        page.goto(DEPLOY)
        page.get_by_role("button", name="Make both edits one").click()
        expect(page.get_by_role("row").nth(1)).to_contain_text("# mine alone")
        expect(page.get_by_role("row").nth(1)).to_contain_text("# theirs again")
        _discard(page)


def test_nobody_locks_himself_out(house: Portal, browser: Browser) -> None:
    """A firewall that would block whoever deploys it is refused, with his address and what to write; once."""
    with visiting(browser, house, "/configuration/editor", scripts=False) as page:
        kept = page.get_by_label("Configuration", exact=True).input_value()
        shut = "firewall {\n\tzone internal { from 10.99.0.0/16 }\n\tblock in\n}\n"
        page.get_by_label("Configuration", exact=True).fill(f"{kept}{shut}")
        page.get_by_role("button", name="Save").click()
        page.goto(DEPLOY)
        page.get_by_role("button", name="Deploy", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("refused")
        assert page.get_by_text("would shut out the pages from 10.80.1.1").count() == 1
        assert page.get_by_text("would shut out ssh").count() == 0
        _discard(page)


def test_an_older_revision_comes_back(house: Portal, browser: Browser, module_directory: Path) -> None:
    """Two are compared, the older is deployed again; while another deployment waits, the page says so and does nothing."""
    file = module_directory / "second.conf"
    two = text(("HTTPS", 443), ("IMAP", 143)).replace(f"port {PORT}", f"port {_port(house)}")
    file.write_text(two, encoding="utf-8")
    house.balancer.command("deploy", str(file), "--commit", "--message", "IMAP <b>too</b>")
    with visiting(browser, house, "/configuration/history") as page:
        expect(page.get_by_role("row").nth(1)).to_contain_text("IMAP <b>too</b>")
        page.get_by_role("button", name="Compare").click()
        expect(page.locator("main")).to_contain_text("relay IMAP is new")
        assert 'relay "IMAP" {' in page.get_by_role("region", name="What changed in the text").inner_text()
        assert serious(page) == []
        page.get_by_role("link", name="Revert to revision").click()
        expect(page.locator("main")).to_contain_text("relay IMAP is gone")
        file.write_text(f"{two}# another\n", encoding="utf-8")
        house.balancer.command("deploy", str(file), "--seconds", "90")
        page.get_by_role("button", name="Deploy", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("deployment of root waits for its commit")
        house.balancer.command("cancel")
        expect(page.get_by_text("root cancelled it")).to_be_visible()
        page.goto("/configuration/history")
        page.get_by_role("link", name="Revert to it").first.click()
        page.get_by_role("button", name="Deploy", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("In effect for")
        assert "back to revision" in page.locator("main").inner_text()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("taken back: revision")).to_be_visible()


def _restore(page: Page, house: Portal, backup: Path) -> None:
    """Go back to a backup by the pages: what it holds is shown, and a wrong password changes nothing."""
    for content, said in ((b"no backup", "This file cannot be restored"), (backup.read_bytes(), "Restore a backup")):
        _choose(page, "Backup from elsewhere", content)
        page.get_by_role("button", name="Upload and look into it").click()
        expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_role("row", name="eve viewer none: it goes")).to_be_visible()
    assert serious(page) == []
    for password, said in (("wrong", "The password is not the one"), (PASSWORD, "restored backup uploaded.db")):
        page.get_by_label("Your password").fill(password)
        page.get_by_role("button", name="Restore").click()
        expect(page.get_by_text(said)).to_be_visible()
    expect(page).to_have_url(f"{house.url}/configuration/backups")
    assert "eve" not in house.balancer.command("account", "list").stdout


def test_a_backup_is_downloaded_and_a_certificate_brought_along(house: Portal, browser: Browser, tmp_path: Path) -> None:
    """The one is a whole database, to which one can go back; the other stands in the working copy, where its key fits."""
    one, other = (self_signed([name], datetime.now(UTC)) for name in ("one", "other"))
    with visiting(browser, house, "/configuration/backups") as page:
        with page.expect_download() as downloaded:
            page.get_by_role("button", name="Make and download a backup").click()
        downloaded.value.save_as(tmp_path / "backup.db")
        assert look_at(tmp_path / "backup.db").revisions == house.json("revisions", "--limit", "1")["number"]
        house.add_account("eve", "viewer")
        _restore(page, house, tmp_path / "backup.db")
        page.goto("/system/administration")
        for key, said in ((other.key, "the key is not the certificate's"), (one.key, "Saved in your working copy")):
            page.get_by_label("Uploaded now").check()
            for label, content in (("Certificate with its chain, in PEM", one.certificate), ("Key, in PEM", key)):
                _choose(page, label, content)
            page.get_by_role("button", name="Save").click()
            expect(page.get_by_text(said)).to_be_visible()
        path = page.get_by_label("Key", exact=True).input_value()
        assert path.startswith(str(house.at))
        page.goto("/system/basic-settings")
        page.get_by_label("DNS servers").fill("10.80.0.5\nnonsense")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".diagnostics .error")).to_contain_text("nonsense")
        _discard(page)


def test_axe_finds_nothing_serious(house: Portal, browser: Browser) -> None:
    """In the dark on any of these pages, with a working copy that changes something; the tests above look by daylight."""
    with visiting(browser, house, "/system/basic-settings", dark=True) as page:
        page.get_by_label("Host name").fill("dark")
        page.get_by_role("button", name="Save").click()
        for path in (
            "/system/basic-settings",
            "/system/administration",
            DEPLOY,
            "/configuration/editor",
            "/configuration/history",
            "/configuration/history/1",
            "/configuration/history/compare?old=1&new=1",
            "/configuration/backups",
            "/configuration/backups/last-commit.db/restore",
        ):
            page.goto(path)
            assert serious(page) == [], path
        _discard(page)
