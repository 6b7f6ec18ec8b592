"""The guide, word by word, in a browser, before real servers: each thing is found by the guide's own text."""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from bed import clients, exchange
from bed.certificates import Authority
from bed.layout import BACK_GW, VIP, Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.portal import LB, Portal, chromium, visiting

pytestmark = [pytest.mark.kernel, pytest.mark.browser, pytest.mark.daemons]

PUBLIC: Final = "10.80.0.20"
"""Where clients outside connect to."""

OTHERS: Final = {
    "POP3": "110",
    "POP3S": "995",
    "IMAP": "143",
    "IMAPS": "993",
    "RPCLS": "135",
    "RPCCAS": "59532",
    "RPCABS": "59533",
}
"""The guide's other seven relays, and their ports."""

ONE_ARM: Final = f"""\
interface eth0 {{
	address {LB}/16
	address {PUBLIC}/16
	route default 10.80.0.1
}}
firewall {{
	zone internal {{ from 10.80.0.0/16 }}
	zone external {{ from 10.70.0.0/16 }}
}}
system {{
	host-name lb1
}}
"""
TWO_ARM: Final = f"""\
interface eth0 {{
	address {LB}/16
}}
interface eth1 {{
	address 10.90.0.2/16
	address {BACK_GW[0]}/16 virtual
}}
system {{
	host-name lb1
}}
"""


@dataclass(frozen=True)
class Place:
    """A site before its guide is followed: real servers, and pages on port 443."""

    house: Portal
    authority: Authority
    hosts: tuple[str, ...]
    page: Page
    scripts: bool

    @property
    def outside(self) -> Node:
        """A client of another network."""
        return self.house.net["outside1"]


@pytest.fixture
def place(request: pytest.FixtureRequest, open_directory: Path) -> Iterator[Place]:
    """Return one with this many arms, where somebody has logged in; with scripts, or without."""
    arms, scripts = request.param
    layout = Layout(arms=arms, servers=2, outside=int(arms == 1))
    with NetLab(layout) as net, ExitStack() as last:
        authority = Authority(open_directory)
        servers = exchange.start_all(net.named("srv"), authority, open_directory)
        house = Portal(net, open_directory, port=443)
        last.callback(house.balancer.close)
        last.callback(house.balancer.tell)
        house.start(ONE_ARM if arms == 1 else TWO_ARM)
        browser = last.enter_context(chromium(house.client))
        page = last.enter_context(visiting(browser, house, scripts=scripts))
        yield Place(house, authority, tuple(server.node.ip for server in servers), page, scripts)


def go(page: Page, group: str, label: str) -> None:
    """Choose from the menu: Network > Load balancer."""
    page.get_by_role("navigation", name="Menu").locator(f'h2:text-is("{group}") + ul').get_by_role(
        "link", name=label, exact=True
    ).click()


def add_virtual_address(page: Page) -> None:
    """Have the dedicated VIP."""
    go(page, "Network", "Interfaces")
    form = page.locator("#add")
    form.get_by_label("Interface").select_option("eth0")
    form.get_by_label("Address").fill(f"{VIP}/16")
    form.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status")).to_contain_text(f"{VIP}/16 was added")


def move_pages(page: Page, *, port: str = "443", listen: str = "") -> None:
    """Take steps 1 and 2."""
    go(page, "System", "Administration")
    page.get_by_label("HTTPS port").fill(port)
    page.get_by_label("Listen on").select_option(listen)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved in your working copy")


def wizard(place: Place, method: str, mode: str, sticky: str = "") -> None:
    """Take steps 3 to 7."""
    page = place.page
    go(page, "Network", "Load balancer")
    page.get_by_role("link", name="Wizard", exact=True).click()
    page.get_by_label(method).check()
    page.get_by_label("Name", exact=True).fill("HTTPS")
    page.get_by_label("Listen (load balance) on").select_option(VIP)
    page.get_by_label("Service (ports)").select_option("HTTPS")
    page.get_by_label("Hosts (nodes)").fill("\n".join(place.hosts))
    page.get_by_label("source tracking timeout").fill(sticky)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("group", name="Forward to").get_by_label("Mode").select_option(label=mode)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("in your working copy")


def add_relay(page: Page, name: str, port: str) -> None:
    """Take step 8, for one port."""
    go(page, "System", "Load balancer")
    page.get_by_text("Add..", exact=True).click()
    page.get_by_role("link", name="Relay (Layer 4+)").click()
    page.get_by_label("Name", exact=True).fill(name)
    listen = page.get_by_role("group", name="Listen on")
    listen.get_by_label("Address 1").fill(VIP)
    listen.get_by_label("Ports 1").fill(port)
    forward = page.get_by_role("group", name="Forward to")
    forward.get_by_label("Table").fill("exchange")
    forward.get_by_label("Check").select_option("tcp")
    page.get_by_role("group", name="Forward to").get_by_label("Mode").select_option(label="Source hash")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(f'relay "{name}" is saved in your working copy')


def deploy_and_commit(place: Place, moved: str = "") -> None:
    """Take steps 9 and 10: temporarily disconnected, perhaps, and back at the new address."""
    page = place.page
    go(page, "Configuration", "Deploy working copy")
    page.get_by_role("button", name="Deploy", exact=True).click()
    if moved and not place.scripts:
        page.get_by_role("link", name=moved).first.click()
    if moved:
        page.wait_for_url(f"{moved}/**")
    page.get_by_role("button", name="Commit").click()
    expect(page.get_by_text("committed: revision")).to_be_visible()


def forward_port(page: Page, port: str) -> None:
    """Take the final step: traffic to the load balancer, in the firewall."""
    go(page, "Network", "Firewall")
    forward = page.locator("#forward")
    forward.get_by_label("From zone").select_option("external")
    for label, value in (("To address", PUBLIC), ("Port", port), ("Forward to", VIP)):
        forward.get_by_label(label, exact=True).fill(value)
    forward.get_by_role("button", name="Add").click()
    expect(page.locator(".rules.own td.words code").filter(has_text=f"port {port} forward")).to_have_count(1)


def mail_is_read(node: Node, server: str, authority: Authority) -> None:
    """Somebody opens OWA, logs in by IMAP, stores a message and reads it."""
    node.run(
        *("curl", "-sS", "--fail", "--cacert", str(authority.certificate), "--resolve", f"{clients.HOST}:443:{server}"),
        f"https://{clients.HOST}/owa/healthcheck.htm",
    )
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.check_hostname = False  # the bed has no DNS
    with node.entered():
        mailbox = imaplib.IMAP4_SSL(server, ssl_context=context, timeout=10)
    with mailbox:
        mailbox.login(node.ip, "secret")
        mailbox.append("INBOX", "", "", b"Subject: one\r\n\r\nline\r\n")
        _, (count,) = mailbox.select("INBOX")
        assert int(count or 0) >= 1


@pytest.mark.parametrize("place", [(1, True), (1, False)], ids=["with-scripts", "without-scripts"], indirect=True)
def test_the_guide_from_its_first_step_to_its_last(place: Place) -> None:
    """Layer 4+, the pages moved to port 4433; then the firewall lets mail be read from outside."""
    page, net = place.page, place.house.net
    add_virtual_address(page)
    move_pages(page, port="4433")
    wizard(place, "Layer 4+", "Source hash")
    for name, port in OTHERS.items():
        add_relay(page, name, port)
    deploy_and_commit(place, moved=f"https://{LB}:4433")
    place.house.balancer.wait_all_up()
    mail_is_read(net["client1"], VIP, place.authority)
    clients.rpc(net["client1"], net["client1"].ip, VIP)
    for port in ("443", "993"):
        forward_port(page, port)
    deploy_and_commit(place)
    mail_is_read(place.outside, PUBLIC, place.authority)


@pytest.mark.parametrize("place", [(2, False)], ids=["two-arms"], indirect=True)
def test_layer_three_with_least_states(place: Place) -> None:
    """The pages bound to another address, and a client that stays with its server for as long as it is tracked."""
    page, net = place.page, place.house.net
    add_virtual_address(page)
    move_pages(page, listen=LB)
    wizard(place, "Layer 3", "Least states", sticky="2h")
    deploy_and_commit(place)
    place.house.balancer.wait_all_up()
    client = net["client1"]
    argv = ("curl", "-sS", "--fail", "-o", "/dev/null", "-D", "-", "-k", "--resolve", f"{clients.HOST}:443:{VIP}")
    for _ in range(4):
        client.run(*argv, f"https://{clients.HOST}/owa/healthcheck.htm")
    assert client.ip in place.house.balancer.command("show", "sticky").stdout
    text = place.house.balancer.command("revisions", "2").stdout
    assert "redirect" in text
    assert "sticky-address timeout 2h" in text
    assert f"listen on {LB}" in text
