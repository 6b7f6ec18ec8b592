"""Graphs in a browser, and figures for Prometheus: what was measured is seen, and nobody reads who may not."""

import math
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser
from prometheus_client.parser import text_string_to_metric_families

from bascule.store.marks import Mark
from bascule.store.measured import Measured
from bascule.store.measurements import open_measurements
from bed.layout import Layout
from bed.netlab import NetLab
from bed.portal import DESKTOP, PHONE, Portal, serious, text, visiting
from bed.servers import echo

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

HOSTILE: Final = "<img src=x onerror=alert(1)>"
RELAYS: Final = (("HTTPS", 443), ("IMAP", 143))


@pytest.fixture(scope="module")
def house(module_directory: Path) -> Iterator[Portal]:
    """Return a Bascule that has measured for a day, whose figures the first client's machine may read."""
    with NetLab(Layout(arms=1, clients=2)) as net:
        made = Portal(net, module_directory)
        for n, node in enumerate(net.named("srv"), 1):
            echo.start(node, f"EX{n}", tuple(port for _, port in RELAYS), module_directory)
        remember_a_day(made.balancer.state, int(time.time()))
        with made.balancer.cleared():
            written = text(*RELAYS)
            made.start(written.replace("\thttp-server", f"\tmetrics {{ from {net['client1'].ip} }}\n\thttp-server"))
            yield made


def remember_a_day(state: Path, now: int) -> None:
    """Write what a day of two relays might have been, finely at its end, with a host that went down and came back."""
    down, up = now - 1900, now - 1200
    words = f"relay HTTPS: host EX2 (10.80.2.2:443) is down: {HOSTILE}"
    marks = [
        Mark(down, "host", "down", "HTTPS", "EX2", "10.80.2.2:443", words),
        Mark(up, "host", "up", "HTTPS", "EX2", "10.80.2.2:443", "relay HTTPS: host EX2 (10.80.2.2:443) is up"),
        Mark(now - 600, "configuration", "loaded", "", "", "", "revision 1 is in effect now"),
    ]
    moments = [*range(now - 86_400, now - 7_200, 600), *range(now - 7_200, now - 60, 20)]
    with closing(open_measurements(state)) as measurements:
        for at in moments:
            wave = 200 + 90 * math.sin(at / 900) + 40 * math.sin(at / 131)
            hosts = [
                _carried(relay, number, wave * share, failing=number == 2 and down <= at < up)
                for relay, share in (("HTTPS", 1.0), ("IMAP", 0.3))
                for number in (1, 2)
            ]
            measurements.keep(at - at % 10, hosts, marks if at == moments[-1] else ())


def _carried(relay: str, number: int, sessions: float, *, failing: bool) -> Measured:
    address = f"10.80.2.{number}"
    port = dict(RELAYS)[relay]
    living = 0 if failing else int(sessions * (0.8 + 0.4 * (number - 1)))
    return Measured(
        *(relay, f"{address}:{port}", address, f"EX{number}"),
        opened=living // 8,
        from_client=living * 9_000,
        from_host=living * 70_000,
        sessions=living,
        checks=4,
        ups=0 if failing else 4,
        took=4_000 if failing else 60 + living % 17,
    )


def test_graphs_are_found_and_narrowed_down(house: Portal, browser: Browser) -> None:
    """All relays together, then one with its hosts, over another time; what is strange is text. It takes no scripts."""
    with visiting(browser, house, scripts=False) as page:
        page.get_by_role("link", name="Graphs", exact=True).click()
        titles = ["Sessions", "New sessions", "From clients", "From hosts", "Time a check takes"]
        for title in titles:
            page.get_by_role("img", name=title, exact=True).wait_for()
        assert page.get_by_role("row", name="all relays").count() == len(titles) + 1
        assert page.get_by_role("link", name="IMAP").is_visible()
        page.get_by_label("Relay", exact=True).select_option("HTTPS")
        page.get_by_role("button", name="Show").click()
        page.get_by_role("row", name="EX2").first.wait_for()
        drawing = page.get_by_role("img", name="Sessions", exact=True)
        assert drawing.locator("path.line").count() == 3
        marks = [mark.get_attribute("class") for mark in drawing.locator("g.mark").all()]
        assert marks[:3] == ["mark bad", "mark good", "mark change"]
        assert HOSTILE in page.get_by_role("list").last.inner_text()
        page.get_by_role("link", name="24 hours").click()
        page.wait_for_url("**/graphs?relay=HTTPS&range=24h")
        assert page.get_by_label("Relay", exact=True).input_value() == "HTTPS"
        assert page.get_by_role("row", name="EX2").count() == len(titles) + 1
        page.goto("/graphs?host=EX1&range=1y")
        assert page.get_by_role("row", name="IMAP").count() == len(titles) + 1
        page.goto("/graphs?relay=gone")
        assert page.get_by_text("Nothing was measured").is_visible()


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)])
def test_axe_finds_nothing_serious(
    house: Portal,
    browser: Browser,
    size: tuple[int, int],
    dark: bool,  # noqa: FBT001
) -> None:
    """Nor is anything wider than a telephone."""
    with visiting(browser, house, "/graphs?relay=HTTPS", dark=dark, size=size) as page:
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_prometheus_reads_figures_from_where_the_text_says(house: Portal) -> None:
    """And nobody else: to him nothing is there."""
    url = f"{house.url}/metrics"
    told = house.client.run("curl", "-sk", url).stdout
    families = text_string_to_metric_families(told)
    found = [(sample.name, sample.labels) for family in families for sample in family.samples]
    assert ("bascule_relay_active", {"relay": "HTTPS"}) in found
    first = {"relay": "HTTPS", "table": "exchange", "host": "EX1", "address": "10.80.2.1:443"}
    assert ("bascule_host_up", first) in found
    answer = house.net["client2"].run("curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", url)
    assert answer.stdout == "404"
