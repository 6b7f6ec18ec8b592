"""Who may do what, in a browser: accounts, codes of a phone, tokens of programs, and what everybody did."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from bed.factors import code_of
from bed.pages import browsing
from bed.portal import LB, PASSWORD, PORT, Portal, log_in, serious, visiting

pytestmark = [pytest.mark.kernel, pytest.mark.browser]
OTHER = "battery staple"


def test_an_account_comes_changes_and_goes(house: Portal, browser: Browser) -> None:
    """Found under System > Users; no script is needed."""
    name = "carol"
    with visiting(browser, house, scripts=False) as page:
        page.get_by_role("link", name="Users").click()
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("Role").select_option("operator")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password, once more").fill("something else")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("alert")).to_have_text("the two passwords are not the same")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password, once more").fill(PASSWORD)
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("status")).to_have_text(f"{name} is an operator now")
        page.get_by_role("link", name=name).click()
        page.get_by_label("What the account may do").select_option("viewer")
        page.get_by_role("button", name="Change role").click()
        expect(page.get_by_role("status")).to_have_text(f"{name} is a viewer now")
        page.get_by_text("Remove account").click()
        page.get_by_role("button", name=f"Remove {name}").click()
        expect(page.get_by_role("status")).to_have_text(f"{name} has no account any more")
        page.goto("/system/users/account?name=admin")
        page.get_by_label("What the account may do").select_option("viewer")
        page.get_by_role("button", name="Change role").click()
        assert "admin is the last administrator" in page.get_by_role("alert").inner_text()


def test_a_login_takes_a_code_of_the_phone(house: Portal, browser: Browser) -> None:
    """Enrolled by the QR code's words; a code is good once, a recovery code too, and the command takes it off."""
    house.add_account("dave", "viewer")
    with visiting(browser, house, "/account", name="dave") as page:
        page.locator("#totp-password").fill(PASSWORD)
        page.get_by_role("button", name="Turn codes on").click()
        assert page.locator("figure.qr svg path").count() == 2
        assert serious(page) == []
        secret = page.locator("code.secret").inner_text().replace(" ", "")
        page.get_by_label("Code", exact=True).fill("000000")
        page.get_by_role("button", name="Turn codes on").click()
        assert "that code is not right" in page.get_by_role("alert").inner_text()
        used = code_of(secret, datetime.now(UTC))
        page.get_by_label("Code", exact=True).fill(used)
        page.get_by_role("button", name="Turn codes on").click()
        recovery = page.locator("pre.secret").inner_text().split()
        assert len(recovery) == 10
        page.get_by_role("button", name="Log out").click()
        for code in ("", used, recovery[0]):
            with_code(page, code)
        page.wait_for_url("**/")
        page.get_by_role("button", name="Log out").click()
        with_code(page, recovery[0])
        assert page.get_by_role("alert").count() == 1
        with_code(page, code_of(secret, datetime.now(UTC) + timedelta(seconds=30)))
        page.wait_for_url("**/")
        page.get_by_role("button", name="Log out").click()
        assert secret not in house.balancer.command("show", "log", "--json").stdout
        house.balancer.command("account", "totp-off", "dave")
        log_in(page, "dave")
        page.wait_for_url("**/")


def with_code(page: Page, code: str) -> None:
    """Log in, and wait for what comes of it."""
    page.get_by_label("Name", exact=True).fill("dave")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Code", exact=True).fill(code)
    with page.expect_navigation():
        page.get_by_role("button", name="Log in").click()


def test_a_program_has_a_token_and_loses_it(house: Portal, browser: Browser) -> None:
    """Shown once, taken by the REST API, noted as used, and worth nothing afterwards."""
    with visiting(browser, house, "/account") as page:
        page.get_by_label("Name", exact=True).fill("backup script")
        page.get_by_label("Role").select_option("viewer")
        page.get_by_role("button", name="Make token").click()
        token = page.locator("pre.secret").inner_text()
        assert token.startswith("bsc_")
        assert [asks(house, "GET", token), asks(house, "DELETE", token)] == [200, 403]
        page.get_by_role("link", name="I have copied it").click()
        assert page.get_by_text("never").count() == 0
        page.get_by_title("Remove token backup script").click()
        expect(page.get_by_role("status")).to_contain_text("is worth nothing any more")
        assert asks(house, "GET", token) == 401


def asks(house: Portal, method: str, token: str) -> int:
    """Return how the REST API answers a look at sessions, or the wish to end all."""
    with browsing(house.client, LB, PORT) as session:
        return session.status(method, "/api/v1/sessions?all=true" if method == "DELETE" else "/api/v1/sessions", token)


def test_ones_own_password_is_changed_and_others_log_in_again(house: Portal, browser: Browser) -> None:
    """Every login that the old one opened has ended."""
    house.add_account("erin", "operator")
    with visiting(browser, house, "/account", name="erin") as page:
        page.get_by_label("Old password").fill("wrong password")
        page.get_by_label("New password", exact=True).fill(OTHER)
        page.get_by_label("New password, once more").fill(OTHER)
        page.get_by_role("button", name="Change password").click()
        assert page.get_by_role("alert").inner_text() == "the old password is not the one"
        page.get_by_label("Old password").fill(PASSWORD)
        page.get_by_label("New password", exact=True).fill(OTHER)
        page.get_by_label("New password, once more").fill(OTHER)
        page.get_by_role("button", name="Change password").click()
        expect(page.get_by_text("erin has a new password: log in with it")).to_be_visible()
        log_in(page, "erin", OTHER)
        page.wait_for_url("**/")
        page.goto("/system/users")
        assert page.get_by_role("button", name="Add").count() == 0


def test_the_audit_log_is_filtered_and_downloaded(house: Portal, browser: Browser) -> None:
    """And axe finds nothing serious on any of these pages, light and dark."""
    with visiting(browser, house, "/system/audit") as page:
        page.get_by_label("What").fill("MADE account admin")
        page.get_by_role("button", name="Filter").click()
        assert page.locator("tbody tr").count() == 1
        with page.expect_download() as download:
            page.get_by_role("link", name="Download as JSON lines").click()
        lines = download.value.path().read_text().splitlines()
        assert [json.loads(line)["words"] for line in lines] == ["made account admin: administrator"]
        for path in ("/system/audit", "/system/users", "/system/users/account?name=admin", "/account"):
            page.goto(path)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                assert serious(page) == []
