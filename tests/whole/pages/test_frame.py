"""The frame of every page: who comes in, what he sees of it, and that nothing else gets in."""

import pytest
from playwright.sync_api import Browser, expect

from bed.portal import Portal, log_in, serious, visiting

pytestmark = [pytest.mark.kernel, pytest.mark.browser]


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_logs_in_looks_and_leaves(house: Portal, browser: Browser, scripts: bool) -> None:  # noqa: FBT001
    """With scripts and without: the page that he wanted is the one he gets, and after leaving nothing is shown."""
    with visiting(browser, house, "/?wanted=this", name="", scripts=scripts) as page:
        log_in(page)
        page.wait_for_url("**/?wanted=this")
        assert page.get_by_role("heading", level=1).inner_text() == house.json("status")["sentence"]
        page.get_by_role("button", name="Log out").click()
        page.goto("/")
        assert page.url.endswith("/login")


def test_a_wrong_password_is_told_and_nothing_more(house: Portal, browser: Browser) -> None:
    """Whether an account exists is nobody's business."""
    with visiting(browser, house, name="") as page:
        for name in ("admin", "nobody"):
            log_in(page, name, "wrong")
            assert page.get_by_role("alert").inner_text() == "name, password or code is not right"


def test_the_setup_link_makes_an_administrator_once(house: Portal, browser: Browser) -> None:
    """Whoever comes second finds it spent."""
    path = house.json("account", "setup-link")["path"]
    with visiting(browser, house, name="") as page:
        for name in ("second", "third"):
            page.context.clear_cookies()
            page.goto(path)
            page.get_by_label("Name", exact=True).fill(name)
            page.get_by_label("Password", exact=True).fill("battery staple")
            page.get_by_label("Password, once more").fill("battery staple")
            page.get_by_role("button", name="Make the account").click()
            if name == "second":
                page.get_by_role("button", name="Log out").wait_for()
            else:
                assert "not valid any more" in page.get_by_role("alert").inner_text()


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(house: Portal, browser: Browser, dark: bool) -> None:  # noqa: FBT001
    """On the pages of the frame itself."""
    with visiting(browser, house, dark=dark) as page:
        assert serious(page) == []
        page.goto("/nothing")
        assert serious(page) == []
        page.context.clear_cookies()
        page.goto("/login")
        assert serious(page) == []


def test_what_is_not_of_now_any_more_says_so(house: Portal, browser: Browser) -> None:
    """Figures stop, also for good where a browser is refused; when they come again, it is as if nothing had been."""
    with visiting(browser, house) as page:
        page.route("**/live*", lambda route: route.fulfill(status=503))
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("not of now any more", timeout=15_000)
        page.unroute("**/live*")
        expect(page.get_by_role("alert")).to_have_count(0, timeout=15_000)


def test_a_page_that_outlives_its_login_says_so(house: Portal, browser: Browser) -> None:
    """It follows nothing any more, and leads back to where it was; what was asked by itself showed nobody another page."""
    with visiting(browser, house, "/network/interfaces?shown=this") as page:
        page.context.clear_cookies()
        page.evaluate("document.dispatchEvent(new CustomEvent('bascule:events', { detail: [] }))")
        expect(page.get_by_role("alert")).to_contain_text("Your login has ended")
        assert page.locator("#devices").inner_text()
        page.get_by_role("alert").get_by_role("link", name="Log in").click()
        log_in(page)
        page.wait_for_url("**/network/interfaces?shown=this")
